from __future__ import annotations

from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from runner.errors import BadInput
from runner.model.plan import Plan
from runner.model.search import Expression, Goal, PastTrial, Sampling, Stopping, StoppingRule
from runner.model.step import SampledArguments
from runner.plan.codec import from_yaml, to_yaml
from runner.plan.pipeline_file import PipelineFile
from runner.plan.validate import validate
from tests.support import builders as b
from tests.support import search_plans as s

BANDIT = StoppingRule(kind=Stopping.BANDIT, slack_factor=0.1)


def whats(plan: Plan) -> list[str]:
    return [problem.what for problem in validate(plan)]


def changed(plan: Plan, key: str, **changes: Any) -> Plan:
    return replace(plan, steps=tuple(replace(one, **changes) if one.key == key else one for one in plan.steps))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rule": BANDIT},
        {"rule": StoppingRule(kind=Stopping.MEDIAN, interval=2, delay=5)},
        {"rule": StoppingRule(kind=Stopping.TRUNCATION, percentage=20)},
        {"sampling": Sampling.GRID, "space": s.GRID},
        {"sampling": Sampling.BAYESIAN, "past": (PastTrial({"--lr": 0.5, "--layers": 1}, 0.9),)},
        {"resumed": ({"--layers": 2, "--lr": 0.25},)},
        {"space": {"--x": Expression("normal", (0, 1)), "--y": Expression("qloguniform", (0.0, 1.0, 5))}},
        {"space": {"--x": Expression("randint", (4,)), "--y": Expression("choice", (None, True, "a", 1.5))}},
    ],
)
def test_a_good_search_has_no_problems(changes: dict[str, Any]) -> None:
    assert whats(s.search_plan(6, **changes)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"trials": ()}, "has no trials"),
        ({"trials": ("t0", "t1", "t1")}, "lists the trial 't1' 2 times"),
        ({"trials": ("t0", "t1", "t9")}, "lists 't9', which is not in the pipeline"),
        ({"metric": ""}, "names no metric"),
        ({"concurrent": 0}, "runs 0 trials at a time"),
        ({"minutes": 0.0}, "has 0 minutes"),
        ({"space": {}}, "has no hyperparameters"),
        ({"space": {"--x": Expression("choice", ())}}, "'--x' has no options"),
        ({"space": {"--x": Expression("choice", ([1],))}}, "'--x' has the option [1]"),
        ({"space": {"--x": Expression("choice", (float("inf"),))}}, "'--x' has the option inf"),
        ({"space": {"--x": Expression("gaussian", (0, 1))}}, "'--x' has the unknown expression 'gaussian'"),
        ({"space": {"--x": Expression("uniform", (0,))}}, "'--x' gives uniform 1 arguments"),
        ({"space": {"--x": Expression("uniform", (0, "1"))}}, "no finite number"),
        ({"space": {"--x": Expression("uniform", (True, 2))}}, "no finite number"),
        ({"space": {"--x": Expression("uniform", (2, 1))}}, "the range from 2 to 1"),
        ({"space": {"--x": Expression("quniform", (1, 2, 0))}}, "the distance 0"),
        ({"space": {"--x": Expression("normal", (1, -2))}}, "the standard deviation -2"),
        ({"space": {"--x": Expression("randint", (1.5,))}}, "randint the bound 1.5"),
        ({"space": {"--x": Expression("loguniform", (1, 1000))}}, "exp() is too large"),
        ({"space": {"--x": Expression("lognormal", (1, 100))}}, "exp() is too large"),
        ({"sampling": Sampling.GRID}, "'--lr' is uniform(…), and a grid has no end then"),
        ({"sampling": Sampling.GRID, "space": {"--a": Expression("choice", (1, 2))}}, "3 trials, and its grid only 2"),
        ({"sampling": Sampling.BAYESIAN, "space": {"--a": Expression("normal", (1, 2))}}, "'--a' is normal(…)"),
        ({"sampling": Sampling.BAYESIAN, "rule": BANDIT}, "learns from whole trials"),
        ({"resumed": ({"--lr": 0.25},)}, "resumes values of other hyperparameters: --lr"),
        ({"resumed": ({"--layers": 2, "--lr": 0.25},) * 4}, "resumes 4 trials and has 3"),
        ({"past": (PastTrial({}, 1.0),)}, "resumes values of other hyperparameters: none"),
        ({"rule": replace(BANDIT, interval=0)}, "the interval 0"),
        ({"rule": replace(BANDIT, delay=-1)}, "the delay -1"),
        ({"rule": replace(BANDIT, slack_amount=1.0)}, "takes slack_factor or slack_amount"),
        ({"rule": replace(BANDIT, slack_factor=None)}, "takes slack_factor or slack_amount"),
        ({"rule": replace(BANDIT, slack_factor=-0.1)}, "is no number of 0 or more"),
        ({"rule": replace(BANDIT, percentage=5)}, "bandit rule takes no percentage"),
        ({"rule": replace(BANDIT, kind=Stopping.MEDIAN)}, "median rule takes no slack"),
        ({"rule": StoppingRule(kind=Stopping.TRUNCATION)}, "stops 0 percent"),
        ({"rule": StoppingRule(kind=Stopping.TRUNCATION, percentage=100)}, "stops 100 percent"),
    ],
)
def test_what_is_wrong_with_a_search(changes: dict[str, Any], words: str) -> None:
    plan = changed(s.search_plan(3), s.TUNE, search=s.search(3, **changes))
    assert any(words in what for what in whats(plan)), whats(plan)


