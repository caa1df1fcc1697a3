"""v1's expressions, samplings, policies and goals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from runner.model.search import Expression, Sampling, Stopping, StoppingRule
from runner.sdk.base.exceptions import HyperDriveConfigException
from runner.sdk.hyperdrive import expressions
from runner.sdk.hyperdrive.config import PrimaryMetricGoal
from runner.sdk.hyperdrive.expressions import choice, listed, loguniform, quniform, randint, uniform
from runner.sdk.hyperdrive.policy import (
    BanditPolicy,
    EarlyTerminationPolicy,
    MedianStoppingPolicy,
    NoTerminationPolicy,
    TruncationSelectionPolicy,
    policy_of,
)
from runner.sdk.hyperdrive.sampling import (
    BayesianParameterSampling,
    GridParameterSampling,
    RandomParameterSampling,
)


def test_expressions_are_v1s_lists() -> None:
    assert choice(1, 2) == choice([1, 2]) == choice(range(1, 3)) == ["choice", [[1, 2]]]
    assert randint(4) == ["randint", [4]]
    assert uniform(0.1, 2) == ["uniform", [0.1, 2]]
    assert quniform(1, 9, 2) == ["quniform", [1, 9, 2]]
    assert loguniform(-3, -3) == ["loguniform", [-3, -3]]
    assert expressions.qlognormal(0, 1, 2) == ["qlognormal", [0, 1, 2]]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("choice", (), "at least one value"),
        ("choice", ([1], 2), "takes a list, a range or several values"),
        ("choice", ([],), "at least one value"),
        ("randint", (0,), "upper must be a whole number above 0"),
        ("randint", (2.5,), "upper must be a whole number above 0"),
        ("uniform", (2, 1), "max_value must be above min_value 2"),
        ("uniform", (1, 1), "max_value must be above min_value 1"),
        ("uniform", ("a", 1), "min_value must be a number, not 'a'"),
        ("quniform", (0, 1, 0.5), "q must be a whole number above 0"),
        ("quniform", (0, 1, 0), "q must be a whole number above 0"),
        ("qloguniform", (2, 1, 1), "max_value must be at least min_value 2"),
        ("normal", (0, -1), "sigma must be 0 or more"),
        ("qnormal", (0, 1, "x"), "q must be a whole number above 0"),
        ("lognormal", (None, 1), "mu must be a number"),
        ("qlognormal", (0, float("nan"), 1), "sigma must be 0 or more"),
    ],
)
def test_unfit_expressions_are_errors(name: str, arguments: tuple[object, ...], said: str) -> None:
    function: Callable[..., object] = getattr(expressions, name)
    with pytest.raises(HyperDriveConfigException, match=said):
        function(*arguments)


def test_a_sampling_has_the_space_in_both_forms() -> None:
    space = {"--rate": uniform(0, 1), "--batch": choice(16, 32)}
    sampling = RandomParameterSampling(space, seed=7)
    assert sampling.parameter_space == space
    assert sampling.expressions == {
        "--rate": Expression("uniform", (0, 1)),
        "--batch": Expression("choice", (16, 32)),
    }
    assert [listed(each) for each in sampling.expressions.values()] == list(space.values())
    assert (sampling.method, sampling.seed, sampling.size) == (Sampling.RANDOM, 7, None)
    assert sampling.to_json() == {"name": "RANDOM", "parameter_space": space}
    assert sampling == RandomParameterSampling(space, seed=7)
    assert sampling != RandomParameterSampling(space, seed=8)
    assert RandomParameterSampling(space, properties={"seed": 3}).seed == 3
    assert RandomParameterSampling(space).seed is None


def test_scalars_of_numpy_are_plain_values() -> None:
    numpy = pytest.importorskip("numpy")
    found = RandomParameterSampling({"a": choice(*numpy.arange(2)), "b": uniform(numpy.float64(0), 1)}).expressions
    assert [type(value) for value in found["a"].arguments] == [int, int]
    assert [type(value) for value in found["b"].arguments] == [float, int]


def test_a_grid_has_the_product_of_its_choices() -> None:
    assert GridParameterSampling({"a": choice(1, 2, 3), "b": choice("x", "y")}).size == 6


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: RandomParameterSampling({}), "at least one hyperparameter"),
        (lambda: RandomParameterSampling({"a": 3}), "3 for 'a', which is no parameter expression"),
        (lambda: RandomParameterSampling({"a": ["uniform", [1]]}), "no parameter expression"),
        (lambda: RandomParameterSampling({"a": choice((1, 2), (3, 4))}), "has the option .1, 2.: options are text"),
        (lambda: RandomParameterSampling({"a": choice(1)}, seed=-1), "seed must be a whole number from 0"),
        (lambda: GridParameterSampling({"a": uniform(0, 1)}), "'a' is a uniform, which this sampling does not take"),
        (lambda: BayesianParameterSampling({"a": loguniform(0, 1)}), "use choice, uniform, quniform, or Random"),
        (lambda: BayesianParameterSampling({"a": choice(1, None)}), "must be numbers or text"),
        (lambda: BayesianParameterSampling({"a": choice(1, "x")}), "all text or all numbers"),
        (lambda: BayesianParameterSampling({"a": quniform(0.5, 2, 1)}), "arguments of quniform must be whole"),
        (lambda: BayesianParameterSampling({"a": quniform(0, 200_001, 2)}), "more than 100000 values"),
    ],
)
def test_unfit_spaces_are_errors(make: Callable[[], object], said: str) -> None:
    with pytest.raises(HyperDriveConfigException, match=said):
        make()


@pytest.mark.parametrize(
    ("policy", "rule", "document"),
    [
        (
            BanditPolicy(2, slack_factor=0.1, delay_evaluation=5),
            StoppingRule(kind=Stopping.BANDIT, interval=2, delay=5, slack_factor=0.1),
            {"name": "Bandit", "properties": {"evaluation_interval": 2, "delay_evaluation": 5, "slack_factor": 0.1}},
        ),
        (
            BanditPolicy(slack_amount=3),
            StoppingRule(kind=Stopping.BANDIT, slack_amount=3.0),
            {"name": "Bandit", "properties": {"evaluation_interval": 1, "delay_evaluation": 0, "slack_amount": 3}},
        ),
        (
            MedianStoppingPolicy(1, 5),
            StoppingRule(kind=Stopping.MEDIAN, delay=5),
            {"name": "MedianStopping", "properties": {"evaluation_interval": 1, "delay_evaluation": 5}},
        ),
        (
            TruncationSelectionPolicy(20, 3),
            StoppingRule(kind=Stopping.TRUNCATION, interval=3, percentage=20),
            {
                "name": "TruncationSelection",
                "properties": {"evaluation_interval": 3, "delay_evaluation": 0, "truncation_percentage": 20},
            },
        ),
        (NoTerminationPolicy(), None, {"name": "Default"}),
    ],
)
def test_policies_are_rules(policy: EarlyTerminationPolicy, rule: StoppingRule | None, document: object) -> None:
    assert policy.rule == rule
    assert policy.to_json() == document
    assert policy_of(rule).rule == rule
    assert policy == policy_of(rule) or policy.properties != policy_of(rule).properties


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (BanditPolicy, "give slack_factor or slack_amount"),
        (lambda: BanditPolicy(slack_factor=1, slack_amount=1), "give slack_factor or slack_amount"),
        (lambda: BanditPolicy(slack_factor=-1), "slack_factor must be a number from 0"),
        (lambda: MedianStoppingPolicy(0), "evaluation_interval must be a whole number from 1"),
        (lambda: MedianStoppingPolicy(1, -1), "delay_evaluation must be a whole number from 0"),
        (lambda: TruncationSelectionPolicy(100), "from 1 to 99, not 100"),
        (lambda: TruncationSelectionPolicy(0), "from 1 to 99"),
    ],
)
def test_unfit_policies_are_errors(make: Callable[..., Any], said: str) -> None:
    with pytest.raises(HyperDriveConfigException, match=said):
        make()


def test_goals_by_name() -> None:
    assert PrimaryMetricGoal.from_str("Maximize") is PrimaryMetricGoal.MAXIMIZE
    assert PrimaryMetricGoal.MINIMIZE.value == "MINIMIZE"
    with pytest.raises(HyperDriveConfigException, match="'maximize' or 'minimize', not 'up'"):
        PrimaryMetricGoal.from_str("up")
