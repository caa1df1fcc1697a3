"""HyperDriveConfig: what it checks, and the search that it becomes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from runner.model.search import Goal, Sampling
from runner.sdk import ScriptRunConfig
from runner.sdk.base.exceptions import HyperDriveConfigException, NotOffered
from runner.sdk.hyperdrive.config import HyperDriveConfig, PrimaryMetricGoal, config_of
from runner.sdk.hyperdrive.expressions import choice, uniform
from runner.sdk.hyperdrive.policy import BanditPolicy, MedianStoppingPolicy
from runner.sdk.hyperdrive.sampling import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
)
from runner.sdk.runconfig.notebook_run_config import NotebookRunConfig

SPACE = {"--rate": uniform(0, 1), "--batch": choice(16, 32)}


def config(**changes: Any) -> HyperDriveConfig:
    given = {
        "hyperparameter_sampling": RandomParameterSampling(SPACE),
        "primary_metric_name": "loss",
        "primary_metric_goal": PrimaryMetricGoal.MINIMIZE,
        "max_total_runs": 10,
        "run_config": ScriptRunConfig(".", "train.py", ["--epochs", 3]),
        **changes,
    }
    return HyperDriveConfig(**{name: value for name, value in given.items() if value != "absent"})


def test_a_configuration_is_a_search() -> None:
    made = config(max_concurrent_runs=4, max_duration_minutes=30, policy=BanditPolicy(slack_factor=0.2))
    search = made.search(["t-1", "t-2"])
    assert (search.sampling, search.metric, search.goal) == (Sampling.RANDOM, "loss", Goal.MINIMIZE)
    assert (search.trials, search.concurrent, search.minutes) == (("t-1", "t-2"), 4, 30.0)
    assert search.space == made.hyperparameter_sampling.expressions
    assert search.rule is not None
    assert search.rule.slack_factor == 0.2
    assert (search.past, search.resumed) == ((), ())


def test_the_defaults() -> None:
    made = config()
    assert (made.max_concurrent_runs, made.max_duration_minutes) == (10, 10080.0)
    assert made.policy.rule is None


def test_a_seed_follows_from_the_search_unless_one_is_given() -> None:
    one, same = (config().search(["a"]).seed for _ in range(2))
    assert one == same
    others = [
        config(hyperparameter_sampling=RandomParameterSampling({"--rate": uniform(0, 2), "--batch": choice(16, 32)})),
        config(primary_metric_name="accuracy"),
        config(primary_metric_goal=PrimaryMetricGoal.MAXIMIZE),
    ]
    assert len({one, *(other.search(["a"]).seed for other in others)}) == 4
    turned = RandomParameterSampling(dict(reversed(SPACE.items())))
    assert config(hyperparameter_sampling=turned).search(["a"]).seed == one, "a plan has the names in their order"
    assert config(max_total_runs=20).search(["a"]).seed == one, "more runs go on with the same values"
    assert config(hyperparameter_sampling=RandomParameterSampling(SPACE, seed=3)).search(["a"]).seed == 3


def test_a_grid_has_no_more_trials_than_points() -> None:
    grid = GridParameterSampling({"--a": choice(1, 2, 3), "--b": choice(1, 2)})
    assert config(hyperparameter_sampling=grid).trial_count == 6
    assert config(hyperparameter_sampling=grid).max_concurrent_runs == 6
    assert config(hyperparameter_sampling=grid, max_total_runs=4).trial_count == 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run_config": None}, "neither estimator nor run_config"),
        ({"estimator": object()}, "both estimator and run_config"),
        ({"run_config": None, "estimator": object()}, "estimator must be an Estimator"),
        ({"run_config": "train.py"}, "run_config must be a ScriptRunConfig"),
        ({"hyperparameter_sampling": SPACE}, "must be a sampling such as RandomParameterSampling"),
        ({"primary_metric_name": ""}, "primary_metric_name must be the name of a metric"),
        ({"primary_metric_goal": "maximize"}, r"must be PrimaryMetricGoal.MAXIMIZE or MINIMIZE"),
        ({"max_total_runs": 0}, "max_total_runs must be a whole number from 1, not 0"),
        ({"max_total_runs": 1001}, "max_total_runs must be at most 1000, not 1001"),
        ({"max_concurrent_runs": -1}, "max_concurrent_runs must be a whole number from 1"),
        ({"max_duration_minutes": 0}, "max_duration_minutes must be a number above 0"),
        ({"policy": "bandit"}, "policy must be an early termination policy"),
        ({"resume_from": object()}, "resume_from takes runs of searches, not a object"),
        ({"resume_child_runs": [object()]}, "resume_child_runs takes trials of searches"),
    ],
)
def test_unfit_arguments_are_errors(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(HyperDriveConfigException, match=said):
        config(**changes)


def test_what_is_not_offered_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotOffered, match=r"HyperDriveConfig\(pipeline=...\) is not offered: a trial is one script"):
        config(run_config=None, pipeline=object())
    with pytest.raises(NotOffered, match="with a command is not offered"):
        config(run_config=ScriptRunConfig(".", command="python train.py"))
    with pytest.raises(NotOffered, match="over a notebook is not offered"):
        config(run_config=NotebookRunConfig(str(tmp_path), "train.ipynb"))


def test_a_bayesian_search_takes_no_policy_and_gives_v1s_advice() -> None:
    sampling = BayesianParameterSampling(SPACE)
    with pytest.warns(UserWarning, match="over 2 hyperparameters finds more with max_total_runs of 40 or more"):
        config(hyperparameter_sampling=sampling)
    with pytest.warns(UserWarning, match="more than 20 trials at the same time"):
        config(hyperparameter_sampling=sampling, max_total_runs=100)
    with pytest.raises(HyperDriveConfigException, match="takes no early termination policy"):
        config(hyperparameter_sampling=sampling, policy=MedianStoppingPolicy())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        config(hyperparameter_sampling=sampling, max_total_runs=40, max_concurrent_runs=4)


def test_more_than_a_week_is_a_week() -> None:
    with pytest.warns(UserWarning, match="above v1's limit of 10080"):
        assert config(max_duration_minutes=20000).max_duration_minutes == 10080.0


def test_a_planned_search_is_a_configuration_again() -> None:
    search = config(policy=MedianStoppingPolicy(2, 5), max_concurrent_runs=1).search(["t-1", "t-2"])
    made = config_of(search, "train.py")
    assert made.search(["t-1", "t-2"]) == search
    assert made.hyperparameter_sampling.parameter_space == SPACE
    assert made.run_config is not None
    assert made.run_config.script == "train.py"
