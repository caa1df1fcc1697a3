"""The plan of a pipeline draft: stored with the code that it runs, so that the draft needs no folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...data import packing, snapshot
from ...dataclass import dataclass
from ...errors import BadInput, Problem
from ...model.plan import Plan
from ...model.published import ParameterValues
from ...operations.published import binding
from ...plan.lock import lock, sources
from ...runs import plans
from ..base.exceptions import SnapshotException, UserErrorException
from ..runs.pipeline_run import PipelineRun
from .authored import Authored
from .published_pipeline import PublishedPipeline

if TYPE_CHECKING:
    from ..base.session import Session


@dataclass(frozen=True)
class DraftPlan:
    """A locked plan that the workspace keeps."""

    digest: str
    settled: bool = False
    """See `DraftRecord.settled`."""


def kept(session: Session, pipeline: object) -> DraftPlan:
    """Store the plan of a pipeline with its code and local wheels, and return its digest.

    Args:
        session: The open workspace.
        pipeline: A Pipeline, a PublishedPipeline or a PipelineRun. The values of a run become the defaults.

    Raises:
        UserErrorException: It is of another type.
        SnapshotException: A source folder cannot be stored.

    """
    if isinstance(pipeline, PublishedPipeline):
        return DraftPlan(pipeline.record.plan, settled=True)
    if isinstance(pipeline, PipelineRun):
        return DraftPlan(plans.save(session.store, plan_of_run(pipeline)), settled=True)
    if isinstance(pipeline, Authored):
        made = DraftPlan(plans.save(session.store, _locked(session, pipeline.plan)))
        pipeline.stored = True
        return made
    raise UserErrorException(
        f"a {type(pipeline).__name__} cannot become a draft",
        remedy="pass a Pipeline, a PublishedPipeline or a PipelineRun",
    )


def plan_of_run(run: PipelineRun) -> Plan:
    """Return the locked plan of a run. The values of its parameters are the defaults.

    Args:
        run: The run.

    """
    view = run.view
    given = view.state.submission.parameters if view.state.submission else {}
    return binding.with_defaults(view.plan, ParameterValues(scalars=given))


def _locked(session: Session, plan: Plan) -> Plan:
    """Store folders and wheels, and return the plan that names them by their content."""
    taken: dict[str, snapshot.Snapshot] = {}
    problems: list[Problem] = []
    for source in sources(plan):
        try:
            taken[source] = snapshot.take(Path(source))
        except BadInput as error:
            problems.extend(error.problems)
    if problems:
        raised = SnapshotException("\n".join(problem.what for problem in problems))
        raised.problems = tuple(problems)
        raise raised
    made = lock(plan, {source: packing.keep(session.store, found) for source, found in taken.items()})
    environments = {
        key: replace(each, spec=replace(each.spec, pip=tuple(map(session.stored_line, each.spec.pip))))
        for key, each in made.environments.items()
    }
    return replace(made, environments=environments)
