"""Retries of runs of this workspace."""

from __future__ import annotations

from ..operations.retry import PlannedRetry, prepare_retry, resubmit
from ..operations.retry_selection import Part
from ..plan.policies import with_overrides
from .checks import check_again
from .workspace import OpenWorkspace

_THREADS = 16
"""Requests to a bucket at a time."""


def plan_retry(session: OpenWorkspace, run: str, part: Part) -> PlannedRetry:
    """Return the planned retry of `part` of a run; nothing is written. Raise BadInput."""
    found = prepare_retry(
        session.store, session.datastore, session.view(run), part, threads=_THREADS if session.in_bucket else 1
    )
    submission = found.origin.state.submission
    if submission is not None and found.choice.run:
        targets = {key: submission.targets[key] for key in found.choice.run}
        check_again(session, with_overrides(found.running, session.overrides), targets)
        session.controllers.check(set(targets.values()))
    return found


def retry(session: OpenWorkspace, found: PlannedRetry) -> str:
    """Write the new run and return its id. The caller starts the controller."""
    _ = session.store_id  # which gives a store of an early runner its format
    run = resubmit(session.store, found, session.submitter(), session.overrides)
    session.submitted.append(run)
    return run
