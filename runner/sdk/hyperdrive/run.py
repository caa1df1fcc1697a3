"""HyperDriveRun: the run of a search over hyperparameters, and HyperDriveStepRun: that of a pipeline's step."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NoReturn

from ...errors import ObjectMissing
from ...model.document import from_document
from ...model.search import Goal, Search
from ...model.status import IN_FLIGHT, STEP_ENDS, StepStatus
from ...model.task import TaskId
from ...operations.trials import Trial, is_sampled, ranked, search_keys, trials_of
from ...operations.values import RunView
from ...override import override
from ..base.exceptions import HyperDriveException, HyperDriveNotImplementedException
from ..runs.lookup import HYPERDRIVE
from ..runs.remote_run import run_over
from ..runs.run import Run
from ..runs.script_run import ScriptRun
from ..runs.step_run import StepRun
from ..runs.v1_status import PIPELINE_RUN, STEP_RUN, in_details
from .facts import Facts
from .trial_run import TrialRun
from .work import FACTS, work_of

if TYPE_CHECKING:
    from ..workspaces.experiment import Experiment
    from .config import HyperDriveConfig


class HyperDriveRun(ScriptRun):
    """The run of a search. Its child runs are the trials; its log has their table when it has ended.

    Example:
        >>> run = Experiment(ws, "tuning").submit(config)
        >>> run.wait_for_completion(show_output=True)
        >>> best = run.get_best_run_by_primary_metric()
        >>> print(best.get_metrics(), best.get_details()["runDefinition"]["arguments"])

    Args:
        experiment: The experiment.
        run_id: The run's id.
        hyperdrive_config: Accepted as in v1 and not used. None: none.

    Raises:
        HyperDriveException: The run is no search.

    """

    def __new__(cls, *_arguments: object, **_options: object) -> HyperDriveRun:
        """Return an object of this class: the id alone does not tell that a run is a search."""
        return object.__new__(cls)

    def __init__(self, experiment: Experiment, run_id: str, hyperdrive_config: object = None) -> None:
        super().__init__(experiment, run_id)

    @property
    @override
    def type(self) -> str:
        """v1's type of the run."""
        return HYPERDRIVE

    @cached_property
    def key(self) -> str:
        """The key of the search step.

        Raises:
            HyperDriveException: The run is no search.

        """
        found = search_keys(self.view)
        own = self.id.partition(".")[2]
        if own in found or (not own and len(found) == 1):
            return own or found[0]
        raise HyperDriveException(
            f"{self.id} is no search over hyperparameters",
            remedy="pass HyperDriveStepRun(run.find_step_run(name)[0]) the run of a HyperDriveStep",
        )

    @cached_property
    @override
    def step(self) -> StepRun:
        """The run of the step that summarizes the trials."""
        return StepRun(self.experiment, f"{self.pipeline_run_id}.{self.key}")

    @cached_property
    def search(self) -> Search:
        """The search, as planned."""
        search = self.step.spec.search
        assert search is not None
        return search

    @property
    def hyperdrive_config(self) -> HyperDriveConfig:
        """The configuration, made again from the plan."""
        from .config import config_of

        trial = self.view.plan.step(self.search.trials[0])
        return config_of(self.search, trial.script)

    @override
    def status_in(self, view: RunView) -> str:
        """Return v1's status of a plain run: Running while trials run, Completed at the end.

        Args:
            view: The whole run.

        """
        if "." not in self.id and run_over(view):
            return in_details(PIPELINE_RUN[view.state.status])
        status = view.state.steps[self.key].status
        if status is StepStatus.WAITING and any(_begun(view, key) for key in self.search.trials):
            return "Running"
        return in_details(STEP_RUN[status])

    @override
    def direct_children(self) -> Iterator[Run]:
        """Yield the trials that have got their values, newest first."""
        steps = self.view.state.steps
        for key in reversed(self.search.trials):
            if is_sampled(steps[key]):
                yield TrialRun(self.experiment, f"{self.pipeline_run_id}.{key}")

    def trials(self) -> tuple[Trial, ...]:
        """Return the facts of the trials that have got their values, in the order of their numbers."""
        view = self.view
        state = view.state.steps[self.key]
        if state.status is StepStatus.SUCCEEDED:
            place = TaskId(self.pipeline_run_id, self.key, state.attempt).artifacts + FACTS
            try:
                return from_document(Facts, json.loads(self.session.store.get(place))).trials
            except ObjectMissing:
                pass
        return trials_of(self.session.store, view, self.key)

    def get_best_run_by_primary_metric(
        self, include_failed: bool = True, include_canceled: bool = True, include_resume_from_runs: bool = True
    ) -> Run | None:
        """Return the trial with the best value of the primary metric; the best of all values that it logged counts.

        Args:
            include_failed: False: trials that failed do not count. Default: True.
            include_canceled: False: trials that were stopped do not count. Default: True.
            include_resume_from_runs: False: trials of the searches in `resume_from` do not count. Default: True.

        Returns:
            The trial, or None if none has logged the metric.

        """
        runs: list[HyperDriveRun] = [self]
        if include_resume_from_runs:
            runs += [HyperDriveRun(self.experiment, run) for run in work_of(self.step.spec).resumed]
        excluded = {
            *(() if include_failed else (StepStatus.FAILED,)),
            *(() if include_canceled else (StepStatus.CANCELED, StepStatus.SKIPPED)),
        }
        search = self.search
        found = [trial for run in runs for trial in run.trials() if trial.status not in excluded]
        best = ranked(found, search.metric, search.goal)
        return TrialRun(self.experiment, best[0].run) if best else None

    def get_children_sorted_by_primary_metric(
        self, top: int = 0, reverse: bool = False, discard_no_metric: bool = False
    ) -> list[dict[str, object]]:
        """Return the trials by the best value of the primary metric that each has logged, the best trial first.

        Args:
            top: The most trials to return. Default: 0, all.
            reverse: True: the worst first. Trials without the metric stay last. Default: False.
            discard_no_metric: True: leave trials without the metric out. Default: False.

        Returns:
            A document for each: ``run_id``, ``hyperparameters`` (JSON), ``best_primary_metric`` and ``status``.

        Raises:
            ValueError: `top` is no whole number from 0.

        """
        _check_top(top)
        trials, search = self.trials(), self.search
        order = ranked(trials, search.metric, search.goal)
        known = {trial.number for trial in order}
        order = order[::-1] if reverse else order
        if not discard_no_metric:
            order += [trial for trial in reversed(trials) if trial.number not in known]
        return [_document(trial, search.metric, search.goal) for trial in (order[:top] if top else order)]

    def get_hyperparameters(self) -> dict[str, str]:
        """Return the values of each trial as JSON, by its run id."""
        return {trial.run: json.dumps(trial.values) for trial in self.trials()}

    @override
    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """Return the metrics of each trial by its run id; in each a name that was logged several times has a list.

        Args:
            name: Only this metric. None: all.
            recursive, run_type, populate: Accepted as in v1 and ignored.

        """
        return {child.id: child.get_metrics(name) for child in self.direct_children()}

    def get_diagnostics(self, *_arguments: object, **_options: object) -> NoReturn:
        """Refuse, as v1 does.

        Raises:
            HyperDriveNotImplementedException: Always.

        """
        raise HyperDriveNotImplementedException("the run of a search has no diagnostics", remedy="use get_all_logs()")

    @override
    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Refuse, as v1 does.

        Args:
            error_details, error_code: As in v1; not used.

        Raises:
            HyperDriveNotImplementedException: Always.

        """
        raise HyperDriveNotImplementedException("the status of a search follows its trials", remedy="use cancel()")


class HyperDriveStepRun(HyperDriveRun):
    """The search of a HyperDriveStep in a pipeline's run.

    Example:
        >>> search = HyperDriveStepRun(step_run=pipeline_run.find_step_run("tune")[0])
        >>> best = search.get_best_run_by_primary_metric()

    Args:
        step_run: The step's run.

    Raises:
        ValueError: It is the run of another kind of step.

    """

    def __init__(self, step_run: StepRun) -> None:
        _check_search(step_run)
        super().__init__(step_run.experiment, step_run.id)
        self.step_run = step_run

    @property
    @override
    def parent(self) -> Run:
        """The pipeline's run."""
        return self.step.parent

    @override
    def get_status(self) -> str:
        """Return v1's status of a plain run: it ends as ``"Completed"``."""
        return self.status_in(self.view)

    @override
    def ended_in(self, view: RunView) -> bool:
        """Return True if the search has ended.

        Args:
            view: The whole run.

        """
        return run_over(view) or view.state.steps[self.key].status in STEP_ENDS


