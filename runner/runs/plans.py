"""Locked plans in their store."""

from __future__ import annotations

from ..model.digest import canonical_json, digest_of_bytes
from ..model.document import to_document
from ..model.events import JournalEntry, RunSubmitted
from ..model.plan import Plan, Submission
from ..model.state import RunState, begin, fold
from ..model.stored import read_document
from ..ports import ObjectStore
from . import folded, journal


def plan_key(digest: str) -> str:
    """Key of a stored plan."""
    return f"plans/{digest}.json"


def save(store: ObjectStore, plan: Plan) -> str:
    """Keep a locked plan under its digest, which is returned."""
    data = canonical_json(to_document(plan))
    digest = digest_of_bytes(data)
    store.put_if_absent(plan_key(digest), data)
    return digest


def load(store: ObjectStore, digest: str) -> Plan:
    """The plan of that digest. Raises ObjectMissing, StoreError."""
    return read_document(Plan, store.get(plan_key(digest)), plan_key(digest))


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
