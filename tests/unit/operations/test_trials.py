"""The trials of a search as facts."""

from __future__ import annotations

import json

from runner.model import events as e
from runner.model.record import Failure
from runner.model.search import Expression, Goal, Sampling, Search, best_value
from runner.model.status import StepStatus
from runner.model.task import TaskId
from runner.operations.trials import ranked, search_keys, trials_of
from runner.operations.values import RunView
from tests.support.builders import RUN, plan, started, state, step, succeeded
from tests.support.memory_store import MemoryStore

SEARCH = Search(
    sampling=Sampling.RANDOM,
    space={"--x": Expression("uniform", (0, 1))},
    metric="loss",
    goal=Goal.MINIMIZE,
    trials=("t-1", "t-2", "t-3"),
    concurrent=2,
    minutes=60,
    seed=1,
)


def view(*events: e.Event) -> RunView:
    trials = [step(key, outputs=(), trial_of="s") for key in SEARCH.trials]
    what = plan(*trials, step("s", search=SEARCH))
    return RunView(state(what, *events), what)


def log(store: MemoryStore, key: str, *lines: dict[str, object], attempt: int = 1) -> None:
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    store.put(TaskId(RUN, key, attempt).reports + "metrics.jsonl", data)


def scalar(name: str, value: object) -> dict[str, object]:
    return {"name": name, "value": value, "kind": "scalar"}


def test_trials_are_those_that_have_values_with_all_that_they_logged() -> None:
    store = MemoryStore()
    log(store, "t-1", scalar("loss", 3.0), scalar("loss", 1.0), {"name": "l", "value": [4, 5], "kind": "list"})
    seen = view(
        e.TrialSampled("t-1", {"--x": 0.5}),
        e.TrialSampled("t-2", {"--x": 0.7}),
        started("t-1"),
        succeeded("t-1"),
    )
    first, second = trials_of(store, seen, "s")
    assert (first.number, first.key, first.run, first.status) == (1, "t-1", f"{RUN}.t-1", StepStatus.SUCCEEDED)
    assert (first.values, first.metrics) == ({"--x": 0.5}, {"loss": (3.0, 1.0), "l": (4, 5)})
    assert (first.best("loss", Goal.MINIMIZE), first.best("loss", Goal.MAXIMIZE)) == (1.0, 3.0)
    assert (second.key, second.status, second.metrics) == ("t-2", StepStatus.WAITING, {})
    assert search_keys(seen) == ("s",)


def test_the_newest_attempt_counts_and_half_a_line_does_not() -> None:
    store = MemoryStore()
    log(store, "t-1", scalar("loss", 1.0))
    store.put(TaskId(RUN, "t-1", 2).reports + "metrics.jsonl", b'{"name": "loss", "value": 2.0}\n{"name": "lo')
    again = e.AttemptFailed(key="t-1", attempt=1, failure=Failure.LOST, reason="lost")
    seen = view(e.TrialSampled("t-1", {"--x": 0.5}), started("t-1"), again, started("t-1", 2))
    assert trials_of(store, seen, "s")[0].metrics == {"loss": (2.0,)}


def test_the_best_first_and_of_equals_the_earlier() -> None:
    store = MemoryStore()
    for key, value in (("t-1", 2.0), ("t-2", 1.0), ("t-3", 2.0)):
        log(store, key, scalar("loss", value))
    sampled = [e.TrialSampled(key, {"--x": 0.1}) for key in SEARCH.trials]
    trials = trials_of(store, view(*sampled, *map(started, SEARCH.trials)), "s")
    assert [trial.key for trial in ranked(trials, "loss", Goal.MINIMIZE)] == ["t-2", "t-1", "t-3"]
    assert [trial.key for trial in ranked(trials, "loss", Goal.MAXIMIZE)] == ["t-1", "t-3", "t-2"]
    assert ranked(trials, "other", Goal.MAXIMIZE) == []


def test_only_numbers_count() -> None:
    assert best_value([float("nan"), True, "x", 3, 2.5], Goal.MINIMIZE) == 2.5
    assert best_value([float("nan"), None], Goal.MINIMIZE) is None


def test_only_finite_numbers_are_results() -> None:
    diverged = [float("inf"), float("-inf"), 10**400, -(10**400)]
    for goal in Goal:
        assert best_value([*diverged, 0.5], goal) == 0.5
        assert best_value(diverged, goal) is None


def test_a_trial_that_diverged_is_never_the_best() -> None:
    store = MemoryStore()
    for key, value in (("t-1", float("-inf")), ("t-2", 0.5), ("t-3", float("inf"))):
        log(store, key, scalar("loss", value))
    sampled = [e.TrialSampled(key, {"--x": 0.1}) for key in SEARCH.trials]
    trials = trials_of(store, view(*sampled, *map(started, SEARCH.trials)), "s")
    for goal in Goal:
        assert [trial.key for trial in ranked(trials, "loss", goal)] == ["t-2"]
