"""The script's process and its end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import FrameType

from ..data.launch import python_path
from ..data.work_dir import Launch
from ..dataclass import dataclass
from ..model.context import STEP_VARIABLE
from ..model.exits import shell_code
from ..processes import leftovers, orphans, table
from ..processes.leftovers import Leftovers
from .logs import LogShipper
from .memory import MemoryWatch

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL. Kubernetes gives the pod 30 in all
(https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination).
"""


@dataclass(frozen=True, kw_only=True)
class ScriptExit:
    """The end of the script's process."""

    exit_code: int
    """The exit code as a shell reports it: 128 + n for signal n."""
    terminated: bool = False
    """True if the pod received SIGTERM while the script ran."""
    oom_kills: int = 0
    """The number of the kernel's out-of-memory kills in this container meanwhile."""
    peak_memory: int = 0
    """The most bytes that the container used at a time; 0: not measured."""
    leftovers: Leftovers = Leftovers()
    """The processes that the script left running."""


def run(launch: Launch, tree: Path, shipper: LogShipper) -> ScriptExit:
    """Run the script to its end; its output goes to `shipper`.

    Processes that it leaves running are ended before its outputs are read. Raises OSError or ValueError if the script
    cannot be started.
    """
    memory = MemoryWatch()
    memory.start()
    with adopting(launch.variables) as end_leftovers:
        ended = _run(launch, tree, shipper, end_leftovers)
    peak, kills = memory.stop()
    return replace(ended, oom_kills=kills, peak_memory=peak)


@contextmanager
def adopting(variables: Mapping[str, str]) -> Iterator[Callable[[], Leftovers]]:
    """Adopt processes that a script leaves running meanwhile.

    The first process of a container adopts anyway and may end all others. If a pod's containers share their
    processes, this one is not the first, and ends only descendants of its own script.

    Args:
        variables: The script's environment variables, which identify its processes where orphans cannot be adopted.

    Yields:
        A function that ends all processes left and returns those that cannot be ended.
    """
    before, first = table.children(), os.getpid() == 1
    adopts = orphans.adopt()

    def find() -> Collection[int]:
        return table.children() - before if adopts else _with_step(variables.get(STEP_VARIABLE, ""))

    try:
        yield lambda: leftovers.end(find, _kill_all if first else leftovers.kill_each)
    finally:
        orphans.adopt(wanted=False)


def _with_step(folder: str) -> Collection[int]:
    variable = os.fsencode(f"{STEP_VARIABLE}={folder}")
    running = (one.pid for one in table.every() if not one.ended)
    return [pid for pid in running if folder and variable in table.environment(pid)]


def _kill_all(_found: Collection[int]) -> None:
    """Send SIGKILL to every process of the container but this one (kill(2), ID -1), so that none is missed."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _run(launch: Launch, tree: Path, shipper: LogShipper, end_leftovers: Callable[[], Leftovers]) -> ScriptExit:
    with _passing_on_sigterm() as relay:
        process = subprocess.Popen(
            launch.argv,
            cwd=launch.cwd,
            env=environment(os.environ, launch, tree),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        relay.follow(process)
        for note in launch.notes:
            shipper.note(note)
        if process.stdout is not None:
            shipper.follow(process.stdout)
        code = process.wait()
        leftovers = end_leftovers()
        shipper.drain()
    return ScriptExit(exit_code=shell_code(code), terminated=relay.received, leftovers=leftovers)


def environment(own: Mapping[str, str], launch: Launch, tree: Path) -> dict[str, str]:
    """Return the image's environment without our own variables, and the step's over it."""
    kept = {name: value for name, value in own.items() if not name.startswith("RUNNER_")}
    whole = {**kept, "PYTHONUNBUFFERED": "1", **launch.variables}
    return {**whole, "PYTHONPATH": python_path(str(launch.cwd), str(tree), whole.get("PYTHONPATH"))}


class _Relay:
    """Stops the script on SIGTERM, then kills it. The signal may come before the script's process is known."""

    def __init__(self) -> None:
        self.received = False
        self._process: subprocess.Popen[bytes] | None = None
        self._passed = False

    def follow(self, process: subprocess.Popen[bytes]) -> None:
        """Pass the signal on to this process, also if it has come already."""
        self._process = process
        self._pass_on()

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Receive SIGTERM."""
        self.received = True
        self._pass_on()

    def _pass_on(self) -> None:
        process = self._process
        if process is None or not self.received or self._passed:
            return
        self._passed = True
        _signal_session(process, signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: _signal_session(process, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    @property
    def is_owed(self) -> bool:
        """True if the signal came and there was no process to pass it on to."""
        return self.received and not self._passed


@contextmanager
def _passing_on_sigterm() -> Iterator[_Relay]:
    """Pass SIGTERM on to the process that the relay follows; without one, to the handler of before."""
    relay = _Relay()
    before = signal.signal(signal.SIGTERM, relay.stop)
    try:
        yield relay
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, before)
        if relay.is_owed:
            os.kill(os.getpid(), signal.SIGTERM)


def _signal_session(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
