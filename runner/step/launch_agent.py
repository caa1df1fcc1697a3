"""The program that mpirun calls in place of ssh: it lets the agent of another worker execute a command.

mpirun starts it with the name of a node and a command for a shell there
(https://docs.open-mpi.org/en/v5.0.x/launching-apps/ssh.html). The file that the variable `LAUNCHES` names has the
address and the secret of each worker; no secret is on the command line.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..model.exits import shell_code
from .gang_channel import GREETING, LAUNCH, Channel, Refused

LAUNCHES = "RUNNER_GANG_LAUNCHES"
"""The variable with the path of the file that `gang_link.write_launches` writes."""
_FAILED = 255
"""The exit code of ssh when it cannot do its work."""


def main(arguments: Sequence[str]) -> int:
    """Execute a command on another worker.

    Args:
        arguments: Options as ssh has them, which are ignored; the name of a node; the parts of the command.

    Returns:
        The exit code of the command.

    """
    given = list(arguments)
    while given and given[0].startswith("-"):
        given.pop(0)
    if len(given) < 2:
        print("runner: the launch agent needs a node and a command", file=sys.stderr)
        return _FAILED
    name, command = given[0], " ".join(given[1:])
    agents = json.loads(Path(os.environ[LAUNCHES]).read_text(encoding="utf-8"))
    short = {key.partition(".")[0]: value for key, value in agents.items()}
    agent = {**short, **agents}.get(name)
    if agent == {} or (agent is None and name in ("localhost", socket.gethostname())):
        return subprocess.call(["/bin/sh", "-c", command], stdin=subprocess.DEVNULL)
    if agent is None:
        print(f"runner: there is no worker {name}", file=sys.stderr)
        return _FAILED
    try:
        return _launched(agent, command)
    except (OSError, Refused) as error:
        print(f"runner: nothing can be started on {name}: {error}", file=sys.stderr)
        return _FAILED


def _launched(agent: Mapping[str, object], command: str) -> int:
    channel = Channel(socket.create_connection((str(agent["host"]), int(str(agent["port"]))), GREETING))
    channel.ask(LAUNCH, bytes.fromhex(str(agent["secret"])))
    channel.send({"command": command})
    while (document := channel.receive()) is not None:
        if "output" in document:
            sys.stdout.buffer.write(str(document["output"]).encode("latin-1"))
            sys.stdout.buffer.flush()
        if "exit" in document:
            return shell_code(int(document["exit"]))
    print("runner: the connection to the other worker has ended", file=sys.stderr)
    return _FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
