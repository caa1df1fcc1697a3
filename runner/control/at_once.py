"""A run of which every step has been done before is ended by whoever submits it: no controller starts."""

from __future__ import annotations

from contextlib import suppress

from ..data.dataset import Datastores
from ..errors import RunTaken, StoreError
from ..model import events as e
from ..model.plan import Plan
from ..model.state import RunState, fold
from ..model.status import RunStatus
from ..ports import Clock, ObjectStore
from ..runs import head, journal
from .progress import progress_of
from .publish import to_publish
from .recall import Recaller

_PATIENCE = 2.0
"""Seconds after which the rest is left to a controller."""


def end_at_once(store: ObjectStore, datastores: Datastores, plan: Plan, state: RunState, clock: Clock) -> bool:
    """Journal every step as reused and the run as ended; False, and nothing done, when one has to run.

    `state` is that of the run's first entry. Whatever the store has against it is left for the controller to tell.
    """
    if any(to_publish(step) for step in plan.steps):
        return False
    try:
        limit = clock.monotonic() + _PATIENCE
        recaller = Recaller(store, datastores)
        found = recaller.events(
            progress_of(plan, state), until=lambda: bool(recaller.missed) or clock.monotonic() > limit
        )
        if len(found) < len(plan.steps):
            return False
        writer = journal.Writer(store, state.run, "submit", state.number)
        entry = writer.append([*found, e.RunEnded(RunStatus.SUCCEEDED)], clock.now())
    except (StoreError, RunTaken):
        return False
    with suppress(StoreError):  # it is advisory, and the run has ended
        head.write(store, fold(state, [entry]), clock.now())
    return True
