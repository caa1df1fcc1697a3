"""Detection of stopped controllers (pure), and a test for a process of this machine."""

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
"""The silence after which a controller counts as dead. It writes its head every 5 s (`control.loop.STALE`)."""
REPLACEMENT = timedelta(seconds=120)
"""The silence after which a controller in a pod counts as dead: the cluster may be starting another pod."""
_POD = "pod "


class ControllerGone(RunnerError):
    """A run has not ended, and no controller drives it."""


@dataclass(frozen=True)
class ControllerFacts:
    """The known facts about a run's controller."""

    head: Head | None
    now: datetime
    """The store's time."""
    process: bool | None = None
    """True if the controller's process exists; None: it runs elsewhere, or is unknown."""
    damage: str = ""
    """The reason why no controller can continue the run; empty: none is known."""


def pod_host(namespace: str, pod: str) -> str:
    """Return the host of a controller in a pod, as journals name it."""
    return f"{_POD}{namespace}/{pod}"


def is_detached(state: RunState) -> bool:
    """Return True if the controller that took the run last is in a pod."""
    return state.host.startswith(_POD)


def driver_of(state: RunState) -> str:
    """Return the name of the controller that took the run last; empty: none has."""
    if is_detached(state):
        return state.host
    return f"process {state.pid} on {state.host}" if state.pid else ""


def why_stopped(state: RunState, signs: ControllerFacts) -> str:
    """Return the reason why the run makes no progress; empty: a controller drives it, or it has ended."""
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
    """Return True if a process with that id has `mark` in its command line; this detects a reused id."""
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
