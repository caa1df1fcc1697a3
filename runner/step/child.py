"""Run the script's process and say how it ended."""

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
from ..data.workplace import Launch
from ..dataclass import dataclass
from ..model.context import STEP_VARIABLE
from ..processes import ending, orphans, table
from ..processes.ending import Leftovers
from .logs import LogShipper
from .memory import MemoryWatch

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL; Kubernetes gives the pod 30 in all
(https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination)."""


@dataclass(frozen=True)
class Ending:
    """How the script's process ended."""

    exit_code: int
    """As a shell reports it: 128 + n for signal n."""
    terminated: bool = False
    """The pod was told to stop (SIGTERM) while the script ran."""
    oom_kills: int = 0
    """How many processes of this container the kernel killed for memory meanwhile."""
    peak_memory: int = 0
    """The most bytes the container held at a time; 0: not measured."""
    leftovers: Leftovers = Leftovers()
    """The processes that it left running."""


def run(launch: Launch, tree: Path, shipper: LogShipper) -> Ending:
    """Run the script to its end; its output goes to `shipper`.

    What it leaves running ends with it, before anything of its output is read. Raises OSError or ValueError when it
    cannot start.
    """
    memory = MemoryWatch()
    memory.start()
    with adopting(launch.variables) as end_leftovers:
        ended = _run(launch, tree, shipper, end_leftovers)
    peak, kills = memory.stop()
    return replace(ended, oom_kills=kills, peak_memory=peak)


@contextmanager
def adopting(variables: Mapping[str, str]) -> Iterator[Callable[[], Leftovers]]:
    """Adopt what a script leaves running meanwhile.

    The first process of a container adopts anyway, and may end all others. Where a pod's containers share their
    processes this one is not the first, and ends none but what came of its own script.

    Args:
        variables: The script's, which know it where orphans cannot be adopted.

    Yields:
        A function that ends all that was left and returns what cannot be ended.

    """
    before, first = table.children(), os.getpid() == 1
    adopts = orphans.adopt()

    def find() -> Collection[int]:
        return table.children() - before if adopts else _with_step(variables.get(STEP_VARIABLE, ""))

    try:
        yield lambda: ending.end(find, _kill_all if first else ending.kill_each)
    finally:
        orphans.adopt(wanted=False)


def _with_step(folder: str) -> Collection[int]:
    variable = os.fsencode(f"{STEP_VARIABLE}={folder}")
    running = (one.pid for one in table.every() if not one.ended)
    return [pid for pid in running if folder and variable in table.environment(pid)]


def _kill_all(_found: Collection[int]) -> None:
    """Send SIGKILL to every process of the container but this one (kill(2), id -1): none can be missed."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _run(launch: Launch, tree: Path, shipper: LogShipper, end_leftovers: Callable[[], Leftovers]) -> Ending:
    process = subprocess.Popen(
        launch.argv,
        cwd=launch.cwd,
        env=environment(os.environ, launch, tree),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with _passing_on_sigterm(process) as told:
        for note in launch.notes:
            shipper.note(note)
        if process.stdout is not None:
            shipper.follow(process.stdout)
        code = process.wait()
        leftovers = end_leftovers()
        shipper.drain()
    return Ending(code if code >= 0 else 128 - code, terminated=bool(told), leftovers=leftovers)


def environment(own: Mapping[str, str], launch: Launch, tree: Path) -> dict[str, str]:
    """Return the image's environment without our own variables, and the step's over it."""
    kept = {name: value for name, value in own.items() if not name.startswith("RUNNER_")}
    whole = {**kept, "PYTHONUNBUFFERED": "1", **launch.variables}
    return {**whole, "PYTHONPATH": python_path(str(launch.cwd), str(tree), whole.get("PYTHONPATH"))}


@contextmanager
def _passing_on_sigterm(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """On SIGTERM stop the script, then kill it; the list is filled when that happened."""
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if told:
            return
        told.append(number)
        _signal_session(process, signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: _signal_session(process, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield told
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, before)


def _signal_session(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
