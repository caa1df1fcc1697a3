"""The results and values that a search takes over from earlier ones: v1's resume_from and resume_child_runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...model.search import PastTrial, Sampling
from ...operations.trials import Trial
from ..base.exceptions import HyperDriveConfigException
from .run import HyperDriveRun
from .trial_run import TrialRun

if TYPE_CHECKING:
    from .config import HyperDriveConfig

_PARENTS = 5
"""v1's most searches to resume from."""
_ENDED = ("Completed", "Canceled", "Failed")


def check_resumed(config: HyperDriveConfig) -> None:
    """Check the searches and trials that a configuration resumes.

    Args:
        config: The configuration.

    Raises:
        HyperDriveConfigException: They do not fit the search.

    """
    for problem in (*_search_problems(config), *_child_problems(config)):
        raise HyperDriveConfigException(problem)


def past_trials(config: HyperDriveConfig) -> tuple[PastTrial, ...]:
    """Return the trials of earlier searches that logged the primary metric.

    Args:
        config: The configuration.

    """
    found = (
        (trial.values, trial.best(config.primary_metric_name, config.goal))
        for run in config.resume_from
        for trial in _trials(run)
    )
    return tuple(PastTrial(values, metric) for values, metric in found if metric is not None)


def resumed_values(config: HyperDriveConfig) -> tuple[dict[str, object], ...]:
    """Return the values of the trials to run again.

    Args:
        config: The configuration.

    """
    return tuple(dict(run.values) for run in config.resume_child_runs if isinstance(run, TrialRun))


def _trials(run: object) -> tuple[Trial, ...]:
    return run.trials() if isinstance(run, HyperDriveRun) else ()


def _search_problems(config: HyperDriveConfig) -> Iterator[str]:
    runs, total = config.resume_from, config.max_total_runs
    seen: set[str] = set()
    if len(runs) > _PARENTS:
        yield f"resume_from has {len(runs)} searches, and at most {_PARENTS} are possible"
    for run in runs:
        if not isinstance(run, HyperDriveRun):
            yield f"resume_from takes runs of searches, not a {type(run).__name__}"
            return
        if run.id in seen:
            yield f"resume_from has the run {run.id} twice"
        seen.add(run.id)
        if run.get_status() not in ("Completed", "Canceled"):
            yield f"resume_from has the run {run.id}, which is {run.get_status()}: only ended searches can be resumed"
        total += len(run.search.trials)
        yield from _differences(config, run)
    if total > 1000:
        yield f"the search and those of resume_from have {total} trials, and at most 1000 are possible"


def _differences(config: HyperDriveConfig, run: HyperDriveRun) -> Iterator[str]:
    search = run.search
    for what, ours, theirs in (
        ("primary_metric_name", config.primary_metric_name, search.metric),
        ("primary_metric_goal", config.goal.value, search.goal.value),
    ):
        if ours != theirs:
            yield f"the {what} is {ours!r}, and that of run {run.id} is {theirs!r}: they must be the same"
    sampling = config.hyperparameter_sampling
    if sampling.method is Sampling.BAYESIAN and dict(sampling.expressions) != dict(search.space):
        yield f"the parameter space differs from that of run {run.id}: a Bayesian search learns from its own space"


def _child_problems(config: HyperDriveConfig) -> Iterator[str]:
    runs = config.resume_child_runs
    seen: set[str] = set()
    parents: set[str] = set()
    if len(runs) > config.max_total_runs:
        yield f"resume_child_runs has {len(runs)} trials, more than max_total_runs {config.max_total_runs}"
    for run in runs:
        if not isinstance(run, TrialRun):
            yield f"resume_child_runs takes trials of searches, not a {type(run).__name__}"
            return
        if run.id in seen:
            yield f"resume_child_runs has the run {run.id} twice"
        seen.add(run.id)
        parents.add(run.parent.id)
        if run.get_status() not in _ENDED:
            yield f"resume_child_runs has the run {run.id}, which is {run.get_status()}: it must have ended"
        if set(run.values) != set(config.hyperparameter_sampling.expressions):
            yield f"the trial {run.id} has other hyperparameters than the search: {', '.join(run.values)}"
    if len(parents) > _PARENTS:
        yield f"resume_child_runs has trials of {len(parents)} searches, and at most {_PARENTS} are possible"
