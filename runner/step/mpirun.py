"""mpirun as the one that starts the ranks, where the environment or the image has it.

Open MPI 4.1 and 5, MPICH and Intel MPI reach other workers through `launch_agent`. Variables of the user go before
ours.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from ..dataclass import dataclass, field
from .gang_link import Leader, write_launches
from .gang_work import Events, Outcome, WorkEnded, failed
from .launch_agent import LAUNCHES
from .rank_layout import Gang, Meeting
from .rank_output import LastLines, print_bytes

SEARCH = "RUNNER_GANG_PATH"
"""The variable with the PATH of this worker, which mpirun and its daemons change."""
FAILED = "\x1erunner-rank-failed "
"""The beginning of the line by which a rank's wrapper tells that its rank failed: number and exit code follow."""
_MARK = re.compile(rb"\[rank (\d+)\] ")
_ABORTED = re.compile(rb"(?:MPI_ABORT was invoked on |Abort\(\d+\) on node \d+ \()rank (\d+)")
"""The words of Open MPI, and of MPICH and Intel MPI."""
_CLOSING = 2.0
_AGENT_VARIABLES = ("OMPI_MCA_plm_rsh_agent", "PRTE_MCA_plm_ssh_agent")
"""Of Open MPI 4 and 5."""
_HYDRA_LAUNCHER = ("HYDRA_LAUNCHER", "I_MPI_HYDRA_BOOTSTRAP")
_HYDRA_AGENT = ("HYDRA_LAUNCHER_EXEC", "I_MPI_HYDRA_BOOTSTRAP_EXEC")
"""Of MPICH and of Intel MPI."""
_SETTINGS = {
    # Names of pods have dots, and are no names without them.
    "OMPI_MCA_orte_keep_fqdn_hostnames": "1",
    "PRTE_MCA_prte_keep_fqdn_hostnames": "1",
    # Only the first worker has the secrets of the others.
    "OMPI_MCA_plm_rsh_no_tree_spawn": "1",
    "PRTE_MCA_plm_ssh_no_tree_spawn": "1",
    # A restricted container may not read the memory of another process (process_vm_readv(2)), nor its open files.
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
    "MPIR_CVAR_CH4_CMA_ENABLE": "0",
    "UCX_POSIX_USE_PROC_LINK": "n",
    # In a container root is a user as any other. Pods of runner are not root; images of others may be.
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "PRTE_ALLOW_RUN_AS_ROOT": "1",
    "PRTE_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    # A user of a pod need not have an entry in the image's /etc/passwd, from which the shell would be known.
    "SHELL": "/bin/sh",
}


