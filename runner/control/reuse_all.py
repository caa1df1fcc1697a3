"""End a run in its submitter's process if every step can be reused: no controller starts."""

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
from .reuse_lookup import ReuseLookup

_PATIENCE = 2.0
"""Seconds after which a controller takes over."""


def end_if_all_reused(store: ObjectStore, datastores: Datastores, plan: Plan, state: RunState, clock: Clock) -> bool:
    """Journal every step as reused and the run as ended. Returns False, with no effect, if a step has to run.

    A store error also returns False, and the controller reports it.

    Args:
        store: The workspace store.
        datastores: The stores of the inputs.
        plan: The run's plan.
        state: The state after the run's first entry.
        clock: The clock for the limit of 2 seconds and the entry's time.
    """
    if any(to_publish(step) for step in plan.steps):
        return False
    try:
        limit = clock.monotonic() + _PATIENCE
        reuse_lookup = ReuseLookup(store, datastores)
        found = reuse_lookup.events(
            progress_of(plan, state), until=lambda: bool(reuse_lookup.missed) or clock.monotonic() > limit
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