@pytest.mark.parametrize(
    ("key", "changes", "words"),
    [
        ("t0", {"trial_of": ""}, "its arguments are sampled, and it is no trial"),
        ("t0", {"trial_of": "", "command": ("x",)}, "its search lists 't0', which is no trial of it"),
        ("t0", {"trial_of": "t1"}, "it is a trial of 't1', which is no search of this pipeline"),
        ("t0", {"trial_of": "gone"}, "it is a trial of 'gone', which is no search"),
        ("t0", {"command": ("x",)}, "has no place for sampled arguments"),
        ("t0", {"always": True}, "a trial and a step that always runs at once"),
        ("t0", {"search": s.search(1)}, "a trial and a search at once"),
        ("t0", {"after": (s.TUNE,)}, "the steps wait for each other"),
        ("tune", {"search": s.search(2)}, "the search 'tune' does not list it"),
    ],
)
def test_what_is_wrong_with_a_trial(key: str, changes: dict[str, Any], words: str) -> None:
    assert any(words in what for what in whats(changed(s.search_plan(3), key, **changes)))


def test_a_search_in_a_pipeline_file() -> None:
    text = dedent("""
        steps:
          t:
            command: [train, {search: sampled}]
            source: null
            trial_of: tune
          tune:
            command: [summary]
            source: null
            search:
              sampling: random
              space:
                --lr: {loguniform: [-6, -1.5]}
                --n: {randint: 8}
                "--kind": {choice: [a, "1", 1, 0.5, true]}
              metric: loss
              goal: minimize
              trials: [t]
              concurrent: 1
              minutes: 90
              seed: 3
              rule: {kind: bandit, slack_factor: 0.2}
              resumed: [{--lr: 0.5, --n: 2, --kind: "1"}]
    """)
    file = from_yaml(text, "p.yaml")
    found = file.plan.step("tune").search
    assert found is not None
    assert found.space == {
        "--lr": Expression("loguniform", (-6, -1.5)),
        "--n": Expression("randint", (8,)),
        "--kind": Expression("choice", ("a", "1", 1, 0.5, True)),
    }
    assert (found.goal, found.rule, found.minutes) == (
        Goal.MINIMIZE, StoppingRule(kind=Stopping.BANDIT, slack_factor=0.2), 90.0
    )  # fmt: skip
    assert found.resumed == ({"--lr": 0.5, "--n": 2, "--kind": "1"},)
    assert file.plan.step("t").command == ("train", SampledArguments())
    assert validate(file.plan) == ()
    assert from_yaml(to_yaml(file), "p.yaml") == file


def test_a_plan_with_a_search_comes_back_the_same() -> None:
    file = PipelineFile(plan=s.search_plan(5, sampling=Sampling.BAYESIAN, past=(PastTrial({"--lr": 1}, 2.0),)))
    assert from_yaml(to_yaml(file), "p.yaml") == file


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("{space: {x: 1}}", "steps.tune.search.space.x: expected {choice: [option, …]}"),
        ("{space: {x: {choice: {a: 1}}}}", "expected {choice: [option, …]}"),
        ("{trials: [u]}", "unknown step 'u'"),
        ("{sampled: 1}", "unknown field 'sampled'"),
        ("{rule: {sort: bandit}}", "unknown field 'sort'"),
        ("{}", "field 'sampling' is missing"),
        ("[]", "expected a mapping"),
    ],
)
def test_what_is_wrong_with_a_search_in_a_file_has_its_place(search: str, words: str) -> None:
    with pytest.raises(BadInput) as error:
        from_yaml(f"steps: {{tune: {{command: x, source: null, search: {search}}}}}", "p.yaml")
    assert any(words in f"{problem.where}: {problem.what}" for problem in error.value.problems), error.value.problems


def test_a_trial_of_an_unknown_step_in_a_file() -> None:
    with pytest.raises(BadInput, match="unknown step 'tone'"):
        from_yaml("steps: {tune: {command: x, source: null, trial_of: tone}}", "p.yaml")


def test_a_search_waits_for_its_trials() -> None:
    plan = b.plan(*s.searching(s.search(2), "prep"), b.step("prep"))
    tune, trial = plan.step(s.TUNE), plan.step("t0")
    assert (sorted(tune.needs), sorted(tune.required), tune.awaited) == (["t0", "t1"], [], ("t1", "t0"))
    assert (sorted(trial.needs), sorted(trial.required), trial.awaited) == (["prep"], ["prep"], ())
    assert plan.dependents["t0"] == ("tune",)
    assert plan.decisive == ("tune", "prep")
