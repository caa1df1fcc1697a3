"""Whether somebody drives a run (pure), and looking at a process of this machine."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ..dataclass import dataclass
from ..errors import RunnerError
from ..model.state import RunState
from ..runs.head import Head

SILENCE = timedelta(seconds=20)
"""A controller shows that it lives every 5 s (control.loop.STALE)."""
REPLACEMENT = timedelta(seconds=120)
"""Of a controller in a pod: the cluster may be starting another one for it."""
_POD = "pod "


class Stranded(RunnerError):
    """A run has not ended, and nobody drives it any more."""


@dataclass(frozen=True)
class Signs:
    """What is known of a run's controller."""

    head: Head | None
    now: datetime
    """The store's time."""
    process: bool | None = None
    """Whether the controller's process is there; None: it runs elsewhere, or has not said where."""
    damage: str = ""
    """Why no controller can drive the run on."""


def pod_host(namespace: str, pod: str) -> str:
    """The host of a controller in a pod, as journals name it and people read it."""
    return f"{_POD}{namespace}/{pod}"


def is_detached(state: RunState) -> bool:
    """Whether the controller that took the run last is in a pod."""
    return state.host.startswith(_POD)


def driver_of(state: RunState) -> str:
    """Who took the run last, for people; empty: nobody has."""
    if is_detached(state):
        return state.host
    return f"process {state.pid} on {state.host}" if state.pid else ""


def why_stopped(state: RunState, signs: Signs) -> str:
    """Why the run does not go on by itself; empty: somebody drives it, or it has ended."""
    if state.over:
        return ""
    if signs.damage:
        return signs.damage
    if signs.process is False and not state.pid:
        return "its controller ended before it took the run"
    if signs.process is False:
        return _last_words(state, signs.head) or f"its controller (process {state.pid}) is gone"
    if signs.process:
        return ""
    seen = max((at for at in (_alive_at(state, signs.head), state.last, state.created) if at), default=None)
    if seen is not None and signs.now - seen <= (REPLACEMENT if is_detached(state) else SILENCE):
        return ""
    if not state.pid:
        return "no controller has taken it"
    where = f"in {state.host}" if is_detached(state) else f"on {state.host}"
    return _last_words(state, signs.head) or f"its controller {where} has been silent since {seen:%H:%M:%S} UTC"


def process_exists(pid: int, mark: str) -> bool:
    """Whether a process of that id runs whose command line names `mark`: a reused id is told apart."""
    with suppress(ChildProcessError, OverflowError):
        os.waitpid(pid, os.WNOHANG)  # a dead child of ours is still listed until it is asked for
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    line = Path(f"/proc/{pid}/cmdline")
    try:
        return mark.encode() in line.read_bytes()
    except OSError:
        return not Path("/proc/self").exists()


def _alive_at(state: RunState, head: Head | None) -> datetime | None:
    return head.time if head is not None and head.pid == state.pid and head.host == state.host else None


def _last_words(state: RunState, head: Head | None) -> str:
    if head is None or not head.error or (head.host, head.pid) != (state.host, state.pid):
        return ""
    return f"its controller stopped: {head.error}"
