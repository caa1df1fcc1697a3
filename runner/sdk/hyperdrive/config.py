"""HyperDriveConfig: v1's description of a search over hyperparameters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from enum import Enum
from typing import TYPE_CHECKING, cast

from ...model.digest import digest_of
from ...model.search import Goal, PastTrial, Sampling, Search
from ...override import override
from ..base.caller import caller
from ..base.exceptions import HyperDriveConfigException, NotOffered
from ..runconfig.notebook_run_config import NotebookRunConfig
from ..runconfig.script_run_config import ScriptRunConfig
from ..steps.estimator import Estimator
from .expressions import listed
from .policy import EarlyTerminationPolicy, NoTerminationPolicy, policy_of
from .sampling import (
    BayesianParameterSampling,
    GridParameterSampling,
    HyperParameterSampling,
    RandomParameterSampling,
)

if TYPE_CHECKING:
    from ..runs.run import Run
    from .run import HyperDriveRun
    from .trial_run import TrialRun

MOST_MINUTES = 10080
"""v1's longest duration of a search, and its default: a week."""
MOST_TRIALS = 1000
"""v1's most trials of a search, with those that it resumes from."""
_PER_PARAMETER = 20
"""v1 recommends as many trials of a Bayesian search for each hyperparameter."""
_AT_ONCE = 20
"""v1 recommends at most so many trials at the same time in a Bayesian search."""


_SAMPLINGS = {
    Sampling.RANDOM: RandomParameterSampling,
    Sampling.GRID: GridParameterSampling,
    Sampling.BAYESIAN: BayesianParameterSampling,
}


class PrimaryMetricGoal(Enum):
    """The direction in which the metric improves."""

    MAXIMIZE = "MAXIMIZE"
    MINIMIZE = "MINIMIZE"

    @staticmethod
    def from_str(goal: str) -> PrimaryMetricGoal:
        """Return the goal of a name in any letter case.

        Args:
            goal: ``"maximize"`` or ``"minimize"``.

        Raises:
            HyperDriveConfigException: It is another.

        """
        try:
            return PrimaryMetricGoal[goal.upper()]
        except KeyError:
            raise HyperDriveConfigException(f"a goal is 'maximize' or 'minimize', not {goal!r}") from None


