"""What the program of a search says and makes, from facts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runner.model.document import from_document, to_document
from runner.model.search import Expression, Goal, Sampling, Search
from runner.model.status import StepStatus
from runner.model.task import TaskId
from runner.operations.trials import Trial
from runner.sdk.hyperdrive.facts import Facts
from runner.sdk.hyperdrive.picture import parallel_coordinates, table
from runner.sdk.hyperdrive.summary import (
    NoResult,
    best_trial,
    chosen_trial,
    report,
    write_metrics,
    write_model,
)
from runner.sdk.hyperdrive.work import Made
from tests.support.memory_store import MemoryStore

RUN = "20260102t030405678z-aaaaaaaaaaaaaaaa"
SEARCH = Search(
    sampling=Sampling.RANDOM,
    space={"--rate": Expression("loguniform", (-7, 0)), "--kind": Expression("choice", ("a", "b", "c"))},
    metric="loss",
    goal=Goal.MINIMIZE,
    trials=("t-1", "t-2", "t-3", "t-4"),
    concurrent=2,
    minutes=60,
    seed=42,
)


def trial(number: int, rate: float, kind: str, *losses: float, **changes: Any) -> Trial:
    given: dict[str, Any] = {"status": StepStatus.SUCCEEDED, "metrics": {"loss": losses}, **changes}
    values = {"--rate": rate, "--kind": kind}
    return Trial(number=number, key=f"t-{number}", run=f"{RUN}.t-{number}", name=f"t-{number}", values=values, **given)


TRIALS = (
    trial(1, 0.1, "a", 3.0, 2.5),
    trial(2, 0.001, "b", 9.0, status=StepStatus.CANCELED, reason="worse than the best"),
    trial(3, 0.01, "c", 2.0, 0.5),
    trial(4, 0.02, "a", 0.25, status=StepStatus.FAILED, reason="exit code 1"),
)


def test_the_best_trial_is_the_best_that_succeeded() -> None:
    assert best_trial(SEARCH, TRIALS).key == "t-3"


def test_a_search_without_its_metric_says_what_was_logged_instead() -> None:
    wrong = [trial(1, 0.1, "a", metrics={"losss": (1.0,), "accuracy": (0.5,)})]
    with pytest.raises(NoResult, match=r"under the metric's name 'loss' \(they logged: accuracy, losss\)"):
        best_trial(SEARCH, wrong)
    with pytest.raises(NoResult, match=r"no trial succeeded: 1 canceled, 1 failed"):
        best_trial(SEARCH, (TRIALS[1], TRIALS[3]))


def test_an_output_may_name_a_trial_or_another_metric() -> None:
    best = best_trial(SEARCH, TRIALS)
    assert chosen_trial(SEARCH, TRIALS, best, Made(type="Model")).key == "t-3"
    assert chosen_trial(SEARCH, TRIALS, best, Made(type="Model", iteration=0)).key == "t-1"
    with pytest.raises(NoResult, match="no trial of iteration 4: the search has 4, from 0"):
        chosen_trial(SEARCH, TRIALS, best, Made(type="Model", iteration=4))
    with pytest.raises(NoResult, match="'other'"):
        chosen_trial(SEARCH, TRIALS, best, Made(type="Model", metric="other"))


def test_the_log_has_a_table_and_the_axes() -> None:
    assert report(SEARCH, TRIALS, TRIALS[2]) == [
        "4 trials (2 succeeded, 1 canceled, 1 failed), random sampling, seed 42",
        "best loss 0.5 (minimize): t-3 with --rate 0.01 --kind c",
        "",
        *table(SEARCH, TRIALS, "t-3"),
        "",
        *parallel_coordinates(SEARCH, TRIALS, "t-3"),
    ]
    assert table(SEARCH, TRIALS, "t-3") == [
        "  trial  status     --rate  --kind  loss",
        "  t-4    failed     0.02    a       0.25  exit code 1",
        "  t-3    succeeded  0.01    c       0.5   best",
        "  t-1    succeeded  0.1     a       2.5",
        "  t-2    canceled   0.001   b       9     worse than the best",
    ]


def test_each_axis_reaches_from_the_least_to_the_greatest() -> None:
    lines = parallel_coordinates(SEARCH, TRIALS, "t-3")
    assert lines == [
        "       --rate             --kind             loss",
        "       0.001         0.1  a               c  0.25            9",
        "  t-4  ··········●······  ●················  ●················",
        "  t-3  ········●········  ················●  ●················  best",
        "  t-1  ················●  ●················  ····●············",
        "  t-2  ●················  ········●········  ················●",
    ]


def test_one_value_is_in_the_middle_of_its_axis() -> None:
    lines = parallel_coordinates(SEARCH, TRIALS[:1], "t-1")
    assert lines[2].split()[1] == "········●········"


def test_many_trials_are_cut() -> None:
    many = tuple(trial(number, 0.1, "a", float(number)) for number in range(1, 71))
    lines = parallel_coordinates(SEARCH, many, "t-1")
    assert len(lines) == 63
    assert lines[-1] == "and 10 more"


def test_metrics_are_v1s_document(tmp_path: Path) -> None:
    write_metrics(TRIALS[:2], tmp_path / "metrics")
    expected = {f"{RUN}.t-1": {"loss": [3.0, 2.5]}, f"{RUN}.t-2": {"loss": [9.0]}}
    assert json.loads((tmp_path / "metrics").read_text()) == expected
    write_metrics(TRIALS[:1], tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text()) == {f"{RUN}.t-1": {"loss": [3.0, 2.5]}}


def test_a_model_is_a_file_or_a_folder_of_the_trial(tmp_path: Path) -> None:
    store, attempt = MemoryStore(), TaskId(RUN, "t-3", 2)
    for name, data in {"outputs/m.pkl": b"m", "outputs/net/a": b"a", "outputs/net/b/c": b"c", "logs/x": b"x"}.items():
        store.put(attempt.artifacts + name, data)
    write_model(store, attempt, TRIALS[2], "outputs/m.pkl", tmp_path / "model")
    assert (tmp_path / "model").read_bytes() == b"m"
    (tmp_path / "into").mkdir()
    write_model(store, attempt, TRIALS[2], "outputs/m.pkl", tmp_path / "into")
    assert (tmp_path / "into" / "m.pkl").read_bytes() == b"m"
    write_model(store, attempt, TRIALS[2], "outputs/net", tmp_path / "net")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "net").rglob("*")) == [
        "net/a",
        "net/b",
        "net/b/c",
    ]
    write_model(store, attempt, TRIALS[2], "", tmp_path / "all")
    assert (tmp_path / "all" / "m.pkl").read_bytes() == b"m"
    with pytest.raises(NoResult, match=r"the trial t-3 has no file 'outputs/x' \(it has: logs/x, outputs/m.pkl"):
        write_model(store, attempt, TRIALS[2], "outputs/x", tmp_path / "x")


def test_facts_are_read_as_they_were_written() -> None:
    facts = Facts(metric="loss", goal=Goal.MINIMIZE, best=TRIALS[2].run, trials=TRIALS)
    assert from_document(Facts, json.loads(json.dumps(to_document(facts)))) == facts
