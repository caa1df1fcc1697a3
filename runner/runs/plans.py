"""Stored plans, by their digest."""

from __future__ import annotations

from ..data import addressed
from ..model.events import JournalEntry, RunSubmitted
from ..model.plan import Plan, Submission
from ..model.state import RunState, begin, fold
from ..ports import ObjectStore
from . import journal, state_snapshot


def plan_key(digest: str) -> str:
    """Return the key of a stored plan."""
    return f"plans/{digest}.json"


def save(store: ObjectStore, plan: Plan) -> str:
    """Store a plan and return its digest. A damaged object under that key is replaced."""
    return addressed.keep(store, plan_key, plan)


def load(store: ObjectStore, digest: str) -> Plan:
    """Return the plan of a digest. Raise ObjectMissing, ObjectDamaged or StoreError."""
    key = plan_key(digest)
    return addressed.load(store, key, lambda data: addressed.checked_document(Plan, data, key, digest))


def replay(store: ObjectStore, run: str) -> tuple[Plan, RunState] | None:
    """Return the plan of a run and its state now; None if there is no such run."""
    known = recent(store, run)
    if known is None:
        return None
    plan, state = known
    return plan, fold(state, journal.read(store, run, state.number))


def recent(store: ObjectStore, run: str) -> tuple[Plan, RunState] | None:
    """Return the plan of a run and its state at the newest snapshot; None if there is no such run.

    The caller adds the journal entries after `RunState.number`.
    """
    entries, submission = _opening(store, run)
    if submission is None:
        return None
    plan = load(store, submission.plan)
    return plan, state_snapshot.latest(store, fold(begin(run, plan), entries))


def submission_of(store: ObjectStore, run: str) -> Submission | None:
    """Return the submission of a run, which never changes; None if there is no such run. Raise StoreError."""
    return _opening(store, run)[1]


def _opening(store: ObjectStore, run: str) -> tuple[list[JournalEntry], Submission | None]:
    """Return the journal entries up to the submission of the run, and the submission."""
    entries: list[JournalEntry] = []
    for entry in journal.read(store, run):
        entries.append(entry)
        for event in entry.events:
            if isinstance(event, RunSubmitted):
                return entries, event.submission
    return entries, None