class HyperDriveConfig:
    """A search over hyperparameters: trials of one script, each with other values on its command line.

    Example:
        >>> sampling = RandomParameterSampling({"--rate": loguniform(-6, -1), "--batch": choice(16, 32)})
        >>> config = HyperDriveConfig(sampling, "accuracy", PrimaryMetricGoal.MAXIMIZE, max_total_runs=20,
        ...                           max_concurrent_runs=4, policy=BanditPolicy(slack_factor=0.1), run_config=script)
        >>> run = Experiment(ws, "tuning").submit(config)
        >>> best = run.get_best_run_by_primary_metric()

    Args:
        hyperparameter_sampling: The space of values, and the way to draw from it.
        primary_metric_name: The name of the metric that the script logs and that decides.
        primary_metric_goal: The direction in which it improves.
        max_total_runs: The most trials, up to 1000. A grid has fewer if it is smaller.
        max_concurrent_runs: The most trials at the same time. None: all, as far as the target permits.
        max_duration_minutes: Minutes after the start of the first trial at which running trials are stopped and no
            other starts. Default: 10080, a week, which is also the greatest value.
        policy: The early termination policy. None: no trial is stopped early.
        estimator: An Estimator; see `run_config`. None: `run_config` is given.
        run_config: A ScriptRunConfig with a script: the values follow its arguments. None: `estimator` is given.
        resume_from: Up to five ended searches from which a Bayesian one learns: a HyperDriveRun or a list. None: none.
        resume_child_runs: Trials of earlier searches whose values the first trials of this one get: a run or a list.
            None: none.
        pipeline: Not offered.
        debug_flag, custom_run_id: Accepted as in v1 and ignored.

    Raises:
        HyperDriveConfigException: An argument is missing or unfit, or two contradict each other.
        NotOffered: `pipeline` is given, or `run_config` has a command or a notebook.

    """

    def __init__(
        self,
        hyperparameter_sampling: HyperParameterSampling,
        primary_metric_name: str,
        primary_metric_goal: PrimaryMetricGoal,
        max_total_runs: int,
        max_concurrent_runs: int | None = None,
        max_duration_minutes: float = MOST_MINUTES,
        policy: EarlyTerminationPolicy | None = None,
        estimator: Estimator | None = None,
        run_config: ScriptRunConfig | None = None,
        resume_from: HyperDriveRun | Sequence[HyperDriveRun] | None = None,
        resume_child_runs: TrialRun | Sequence[TrialRun] | None = None,
        pipeline: object = None,
        debug_flag: object = None,
        custom_run_id: str | None = None,
    ) -> None:
        self.where = caller()
        _check_script(estimator, run_config, pipeline)
        self.estimator = estimator
        self.run_config = run_config
        self.pipeline = None
        self.hyperparameter_sampling = _checked_sampling(hyperparameter_sampling)
        self.primary_metric_name = _checked_metric(primary_metric_name)
        if not isinstance(primary_metric_goal, PrimaryMetricGoal):
            raise _unfit("primary_metric_goal", "PrimaryMetricGoal.MAXIMIZE or MINIMIZE", primary_metric_goal)
        self.primary_metric_goal = primary_metric_goal
        self.max_total_runs = _count("max_total_runs", max_total_runs)
        if self.max_total_runs > MOST_TRIALS:
            raise _unfit("max_total_runs", f"at most {MOST_TRIALS}", max_total_runs)
        concurrent = _count("max_concurrent_runs", max_concurrent_runs or self.max_total_runs)
        self.max_concurrent_runs = min(concurrent, self.trial_count)
        self.max_duration_minutes = _minutes(max_duration_minutes)
        self.policy = _checked_policy(policy, self.hyperparameter_sampling)
        self._note_bayesian()
        self.resume_from = _listed(resume_from)
        self.resume_child_runs = _listed(resume_child_runs)
        if self.resume_from or self.resume_child_runs:
            from .resuming import check_resumed

            check_resumed(self)

    @property
    def source_directory(self) -> str:
        """The folder of the script."""
        made = self.estimator or self.run_config
        return made.source_directory if made else ""

    @property
    def goal(self) -> Goal:
        """The goal, in a plan."""
        return Goal.MAXIMIZE if self.primary_metric_goal is PrimaryMetricGoal.MAXIMIZE else Goal.MINIMIZE

    @property
    def trial_count(self) -> int:
        """The number of trials: `max_total_runs`, or the size of the grid if that is less."""
        size = self.hyperparameter_sampling.size
        return self.max_total_runs if size is None else min(self.max_total_runs, size)

    def search(self, trials: Sequence[str]) -> Search:
        """Return the search of a plan.

        Args:
            trials: The keys of its trials.

        """
        past: tuple[PastTrial, ...] = ()
        resumed: tuple[dict[str, object], ...] = ()
        if self.resume_from or self.resume_child_runs:
            from .resuming import past_trials, resumed_values

            past, resumed = past_trials(self), resumed_values(self)
        sampling = self.hyperparameter_sampling
        return Search(
            sampling=sampling.method,
            space=sampling.expressions,
            metric=self.primary_metric_name,
            goal=self.goal,
            trials=tuple(trials),
            concurrent=self.max_concurrent_runs,
            minutes=self.max_duration_minutes,
            seed=self._seed() if sampling.seed is None else sampling.seed,
            rule=self.policy.rule,
            past=past,
            resumed=resumed,
        )

    def _seed(self) -> int:
        """Return the seed that follows from the search: the same search draws the same values in each run."""
        parts: list[object] = [
            self.hyperparameter_sampling.method.value,
            sorted(self.hyperparameter_sampling.expressions.items(), key=_name),
            self.primary_metric_name,
            self.goal.value,
            [run.id for run in self.resume_from],  # or the search that goes on would draw the same values again
        ]
        return int(digest_of(parts)[:8], 16)

    def _note_bayesian(self) -> None:
        """Warn as v1 does about a Bayesian search with few trials, or with many at the same time."""
        if self.hyperparameter_sampling.method is not Sampling.BAYESIAN:
            return
        wanted = _PER_PARAMETER * len(self.hyperparameter_sampling.parameter_space)
        if self.max_total_runs < wanted:
            warnings.warn(
                f"a Bayesian search over {len(self.hyperparameter_sampling.parameter_space)} hyperparameters finds "
                f"more with max_total_runs of {wanted} or more",
                stacklevel=3,
            )
        if self.max_concurrent_runs > _AT_ONCE:
            warnings.warn(
                f"a Bayesian search learns little with more than {_AT_ONCE} trials at the same time", stacklevel=3
            )

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hyperparameter_sampling!r}, {self.primary_metric_name!r})"


