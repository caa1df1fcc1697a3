"""The program of a distributed step: it runs the user's command as the ranks of a gang.

Its process is ``python -m``, this module under the private name of the step bundle, and these arguments: a JSON
document with the kind (`rank_layout`), the number of TensorFlow's parameter servers, and the user's command. The
variables of `runner.model.workers` give the numbers of nodes and processes.

On one machine all ranks are its child processes. On a cluster each worker runs this program and starts its own ranks
when all workers are there (`gang_link`). For MPI the first worker leaves that to mpirun, where there is one. When a
rank fails, all others are ended, on all workers, and each worker ends with the failed rank's exit code and last lines.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from ..data.program_end import ProgramEnd, write_program_end
from ..model.context import STEP_VARIABLE
from ..model.workers import GANG_TOKEN
from . import gang_course, mpirun
from .gang_link import Address, Agent, Leader
from .gang_work import Asked, Event, NoWork, Outcome, Work
from .rank_layout import KINDS, MPI, Gang, Meeting, gang_of, meeting_of, ports_needed, variables
from .rank_output import print_bytes
from .rank_processes import RankProcesses

_OTHERS = 5.0
"""Seconds for which a worker whose ranks did not fail waits before it ends: the failed one's record comes first."""

_TOKEN_LENGTH = 32
"""The fewest bytes of a token; `compute.kubernetes.target` writes twice as many."""


def main(arguments: Sequence[str]) -> int:
    """Run the gang, or this worker's part of it.

    Args:
        arguments: See the module.

    Returns:
        The exit code of the step's process: 0, or that of the rank that failed first.

    """
    document, servers, *command = arguments
    try:
        gang = gang_of(_kind(document), servers, os.environ)
        token = b"" if _is_alone(gang) else _token()
    except ValueError as error:
        print(f"runner: {error}", file=sys.stderr)
        return 1
    os.environ[mpirun.SEARCH] = os.environ.get("PATH", os.defpath)
    events: SimpleQueue[Event] = SimpleQueue()
    signal.signal(signal.SIGTERM, partial(_ask, events))
    return _told(_run(gang, command, events, token))


def _ask(events: SimpleQueue[Event], _number: int, _frame: FrameType | None) -> None:
    events.put(Asked())


def _kind(document: str) -> str:
    kind = str(json.loads(document).get("kind"))
    if kind not in KINDS:
        raise ValueError(f"there are no gangs of the kind {kind!r}")
    return kind


def _is_alone(gang: Gang) -> bool:
    """Return True if all ranks are processes of this worker."""
    return gang.node is None or gang.nodes == 1


def _run(gang: Gang, command: Sequence[str], events: SimpleQueue[Event], token: bytes) -> Outcome:
    meeting = meeting_of(gang, _free_ports(ports_needed(gang)))
    program = mpirun.find() if gang.kind == MPI else ""
    if gang.kind == MPI and not program and gang.node in (None, 0):
        print_bytes(
            b"runner: there is no mpirun on the PATH: the ranks get their variables and find each other by them\n"
        )
    if gang.node is None or _is_alone(gang):
        return gang_course.alone(_work(gang, meeting, command, events, program), events)
    with ExitStack() as closing:
        if gang.node == 0:
            agents = {index: Address(gang.hosts[index], gang.ports[index]) for index in range(1, gang.nodes)}
            leader = Leader(agents=agents, secret=token, events=events)
            closing.callback(leader.close)
            work = _work(gang, meeting, command, events, program, leader)
            return gang_course.lead(gang, work, leader, events, whole=bool(program))
        agent = Agent(secret=token, events=events, address=Address("", gang.ports[gang.node]))
        closing.callback(agent.close)
        work = NoWork() if program else _work(gang, meeting, command, events, "")
        return gang_course.follow(gang, work, agent, events, whole=bool(program))


def _work(
    gang: Gang,
    meeting: Meeting,
    command: Sequence[str],
    events: SimpleQueue[Event],
    program: str,
    leader: Leader | None = None,
) -> Work:
    if program:
        return mpirun.Mpirun(program=program, gang=gang, meeting=meeting, command=command, events=events, leader=leader)
    return RankProcesses(gang=gang, command=command, variables=partial(variables, gang, meeting), events=events)


def _told(outcome: Outcome) -> int:
    """Tell the end of the gang, and return the exit code."""
    if not outcome.reason:
        return outcome.code
    lines = (f"{outcome.reason}; its last lines:", *outcome.lines) if outcome.lines else (outcome.reason,)
    print_bytes(("runner: " + "\n".join(lines) + "\n").encode())
    if STEP_VARIABLE in os.environ:
        with suppress(OSError):
            end = ProgramEnd(reason=outcome.reason, lost=outcome.lost, lines=outcome.lines)
            write_program_end(Path(os.environ[STEP_VARIABLE]), end)
    if not outcome.own:
        time.sleep(_OTHERS)
    return outcome.code


def _token() -> bytes:
    """Return the secret by which the workers of this attempt know each other.

    Raises:
        ValueError: This worker has none, so that nobody could tell its leader from a stranger.

    """
    path = os.environ.get(GANG_TOKEN, "")
    try:
        token = Path(path).read_bytes() if path else b""
    except OSError as error:
        raise ValueError(f"the token of this attempt cannot be read: {error}") from error
    if len(token) < _TOKEN_LENGTH:
        raise ValueError(
            f"this worker has no token of its attempt (variable {GANG_TOKEN}): it does not listen, because it could "
            "not tell the other workers from strangers"
        )
    return token


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now; all are taken at once, so that they differ."""
    socks = [socket.socket() for _ in range(count)]
    try:
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [int(sock.getsockname()[1]) for sock in socks]
    finally:
        for sock in socks:
            sock.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
