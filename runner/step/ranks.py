"""The program of a distributed step: it runs the user's command as the ranks of a gang.

Its process is ``python -m``, this module under the private name of the step bundle, and these arguments: a JSON
document with the kind (`rank_layout`), the number of TensorFlow's parameter servers, and the user's command. The
variables of `runner.model.workers` give the numbers of nodes and processes.

On one machine all ranks are its child processes. On a cluster each worker runs this program and starts its own ranks
when all workers are there (`gang_link`). For MPI the first worker leaves that to mpirun, where there is one. When a
rank fails, all others are ended, on all workers, and each worker ends with the failed rank's exit code and last lines.
"""

from __future__ import annotations

import hashlib
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

from ..data.gang_end import GangEnd, write_gang_end
from ..model.context import STEP_VARIABLE, StepContext
from ..model.document import from_document
from ..model.store_endpoint import StepStores
from . import gang_course, mpirun
from .gang_link import Address, Agent, Leader
from .gang_work import Asked, Event, NoWork, Outcome, Work
from .rank_layout import KINDS, MPI, Gang, Meeting, gang_of, meeting_of, ports_needed, variables
from .rank_output import print_bytes
from .rank_processes import RankProcesses

_OTHERS = 5.0
"""Seconds for which a worker whose ranks did not fail waits before it ends: the failed one's record comes first."""


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
    except ValueError as error:
        print(f"runner: {error}", file=sys.stderr)
        return 1
    os.environ[mpirun.SEARCH] = os.environ.get("PATH", os.defpath)
    events: SimpleQueue[Event] = SimpleQueue()
    signal.signal(signal.SIGTERM, partial(_ask, events))
    return _told(_run(gang, command, events))


def _ask(events: SimpleQueue[Event], _number: int, _frame: FrameType | None) -> None:
    events.put(Asked())


def _kind(document: str) -> str:
    kind = str(json.loads(document).get("kind"))
    if kind not in KINDS:
        raise ValueError(f"there are no gangs of the kind {kind!r}")
    return kind


def _run(gang: Gang, command: Sequence[str], events: SimpleQueue[Event]) -> Outcome:
    meeting = meeting_of(gang, _free_ports(ports_needed(gang)))
    program = mpirun.find() if gang.kind == MPI else ""
    if gang.kind == MPI and not program and gang.node in (None, 0):
        print_bytes(
            b"runner: there is no mpirun on the PATH: the ranks get their variables and find each other by them\n"
        )
    if gang.node is None or gang.nodes == 1:
        return gang_course.alone(_work(gang, meeting, command, events, program), events)
    secrets = _Secrets(Path(os.environ[STEP_VARIABLE]))
    with ExitStack() as closing:
        if gang.node == 0:
            agents = {index: Address(gang.hosts[index], gang.ports[index]) for index in range(1, gang.nodes)}
            leader = Leader(agents=agents, secrets=secrets, events=events)
            closing.callback(leader.close)
            work = _work(gang, meeting, command, events, program, leader)
            return gang_course.lead(gang, work, leader, events, whole=bool(program))
        agent = Agent(secrets=secrets, events=events, address=Address("", gang.ports[gang.node]))
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
            write_gang_end(Path(os.environ[STEP_VARIABLE]), GangEnd(outcome.reason, outcome.lost, outcome.lines))
    if not outcome.own:
        time.sleep(_OTHERS)
    return outcome.code


class _Secrets:
    """The secrets by which the workers of an attempt know each other: digests of the keys of its stores.

    Only the pods of the attempt have these keys. They may be renewed meanwhile, so that all that were seen count.

    Args:
        folder: The step folder.

    """

    def __init__(self, folder: Path) -> None:
        document = json.loads((folder / "context.json").read_text(encoding="utf-8"))
        self._context = from_document(StepContext, document)
        self._seen: list[bytes] = []

    def __call__(self) -> Sequence[bytes]:
        """Return the secrets, the newest last."""
        stores = from_document(StepStores, json.loads(Path(self._context.access.stores).read_bytes()))
        attempt = f"{self._context.run}/{self._context.key}/{self._context.attempt}"
        text = "\n".join((attempt, *stores.workspace.hidden))
        secret = hashlib.sha256(text.encode()).digest()
        if secret in self._seen:
            self._seen.remove(secret)
        self._seen.append(secret)
        return tuple(self._seen)


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
