"""Lookup of runs: by id, and in lists."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...errors import BadInput
from ...model.names import is_run_id, run_time
from ..base.exceptions import UserErrorException
from . import logged_store
from .owners import experiment_of, search_class, trial_class
from .v1_status import in_details

if TYPE_CHECKING:
    from ...operations.values import RunView
    from ..base.session import Session
    from ..workspaces.experiment import Experiment
    from ..workspaces.workspace import Workspace
    from .run import Run

SCRIPT = "script"
"""The kind of a submission that is a ScriptRunConfig."""
HYPERDRIVE = "hyperdrive"
"""The kind of a submission that is a HyperDriveConfig."""


@dataclass(frozen=True)
class Filter:
    """The conditions of a list of runs; None: any."""

    type: object = None
    tags: object = None
    """A key, or keys with their values; likewise `properties`."""
    properties: object = None
    status: str | None = None

    def takes(self, run: Run) -> bool:
        """Return True if a run meets the conditions.

        Args:
            run: The run.

        Raises:
            TypeError: The tags are neither text nor mapping.

        """
        return (
            (self.type is None or str(self.type).lower() == run.type.lower())
            and (self.tags is None or has_tags(run.get_tags(), self.tags))
            and (self.properties is None or has_tags(run.get_properties(), self.properties))
            and (self.status is None or self.status in _words(run))
        )


def _words(run: Run) -> tuple[str, str]:
    status = run.get_status()
    return status, in_details(status)


def has_tags(known: Mapping[str, str], wanted: object) -> bool:
    """Return True if tags have a key, or keys with their values.

    Args:
        known: The tags.
        wanted: A key, or keys with values.

    Raises:
        TypeError: It is neither.

    """
    if isinstance(wanted, str):
        return wanted in known
    if isinstance(wanted, Mapping):
        return all(known.get(str(key)) == str(value) for key, value in wanted.items())
    raise TypeError(f"tags and properties are a key or a dict, not a {type(wanted).__name__}")


def class_of(session: Session, run_id: str) -> type[Run]:
    """Return the class of a run.

    Args:
        session: The open workspace.
        run_id: The run's id.

    Raises:
        UserErrorException: There is no such run.

    """
    run, _dot, key = run_id.partition(".")
    if key:
        from .step_run import StepRun

        return trial_class() if _is_trial(session, run, key) else StepRun
    if not is_run_id(run_id):
        return _logged_class(session, run_id)
    submission = _view(session, run_id).state.submission
    kind = submission.kind if submission is not None else ""
    if kind == HYPERDRIVE:
        return search_class()
    if kind == SCRIPT:
        from .script_run import ScriptRun

        return ScriptRun
    from .pipeline_run import PipelineRun

    return PipelineRun


def find_run(workspace: Workspace, run_id: str) -> Run:
    """Return a run by its id.

    Args:
        workspace: The workspace.
        run_id: The run's id.

    Raises:
        UserErrorException: There is no such run.

    """
    session = workspace.session
    shape = class_of(session, run_id)
    run, _dot, key = run_id.partition(".")
    record = logged_store.find(session.store, run_id)
    if record is not None:
        return shape(experiment_of(workspace, record.experiment), run_id)
    view = _view(session, run)
    if key and key not in view.state.steps:
        raise UserErrorException(f"run {run} has no step {key!r}", remedy=f"its steps: {', '.join(view.state.steps)}")
    submission = view.state.submission
    return shape(experiment_of(workspace, submission.experiment if submission else "default"), run_id)


def get_run(experiment: Experiment, run_id: str, rehydrate: bool = True, clean_up: bool = True) -> Run:
    """Return a run by its id; a function of v1.

    Args:
        experiment: An experiment of the workspace.
        run_id: The run's id.
        rehydrate, clean_up: Accepted as in v1 and ignored.

    Raises:
        UserErrorException: There is no such run.

    """
    return find_run(experiment.workspace, run_id)


def experiment_runs(experiment: Experiment, *, include_children: bool) -> Iterator[Run]:
    """Yield the experiment's runs, newest first.

    Args:
        experiment: The experiment.
        include_children: True: each is followed by the runs below it.

    """
    from .run import Run

    for run_id, parent in _top_runs(experiment):
        if parent and not include_children:
            continue
        run = Run(experiment, run_id)
        yield run
        if include_children:
            yield from (child for child in run.get_children(recursive=True) if not _is_listed(child))


def experiment_names(session: Session) -> Iterator[str]:
    """Return the name of every experiment that has runs, sorted.

    Args:
        session: The open workspace.

    """
    submissions = (session.view(run).state.submission for run in session.runs())
    submitted = {submission.experiment for submission in submissions if submission}
    return iter(sorted(submitted | set(logged_store.experiments(session.store))))


def number_of(run: Run) -> int:
    """Return a run's number in the order of time, from 1: among its siblings, or among the runs without a parent.

    Args:
        run: The run.

    """
    parent = run.parent
    if parent is not None:
        siblings = [child.id for child in parent.get_children()]
    else:
        siblings = [found for found, above in _top_runs(run.experiment) if not above]
    return len(siblings) - siblings.index(run.id) if run.id in siblings else 0


def _top_runs(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Yield the ids of a run and of its parent, for every submitted run and the logged ones without a parent."""
    session = experiment.workspace.session
    logged = logged_store.runs(session.store, experiment.name)
    submitted = ((run_time(run), run) for run in session.runs(experiment.name))
    for _at, run in heapq.merge(logged, submitted, key=_when, reverse=True):
        submission = session.view(run).state.submission if is_run_id(run) else None
        yield run, submission.parent if submission else ""


def _is_trial(session: Session, run: str, key: str) -> bool:
    step = session.view(run).plan.by_key.get(key) if is_run_id(run) else None
    return step is not None and bool(step.trial_of)


def _view(session: Session, run: str) -> RunView:
    try:
        return session.view(run)
    except BadInput as error:
        raise UserErrorException(
            f"there is no run {run!r} in this workspace", error, remedy="see: runner list"
        ) from error


def _when(entry: tuple[datetime, str]) -> datetime:
    return entry[0]


def _is_listed(run: Run) -> bool:
    """Return True if a child is in its experiment's list already: submitted runs are."""
    return is_run_id(run.id)


def _logged_class(session: Session, run_id: str) -> type[Run]:
    if logged_store.find(session.store, run_id) is None:
        raise UserErrorException(f"there is no run {run_id!r} in this workspace", remedy="see: runner list")
    from .logged_run import LoggedRun

    return LoggedRun
