"""Submission of a plan: check, lock, journal. The caller starts the controller."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from ..data import packing, retention, snapshot
from ..dataclass import dataclass
from ..errors import BadInput, Problem
from ..model.data import DatasetDefinition, DatastorePath
from ..model.events import RunSubmitted
from ..model.names import new_run_id
from ..model.plan import Plan, Submission
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
) -> str:
    """Lock and store the plan, write the first journal entry, and return the run's id.

    The plan has passed preflight. `limits`: see `Submission.limits`.

    Raises:
        BadInput: A source directory cannot be a snapshot.
        StoreError: The store cannot be used.
    """
    locked = lock(plan, _upload_snapshots(store, plan))
    run = new_run_id(who.now, who.entropy)
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
    with index.entry_removed_on_error(store, run):
        retention.refuse_gone_outputs(store, _paths_read(locked))
    journal.Writer(store, run, "submit", 0).append([RunSubmitted(submission)], who.now)
    return run


def _paths_read(plan: Plan) -> Iterator[DatastorePath]:
    """Yield the paths that inputs of the plan name."""
    for step in plan.steps:
        for given in step.inputs:
            source = given.source
            if isinstance(source, DatastorePath):
                yield source
            elif isinstance(source, DatasetDefinition):
                yield from source.paths


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


def _upload_snapshots(store: ObjectStore, plan: Plan) -> dict[str, str]:
    return {source: packing.keep(store, taken) for source, taken in snapshots_of(plan).items()}
