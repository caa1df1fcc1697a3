"""Reads of a run: its current state and its logs."""

from __future__ import annotations

import time

from ..errors import BadInput
from ..model.state import fold
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import journal, plans
from .values import RunView


def view(store: ObjectStore, run: str) -> RunView:
    """Return the run now. Raise BadInput for an unknown id."""
    found = plans.replay(store, run)
    if found is None:
        raise BadInput(f"there is no run '{run}' here", remedy="see: runner list")
    plan, state = found
    return RunView(state, plan)


def newer(store: ObjectStore, known: RunView) -> RunView:
    """Return `known` with the journal entries written since."""
    fresh = fold(known.state, journal.read(store, known.state.run, known.state.number))
    return RunView(fresh, known.plan)


def wait(store: ObjectStore, known: RunView, *, seconds: float, pause: float) -> RunView:
    """Return the run once it has ended or has new entries, else after `seconds`. Look every `pause` seconds."""
    deadline = time.monotonic() + seconds
    while True:
        fresh = newer(store, known)
        if fresh.state.over or fresh.state.number > known.state.number or time.monotonic() >= deadline:
            return fresh
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))


def log_text(store: ObjectStore, task: TaskId, worker: int = 0) -> str:
    """Return all output of one worker of the attempt so far; worker 0 is the only one of most steps."""
    return b"".join(store.get(info.key) for info in store.list(task.worker_logs(worker))).decode(errors="replace")
