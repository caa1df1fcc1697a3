"""Submission of a plan: check, lock, journal. The caller starts the controller."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ..data import packing, retention, snapshot
from ..dataclass import dataclass
from ..errors import BadInput, Problem
from ..model.events import RunSubmitted
from ..model.names import new_run_id
from ..model.plan import Plan, Submission
from ..model.tag_limits import tag_problems
from ..plan.data_parameters import paths_read
from ..plan.lock import lock, sources
from ..ports import ObjectStore
from ..runs import index, journal, plans
from .values import Request, WorkspaceFacts


@dataclass(frozen=True)
class Submitter:
    """The identity and random seed of a submission."""

    user: str
    now: datetime
    entropy: bytes
    """Ten random bytes."""
    facts: WorkspaceFacts


def submit(
    store: ObjectStore,
    plan: Plan,
    targets: Mapping[str, str],
    request: Request,
    who: Submitter,
    *,
    limits: Mapping[str, int] | None = None,
    run: str = "",
) -> str:
    """Lock and store the plan, write the first journal entry, and return the run's id.

    Args:
        store: The workspace store.
        plan: The plan, which has passed preflight.
        targets: The target of each step by the step's key.
        request: The options of the submission.
        who: The identity of the caller.
        limits: See `Submission.limits`. None: none.
        run: The id of the run (see `names.computed_run_id`). If it has been submitted before, nothing is written.
            Default: empty, a new id.

    Raises:
        BadInput: Tags are too long, a source directory cannot be a snapshot, or an input is the output of a run that
            `runner gc` deletes.
        StoreError: The store cannot be used.

    """
    if run and is_submitted(store, run):
        return run
    wrong = tuple(tag_problems(request.tags))
    if wrong:
        raise BadInput(wrong)
    locked = lock(plan, upload_snapshots(store, plan))
    given, run = bool(run), run or new_run_id(who.now, who.entropy)
    facts = request.workspace or who.facts
    submission = Submission(
        plan=plans.save(store, locked),
        experiment=request.experiment,
        targets=targets,
        parameters=request.parameters,
        tags=request.tags,
        description=plan.description,
        parent=request.parent,
        kind=request.kind,
        user=who.user,
        subscription=facts.subscription_id,
        resource_group=facts.resource_group,
        workspace=facts.name,
        limits=limits or {},
        continue_on_step_failure=request.continue_on_step_failure,
        regenerate_outputs=request.regenerate_outputs,
        published=request.published,
        schedule=request.schedule,
        source=request.source,
    )
    entry = index.IndexEntry(
        run=run,
        experiment=request.experiment,
        created=who.now,
        user=who.user,
        steps=len(plan.steps),
        tags=dict(request.tags),
        description=plan.description,
    )
    index.add(store, entry)  # first: nobody could find a run that is in no list
    try:
        with index.entry_removed_on_error(store, run):
            retention.refuse_gone_outputs(store, paths_read(locked))
        journal.Writer(store, run, "submit", 0).append([RunSubmitted(submission)], who.now)
    finally:
        if given:
            _enter_again(store, entry)
    return run


def is_submitted(store: ObjectStore, run: str) -> bool:
    """Return True if the run's submission is in its journal. Raises StoreError."""
    return journal.has_more(store, run, 0)


def _enter_again(store: ObjectStore, entry: index.IndexEntry) -> None:
    """Enter a submitted run into the list again if another submission of the same id was refused and removed it."""
    if is_submitted(store, entry.run) and not index.has(store, entry.run):
        index.add(store, entry)


def snapshots_of(plan: Plan) -> dict[str, snapshot.Snapshot]:
    """Return a snapshot of each source folder of a draft. Raise BadInput with the problems of all."""
    taken: dict[str, snapshot.Snapshot] = {}
    problems: list[Problem] = []
    for source in sources(plan):
        try:
            taken[source] = snapshot.take(Path(source))
        except BadInput as error:
            problems.extend(error.problems)
    if problems:
        raise BadInput(problems)
    return taken


def upload_snapshots(store: ObjectStore, plan: Plan) -> dict[str, str]:
    """Store a snapshot of each source folder of a draft, and return its digest by the folder. Raises BadInput."""
    return {source: packing.keep(store, taken) for source, taken in snapshots_of(plan).items()}