@dataclass(kw_only=True)
class Mpirun:
    """The ranks as processes that mpirun starts here and on the other workers; see `gang_work.Work`."""

    program: str
    """The name of mpirun. By its path it would put its own folder first into the ranks' PATH."""
    gang: Gang
    meeting: Meeting
    command: Sequence[str]
    events: Events[Any]
    leader: Leader | None = None
    """The connections to the other workers; None: there are none."""
    show: Callable[[bytes], None] = print_bytes
    folder: Path | None = None
    """The place of its files, which only this user can read."""
    _process: subprocess.Popen[bytes] | None = None
    _last: dict[int, LastLines] = field(default_factory=dict)
    _every: LastLines = field(default_factory=LastLines)
    _failure: tuple[int, int] | None = None
    """The number and the exit code of the first rank that failed."""
    _stopping: bool = False

    def start(self) -> None:
        """Start mpirun."""
        self.folder = Path(tempfile.mkdtemp(prefix="runner-gang-"))
        try:
            variables = self._launching(self.folder) if self.leader and self.leader.agents else {}
            self._process = subprocess.Popen(
                self._command(self.folder),
                env={**environment(os.environ, self.gang), **variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            self.events.put(WorkEnded(Outcome(code=127, reason=f"mpirun cannot be started: {error}")))
            return
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()

    def stop(self, grace: float) -> None:
        """End mpirun, which ends its ranks; see `gang_work.Work`."""
        self._stopping = True
        process = self._process
        if process is not None:
            with suppress(ProcessLookupError, PermissionError):
                process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace)
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _launching(self, folder: Path) -> dict[str, str]:
        """Write the launch agent and what it needs to know. Return the variables that name them."""
        launches, script = folder / "launches.json", folder / "agent"
        if self.leader is not None:
            write_launches(launches, self.leader, dict(enumerate(self.gang.hosts)))
        module = f"{__package__}.launch_agent"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n', encoding="utf-8")
        script.chmod(0o700)
        hydra = {**dict.fromkeys(_HYDRA_LAUNCHER, "ssh"), **dict.fromkeys(_HYDRA_AGENT, str(script))}
        return {LAUNCHES: str(launches), **hydra, **dict.fromkeys(_AGENT_VARIABLES, f"/bin/sh {script}")}

    def _command(self, folder: Path) -> tuple[str, ...]:
        options = hydra_options(self.gang) if is_hydra(self.program) else self._options(folder)
        return command(self.program, options, self.gang, self.meeting, self.command)

    def _options(self, folder: Path) -> tuple[str, ...]:
        """Return Open MPI's options."""
        anywhere = ("--map-by", "slot:OVERSUBSCRIBE", "--bind-to", "none")
        if self.gang.node is None:
            return anywhere
        path = folder / "hosts"
        names = (socket.gethostname(), *self.gang.hosts[1:])  # by its own name mpirun knows that it is there already
        path.write_text("".join(f"{name} slots={self.gang.processes}\n" for name in names), encoding="utf-8")
        return (*anywhere, "--hostfile", str(path))

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reader.start()
        code = process.wait()
        reader.join(_CLOSING)
        if not self._stopping:
            self.events.put(WorkEnded(self._outcome(code)))

    def _read(self, stream: IO[bytes] | None) -> None:
        for line in stream or ():
            if line.startswith(FAILED.encode()):
                self._note(line)
                continue
            self._every.add(line)
            marked = _MARK.match(line)
            number = int(marked[1]) if marked else 0
            self._last.setdefault(number, LastLines()).add(line[marked.end() :] if marked else line)
            if (aborted := _ABORTED.search(line)) and self._failure is None:
                self._failure = (int(aborted[1]), 0)
            self.show(line)

    def _note(self, line: bytes) -> None:
        number, code = map(int, line[len(FAILED) :].split())
        if self._failure is None or self._failure == (number, 0):
            self._failure = (number, code)

    def _outcome(self, code: int) -> Outcome:
        if code == 0:
            return Outcome(code=0)
        if self._failure is None:
            return failed("mpirun", code, self._every.text)
        number, own = self._failure
        last = self._last.get(number, LastLines())
        return failed(self.gang.label(self.gang.rank(number)), own or code, last.text)


def find() -> str:
    """Return the name of the environment's or the image's mpirun; empty: there is none."""
    return next((name for name in ("mpirun", "mpiexec") if shutil.which(name)), "")


def is_hydra(program: str) -> bool:
    """Return True for the mpirun of MPICH or of Intel MPI, False for Open MPI's and an unknown one.

    Args:
        program: The name of mpirun.

    Raises:
        OSError: It cannot be started.

    """
    asked = subprocess.run(
        [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False
    )
    return "HYDRA" in asked.stdout or "Intel(R) MPI" in asked.stdout


def hydra_options(gang: Gang) -> tuple[str, ...]:
    """Return the options of MPICH's and Intel MPI's mpirun.

    Args:
        gang: The gang.

    """
    if not gang.hosts:
        return ()
    return ("-localhost", gang.hosts[0], "-hosts", ",".join(gang.hosts), "-ppn", str(gang.processes))


def command(program: str, options: Sequence[str], gang: Gang, meeting: Meeting, user: Sequence[str]) -> tuple[str, ...]:
    """Return mpirun's command line.

    Args:
        program: The name of mpirun.
        options: Its options.
        gang: The gang.
        meeting: Its addresses.
        user: The user's command.

    """
    facts = {"gang": asdict(gang), "meeting": asdict(meeting)}
    rank = (sys.executable, "-m", f"{__package__}.mpi_rank", json.dumps(facts), *user)
    return (program, *options, "-n", str(gang.size), *rank)


def environment(given: Mapping[str, str], gang: Gang) -> dict[str, str]:
    """Return the variables of mpirun.

    Args:
        given: The variables of this process, which win.
        gang: The gang.

    """
    ranks = gang.size if gang.node is None else gang.processes
    idle = {"OMPI_MCA_mpi_yield_when_idle": "1"} if ranks > (os.cpu_count() or 1) else {}
    return {**_SETTINGS, **idle, **given}
