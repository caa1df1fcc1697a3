"""Run the script's process and say how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from ..data.launch import python_path
from ..data.workplace import Launch
from ..dataclass import dataclass
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


def run(launch: Launch, tree: Path, shipper: LogShipper) -> Ending:
    """Run the script to its end; its output goes to `shipper`.

    What it leaves running in its session ends with it. Raises OSError or ValueError when it cannot start.
    """
    memory = MemoryWatch()
    memory.start()
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
        shipper.drain()
        _signal_session(process, signal.SIGKILL)
    peak, kills = memory.stop()
    return Ending(code if code >= 0 else 128 - code, terminated=bool(told), oom_kills=kills, peak_memory=peak)


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
