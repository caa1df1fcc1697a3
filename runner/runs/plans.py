"""Locked plans in their store."""

from __future__ import annotations

from ..model.digest import canonical_json
from ..model.document import to_document
from ..model.events import RunSubmitted
from ..model.plan import Plan, Submission
from ..model.state import RunState, begin, fold
from ..model.stored import read_document
from ..ports import ObjectStore
from . import journal


def plan_key(digest: str) -> str:
    """Key of a stored plan."""
    return f"plans/{digest}.json"


def save(store: ObjectStore, plan: Plan) -> str:
    """Keep a locked plan under its digest, which is returned."""
    digest = plan.digest
    store.put_if_absent(plan_key(digest), canonical_json(to_document(plan)))
    return digest


def load(store: ObjectStore, digest: str) -> Plan:
    """The plan of that digest. Raises ObjectMissing, StoreError."""
    return read_document(Plan, store.get(plan_key(digest)), plan_key(digest))


def submission_of(store: ObjectStore, run: str) -> Submission | None:
    """What the run's first event says, or None when there is no such run."""
    for entry in journal.read(store, run):
        for event in entry.events:
            if isinstance(event, RunSubmitted):
                return event.submission
    return None


def replay(store: ObjectStore, run: str) -> tuple[Plan, RunState] | None:
    """The run's plan and its state now, or None when there is no such run."""
    submission = submission_of(store, run)
    if submission is None:
        return None
    plan = load(store, submission.plan)
    return plan, fold(begin(run, plan), journal.read(store, run))