def config_of(search: Search, script: str) -> HyperDriveConfig:
    """Return the configuration of a search that was planned.

    Args:
        search: The search.
        script: The script of its trials.

    """
    space = {name: listed(each) for name, each in search.space.items()}
    return HyperDriveConfig(
        _SAMPLINGS[search.sampling](space, {"seed": search.seed}),
        search.metric,
        PrimaryMetricGoal[search.goal.name],
        max_total_runs=len(search.trials),
        max_concurrent_runs=search.concurrent,
        max_duration_minutes=search.minutes,
        policy=policy_of(search.rule),
        run_config=ScriptRunConfig(".", script or "script.py"),
    )


class HyperDriveRunConfig(HyperDriveConfig):
    """v1's first name of HyperDriveConfig."""


def _check_script(estimator: object, run_config: object, pipeline: object) -> None:
    """Raise unless there is one thing to run, and it is one that can be run."""
    given = [
        name
        for name, value in (("estimator", estimator), ("run_config", run_config), ("pipeline", pipeline))
        if value is not None
    ]
    if len(given) != 1:
        found = f"both {' and '.join(given)}" if given else "neither estimator nor run_config"
        raise HyperDriveConfigException(f"HyperDriveConfig has {found}", remedy="give one of estimator and run_config")
    if pipeline is not None:
        raise NotOffered(
            "HyperDriveConfig(pipeline=...) is not offered: a trial is one script",
            remedy="give run_config, and put the HyperDriveStep into a pipeline of its own",
        )
    if estimator is not None and not isinstance(estimator, Estimator):
        raise _unfit("estimator", "an Estimator", estimator)
    if run_config is None:
        return
    if isinstance(run_config, NotebookRunConfig):
        raise NotOffered(
            "a search over a notebook is not offered: the values reach a script's command line",
            remedy="give a ScriptRunConfig with a script",
        )
    if not isinstance(run_config, ScriptRunConfig):
        raise _unfit("run_config", "a ScriptRunConfig", run_config)
    if run_config.command:
        raise NotOffered(
            "a search over a ScriptRunConfig with a command is not offered: the values follow a script's arguments",
            remedy="give script= and arguments=",
        )
    if not run_config.script:
        raise _unfit("run_config", "a ScriptRunConfig with a script", run_config)


def _checked_sampling(sampling: object) -> HyperParameterSampling:
    if not isinstance(sampling, HyperParameterSampling):
        raise _unfit("hyperparameter_sampling", "a sampling such as RandomParameterSampling", sampling)
    return sampling


def _checked_metric(name: object) -> str:
    if not isinstance(name, str) or not name:
        raise _unfit("primary_metric_name", "the name of a metric", name)
    return name


def _checked_policy(policy: object, sampling: HyperParameterSampling) -> EarlyTerminationPolicy:
    if policy is None:
        return NoTerminationPolicy()
    if not isinstance(policy, EarlyTerminationPolicy):
        raise _unfit("policy", "an early termination policy such as BanditPolicy", policy)
    if policy.rule is not None and sampling.method is Sampling.BAYESIAN:
        raise HyperDriveConfigException(
            "a Bayesian search takes no early termination policy: it learns from trials that end",
            remedy="leave policy out, or use RandomParameterSampling",
        )
    return policy


def _count(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _unfit(name, "a whole number from 1", value)
    return value


def _minutes(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise _unfit("max_duration_minutes", "a number above 0", value)
    if value > MOST_MINUTES:
        warnings.warn(
            f"max_duration_minutes {value} is above v1's limit of {MOST_MINUTES}, which is used", stacklevel=4
        )
    return float(min(value, MOST_MINUTES))


def _unfit(name: str, wanted: str, value: object) -> HyperDriveConfigException:
    return HyperDriveConfigException(f"HyperDriveConfig: {name} must be {wanted}, not {value!r}")


def _name(pair: tuple[str, object]) -> str:
    return pair[0]


def _listed(given: object) -> list[Run]:
    """Return the runs of a list, or a lone one. `check_resumed` raises for what is none."""
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [cast("Run", given)]
