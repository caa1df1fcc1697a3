"""Locked plans in their store."""

from __future__ import annotations

from ..data import addressed
from ..model.events import JournalEntry, RunSubmitted
from ..model.plan import Plan, Submission
from ..model.state import RunState, begin, fold
from ..ports import ObjectStore
from . import folded, journal


def plan_key(digest: str) -> str:
    """Key of a stored plan."""
    return f"plans/{digest}.json"


def save(store: ObjectStore, plan: Plan) -> str:
    """Keep a locked plan under its digest, which is returned; a damaged object of that name is written again."""
    return addressed.keep(store, plan_key, plan)


def load(store: ObjectStore, digest: str) -> Plan:
    """The plan of that digest. Raises ObjectMissing, ObjectDamaged, StoreError."""
    key = plan_key(digest)
    return addressed.load(store, key, lambda data: addressed.checked_document(Plan, data, key, digest))


def submission_of(store: ObjectStore, run: str) -> Submission | None:
    """What the run's first event says, or None when there is no such run."""
    return _opening(store, run)[1]


def replay(store: ObjectStore, run: str) -> tuple[Plan, RunState] | None:
    """The run's plan and its state now, or None when there is no such run."""
    known = recent(store, run)
    if known is None:
        return None
    plan, state = known
    return plan, fold(state, journal.read(store, run, state.number))


def recent(store: ObjectStore, run: str) -> tuple[Plan, RunState] | None:
    """The run's plan and a state of it that is quickly had, from which the journal goes on; None: no such run."""
    entries, submission = _opening(store, run)
    if submission is None:
        return None
    plan = load(store, submission.plan)
    return plan, folded.latest(store, fold(begin(run, plan), entries))


def _opening(store: ObjectStore, run: str) -> tuple[list[JournalEntry], Submission | None]:
    """The entries up to the one that submits the run, and what that says."""
    entries: list[JournalEntry] = []
    for entry in journal.read(store, run):
        entries.append(entry)
        for event in entry.events:
            if isinstance(event, RunSubmitted):
                return entries, event.submission
    return entries, None