def run_of_search(experiment: Experiment, view: RunView, key: str) -> HyperDriveRun:
    """Return the run of a search.

    Args:
        experiment: The experiment.
        view: The whole run.
        key: The key of the search step.

    """
    submission = view.state.submission
    if submission is not None and submission.kind == HYPERDRIVE:
        return HyperDriveRun(experiment, view.state.run)
    return HyperDriveStepRun(StepRun(experiment, f"{view.state.run}.{key}"))


def trial_runs(step: StepRun) -> Sequence[Run]:
    """Return the trials of a search step that have got their values, newest first.

    Args:
        step: The run of the search step.

    """
    return list(HyperDriveStepRun(step).direct_children())


def _check_top(top: object) -> None:
    if isinstance(top, bool) or not isinstance(top, int) or top < 0:
        raise ValueError(f"top must be a whole number from 0, not {top!r}")


def _check_search(run: object) -> None:
    if not isinstance(run, StepRun) or run.spec.search is None:
        raise ValueError(f"HyperDriveStepRun takes the run of a HyperDriveStep, not {run!r}")


def _begun(view: RunView, key: str) -> bool:
    status = view.state.steps[key].status
    return status in IN_FLIGHT or status in STEP_ENDS


def _document(trial: Trial, metric: str, goal: Goal) -> dict[str, object]:
    return {
        "run_id": trial.run,
        "hyperparameters": json.dumps(trial.values),
        "best_primary_metric": trial.best(metric, goal),
        "status": in_details(STEP_RUN[trial.status]),
    }
