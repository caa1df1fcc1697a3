"""The process that mpirun starts for each rank: it sets the rank's variables and runs the user's command.

It copies the command's output to the rank's file and, marked, to mpirun. It stays in the process group that mpirun
ends.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

from ..model.exits import shell_code
from .mpirun import FAILED, SEARCH
from .rank_layout import Gang, Meeting, variables
from .rank_output import FOLDER, RankOutput, print_bytes

_NUMBERS = ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK")
"""The variables of Open MPI, MPICH and others with the number of this rank."""


def main(arguments: Sequence[str]) -> int:
    """Run one rank.

    Args:
        arguments: The gang and its addresses as JSON, and then the user's command.

    Returns:
        The command's exit code, or 128 and the number of the signal that killed it.

    """
    document, *command = arguments
    facts = json.loads(document)
    gang, meeting = _gang(facts["gang"]), _meeting(facts["meeting"])
    number = next((os.environ[name] for name in _NUMBERS if name in os.environ), "")
    if not number.isdecimal():
        print(f"runner: mpirun sets none of the variables {', '.join(_NUMBERS)}", file=sys.stderr)
        return 1
    rank = gang.rank(int(number))
    output = RankOutput(mark=rank.mark.encode(), file=Path(FOLDER, rank.file), show=print_bytes)
    try:
        process = subprocess.Popen(
            aborting(command),
            env={**os.environ, "PATH": os.environ.get(SEARCH, os.defpath), **variables(gang, meeting, rank)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            close_fds=False,  # MPICH talks to its ranks over one that they inherit (PMI_FD)
        )
    except OSError as error:
        print_bytes(rank.mark.encode() + f"runner: the command cannot be started: {error}\n".encode())
        print_bytes(f"{FAILED}{rank.number} 127\n".encode())
        return 127
    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        with suppress(ProcessLookupError):
            process.send_signal(number)

    signal.signal(signal.SIGTERM, stop)
    if process.stdout is not None:
        output.follow(process.stdout)
    code = process.wait()
    output.close()
    shown = shell_code(code)
    if shown and not asked:
        print_bytes(f"{FAILED}{rank.number} {shown}\n".encode())
    return shown


def aborting(command: Sequence[str]) -> Sequence[str]:
    """Return a Python script's command so that the script's failure aborts all ranks.

    A script that fails with mpi4py waits in MPI_Finalize for ranks that wait for it
    (https://mpi4py.readthedocs.io/en/stable/mpi4py.run.html).

    Args:
        command: The user's command. One that is no script of this Python, or a Python without mpi4py, stays as it is.

    """
    is_script = len(command) > 1 and command[0] == sys.executable and command[1].endswith(".py")
    if not is_script or find_spec("mpi4py") is None:
        return command
    return (command[0], "-m", "mpi4py", *command[1:])


def _gang(facts: Mapping[str, object]) -> Gang:
    return Gang(**{**facts, "hosts": tuple(facts["hosts"])})  # type: ignore[arg-type]


def _meeting(facts: Mapping[str, object]) -> Meeting:
    return Meeting(address=str(facts["address"]), port=int(str(facts["port"])))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
