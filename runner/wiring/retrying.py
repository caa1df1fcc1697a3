"""Retries of runs of this workspace."""

from __future__ import annotations

from ..errors import BadInput
from ..operations.retry import PlannedRetry, prepare_retry, resubmit
from ..operations.retry_selection import Part
from ..operations.submit import is_submitted
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


def retry_once(session: OpenWorkspace, run: str, part: Part, new: str) -> None:
    """Retry an ended run under a given id, and start its controller. A second call with the id makes no second run.

    Args:
        session: The workspace.
        run: The ended run.
        part: The part of it to run again.
        new: The id of the new run (see `names.computed_run_id`).

    Raises:
        BadInput: The run has not ended, there is nothing to run, or it cannot run here.
        StoreError: The store cannot be used.

    """
    if not is_submitted(session.store, new):
        found = plan_retry(session, run, part)
        if not found.choice.run:
            what = f"there is nothing to do: every step of run {run} has delivered"
            raise BadInput(what, remedy="choose a step to run again from")
        _ = session.store_id
        resubmit(session.store, found, session.submitter(), session.overrides, run=new)
        session.submitted.append(new)
    session.see_to_controller(new)
