"""Bayesian sampling by optuna: values of the space, the same for the same history, and better than chance."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from random import Random

import pytest

from runner.control.sampling import values_of
from runner.errors import BadInput
from runner.model.search import Expression, Goal, PastTrial, Sampling, Search
from runner.plan.validate import validate
from runner.samplers import bayesian
from runner.samplers.bayesian import BayesianSampler
from tests.support import builders as b
from tests.support import search_plans as s

SPACE = {
    "--x": Expression("uniform", (-10, 10)),
    "--n": Expression("quniform", (0, 7, 2)),
    "--kind": Expression("choice", ("a", 1, 1.0, True, None)),
}
Objective = Callable[[Mapping[str, object]], float]


def searched(search: Search, objective: Objective, at_once: int = 1) -> list[PastTrial]:
    """The trials of a search, of which `at_once` run at a time."""
    done: list[PastTrial] = []
    drawn: list[Mapping[str, object]] = []
    for number in range(len(search.trials)):
        drawn.append(BayesianSampler().suggest(search, number, done, drawn[len(done) :]))
        if len(drawn) - len(done) == at_once:
            values = drawn[len(done)]
            done.append(PastTrial(values, objective(values)))
    return done + [PastTrial(values, objective(values)) for values in drawn[len(done) :]]


def bowl(values: Mapping[str, object]) -> float:
    """A noisy quadratic with its least value at x = 2, n = 4, kind = a."""
    x, n = float(str(values["--x"])), float(str(values["--n"]))
    noise = Random(repr(values)).gauss(0.0, 0.3)
    return (x - 2.0) ** 2 + (n - 4.0) ** 2 + (0.0 if values["--kind"] == "a" else 5.0) + noise


def test_values_are_of_the_space_and_follow_from_the_history() -> None:
    search = s.search(16, sampling=Sampling.BAYESIAN, space=SPACE, goal=Goal.MINIMIZE, seed=3)
    first, again = searched(search, bowl, 2), searched(search, bowl, 2)
    assert first == again
    for past in first:
        assert -10 <= float(str(past.values["--x"])) <= 10
        assert past.values["--n"] in {0, 2, 4, 6, 8}  # v1's round(uniform(0, 7) / 2) * 2
        assert type(past.values["--n"]) is int
        assert any(past.values["--kind"] is option for option in SPACE["--kind"].arguments)
        assert list(past.values) == sorted(SPACE)
    assert len({past.values["--x"] for past in first}) == 16
    turned = [PastTrial(past.values, -past.metric) for past in first]
    assert BayesianSampler().suggest(search, 15, first, []) != BayesianSampler().suggest(search, 15, turned, [])


def test_it_finds_better_values_than_chance() -> None:
    """The mean of the last quarter of 40 trials: the estimator has learned where the good ones are."""
    search = s.search(40, sampling=Sampling.BAYESIAN, space=SPACE, goal=Goal.MINIMIZE, seed=1)
    random = s.search(40, space=SPACE, seed=1)
    learned = [past.metric for past in searched(search, bowl)][-10:]
    chance = [bowl(values_of(random, number) or {}) for number in range(40)]
    assert sum(learned) / 10 < sum(chance) / 40 / 3
    turned = s.search(40, sampling=Sampling.BAYESIAN, space=SPACE, goal=Goal.MAXIMIZE, seed=1)
    best = [past.metric for past in searched(turned, lambda values: -bowl(values))][-10:]
    assert sum(best) / 10 > -sum(chance) / 40 / 3


def test_earlier_trials_outside_the_space_are_left_out() -> None:
    search = s.search(4, sampling=Sampling.BAYESIAN, space=SPACE, goal=Goal.MINIMIZE)
    good = PastTrial({"--x": 1.0, "--n": 8, "--kind": "a"}, 1.0)
    odd = [
        PastTrial({"--x": 11.0, "--n": 8, "--kind": "a"}, 0.0),
        PastTrial({"--x": 1.0, "--n": 9, "--kind": "a"}, 0.0),
        PastTrial({"--x": 1.0, "--n": 8, "--kind": "z"}, 0.0),
        PastTrial({"--x": 1.0, "--n": "8", "--kind": "a"}, 0.0),
        PastTrial({"--x": 1.0}, 0.0),
    ]
    sampler = BayesianSampler()
    assert sampler.suggest(search, 9, [good, *odd], [odd[0].values]) == sampler.suggest(search, 9, [good], [])


def test_without_optuna_it_is_said_once_for_each_search(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = s.search_plan(2, sampling=Sampling.BAYESIAN)
    assert validate(plan) == ()
    assert list(bayesian.problems(plan)) == []
    monkeypatch.setattr(bayesian, "find_spec", lambda _name: None)
    monkeypatch.setitem(sys.modules, "optuna", None)
    (problem,) = bayesian.problems(plan)
    assert (problem.what, problem.where) == ("Bayesian sampling needs the package optuna", "step 'tune'")
    assert "pip install 'kube-runner[bayesian]'" in problem.remedy
    assert list(bayesian.problems(b.plan(*s.searching(s.search(2))))) == []
    with pytest.raises(BadInput, match="needs the package optuna"):
        BayesianSampler().suggest(s.search(2, space=SPACE), 0, [], [])
