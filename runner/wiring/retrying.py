"""Making a run of this workspace again."""

from __future__ import annotations

from ..operations.again import Part
from ..operations.retry import Remake, remake, resubmit
from ..plan.policies import said
from .checks import check_again
from .workspace import OpenWorkspace

_THREADS = 16
"""Requests to a bucket at a time."""


def plan_retry(session: OpenWorkspace, run: str, part: Part) -> Remake:
    """What making `part` of the run again means; nothing is written. Raises BadInput."""
    found = remake(
        session.store, session.datastore, session.view(run), part, threads=_THREADS if session.in_bucket else 1
    )
    submission = found.origin.state.submission
    if submission is not None and found.choice.run:
        targets = {key: submission.targets[key] for key in found.choice.run}
        check_again(session, said(found.running, session.words), targets)
        session.controllers.check(set(targets.values()))
    return found


def retry(session: OpenWorkspace, found: Remake) -> str:
    """Journal the new run, whose controller is still to be started; its id."""
    _ = session.store_id  # which gives a store of an early runner its format
    run = resubmit(session.store, found, session.submitter(), session.words)
    session.submitted.append(run)
    return run
