"""Run the script's process and say how it ended."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from ..data.workplace import Launch
from ..dataclass import dataclass
from .logs import LogShipper

GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL; Kubernetes gives the pod 30 in all
(https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination)."""


@dataclass(frozen=True)
class Ending:
    """How the script's process ended."""

    exit_code: int
    """As a shell reports it: 128 + n for signal n."""
    terminated: bool
    """The pod was told to stop (SIGTERM) while the script ran."""
    oom: bool
    """The kernel killed a process of this container for memory."""


def run(launch: Launch, tree: Path, shipper: LogShipper) -> Ending:
    """Run the script to its end; its output goes to `shipper`.

    What it leaves running in its session ends with it. Raises OSError or ValueError when it cannot start.
    """
    kills = oom_kills()
    process = subprocess.Popen(
        launch.argv,
        cwd=launch.cwd,
        env=environment(os.environ, launch.variables, tree),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    told = _pass_on_sigterm(process)
    for note in launch.notes:
        shipper.note(note)
    if process.stdout is not None:
        shipper.follow(process.stdout)
    code = process.wait()
    shipper.drain()
    _signal_session(process, signal.SIGKILL)
    return Ending(code if code >= 0 else 128 - code, bool(told), oom_kills() > kills)


def environment(own: Mapping[str, str], variables: Mapping[str, str], tree: Path) -> dict[str, str]:
    """The image's environment without our own variables, and the step's over it."""
    kept = {name: value for name, value in own.items() if not name.startswith("RUNNER_")}
    whole = {**kept, "PYTHONUNBUFFERED": "1", **variables}
    return {**whole, "PYTHONPATH": os.pathsep.join(filter(None, (str(tree), whole.get("PYTHONPATH"))))}


def oom_kills() -> int:
    """How often the kernel has killed for memory in this container: cgroup v2, else v1."""
    for name in ("memory.events", "memory/memory.oom_control"):
        try:
            text = Path("/sys/fs/cgroup", name).read_text(encoding="ascii")
        except OSError:
            continue
        counts = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
        return int(counts.get("oom_kill", "0"))
    return 0


def _pass_on_sigterm(process: subprocess.Popen[bytes]) -> list[int]:
    """On SIGTERM stop the script, then kill it; the list returned is filled when that happened."""
    told: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if told:
            return
        told.append(number)
        _signal_session(process, signal.SIGTERM)
        signal.signal(signal.SIGALRM, lambda *_: _signal_session(process, signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    signal.signal(signal.SIGTERM, stop)
    return told


def _signal_session(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
