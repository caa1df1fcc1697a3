"""Looks at the trials of searches: what is read, how often, and what an error does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from runner.control.progress import Progress, progress_of
from runner.control.sampler import Sampler
from runner.control.trial_watch import PACE, TrialWatch, logged_values
from runner.errors import StoreUnreachable
from runner.model import events as e
from runner.model.plan import Plan
from runner.model.record import Failure
from runner.model.search import PastTrial, Sampling, Search, Stopping, StoppingRule
from runner.model.task import TaskId
from runner.override import override
from runner.runs import records
from tests.support import builders as b
from tests.support import search_plans as s
from tests.support.fake_clock import FakeClock
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore
from tests.support.mortal import InlineExecutor

BANDIT = StoppingRule(kind=Stopping.BANDIT, slack_amount=0.1)


def line(name: str, value: object) -> str:
    return json.dumps({"name": name, "value": value, "kind": "scalar"}) + "\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        (line("m", 1) + line("n", 2) + line("m", 3.5), [1.0, 3.5]),
        (line("m", [1, 2.5]) + line("m", 3), [1.0, 2.5, 3.0]),
        (line("m", "1") + line("m", None) + line("m", {"m": 1}) + line("m", 1), [1.0]),
        (line("m", 1) + line("m", 2)[:-4], [1.0]),
        (line("m", float("inf")), [float("inf")]),
        (line("m", 10**400) + line("m", -(10**400)) + line("m", [True]), [float("inf"), float("-inf")]),
        (line("other", "m"), []),
        ('["m"]\n"m"\n' + line("m", 4), [4.0]),
        ('{"name": "m", "value": ' + "[" * 100_000 + "\n" + line("m", 4), [4.0]),
    ],
)
def test_the_values_of_a_metric(text: str, found: list[float]) -> None:
    assert list(logged_values(text.encode(), "m")) == found


@pytest.mark.parametrize("name", ["größe", 'a"b', "a\\b", "a b"])
def test_any_name_of_a_metric(name: str) -> None:
    assert list(logged_values((line(name, 1) + line("x", 2)).encode(), name)) == [1.0]


class CountingStore(MemoryStore):
    """One that counts reads by key, and may not answer."""

    reads: list[str]
    away = False

    @override
    def get(self, key: str) -> bytes:
        if self.away:
            raise StoreUnreachable("no answer")
        self.reads.append(key)
        return super().get(key)


@dataclass
class Keeping(FakeTarget):
    """A target that notes the attempts whose reports it has to keep."""

    kept: list[TaskId] = field(default_factory=list)

    @override
    def keep_reports(self, task: TaskId) -> None:
        self.kept.append(task)


class Bench:
    def __init__(self, plan: Plan, *events: e.Event, sampler: Any = None) -> None:
        self.store, self.clock, self.lines = CountingStore(), FakeClock(), list[str]()
        self.store.reads = []
        self.kept: list[TaskId] = []
        target = Keeping(b.TARGET, World(self.store, lambda _task: (Ending.SUCCEEDS, 1)), kept=self.kept)
        self.watch = TrialWatch(self.store, {b.TARGET: target}, self.clock, self.lines.append, sampler)
        self.plan, self.state = plan, b.state(plan, *events)

    @property
    def progress(self) -> Progress:
        return progress_of(self.plan, self.state)

    def look(self, after: float = PACE) -> tuple[e.Event, ...]:
        self.clock.advance(after)
        self.watch.look(self.progress, InlineExecutor())
        return self.watch.events(self.progress)

    def log(self, key: str, *values: float, attempt: int = 1) -> None:
        text = "".join(line("accuracy", value) for value in values)
        self.store.put(f"{TaskId(b.RUN, key, attempt).reports}metrics.jsonl", text.encode())


def trials(*keys: str) -> list[e.Event]:
    made: list[e.Event] = []
    for key in keys:
        made += [e.TrialSampled(key, {"--lr": 0.5, "--layers": 1}), b.started(key), e.AttemptRunning(key, b.at(1))]
    return made


def test_only_running_trials_of_a_search_with_a_rule_are_read_again() -> None:
    plan = s.search_plan(4, rule=BANDIT, concurrent=3)
    bench = Bench(plan, *trials("t0", "t1", "t2"), b.succeeded("t0"))
    bench.log("t0", 0.9)
    bench.log("t1", 0.85)
    assert [type(event) for event in bench.look()] == [e.TrialSampled]
    assert len(bench.store.reads) == 3
    assert {task.key for task in bench.kept} == {"t1", "t2"}
    bench.log("t2", 0.5)
    stop, sampled = bench.look()
    assert stop == e.TrialStopped(
        "t2", 1, "early termination (bandit): its best accuracy of 1 value is 0.5, and the least allowed is 0.8"
    )
    assert isinstance(sampled, e.TrialSampled)
    assert len(bench.store.reads) == 5, "t0 has ended"
    assert bench.look(PACE / 2) == (stop, sampled)
    assert len(bench.store.reads) == 5, "too early"
    plain = Bench(s.search_plan(2), *trials("t0", "t1"))
    plain.look()
    assert (plain.store.reads, plain.kept) == ([], [])


def test_a_judgement_of_an_earlier_attempt_does_not_stop_the_next_one() -> None:
    plan = s.search_plan(2, rule=BANDIT)
    bench = Bench(plan, *trials("t0", "t1"))
    bench.log("t0", 0.9)
    bench.log("t1", 0.1)
    assert len(bench.look()) == 1
    lost = e.AttemptFailed(key="t1", attempt=1, failure=Failure.LOST, reason="gone")
    bench.state = b.state(plan, *trials("t0", "t1"), lost, b.started("t1", 2), e.AttemptRunning("t1", b.at(9)))
    assert bench.watch.events(bench.progress) == ()
    assert bench.look() == (), "it has logged nothing yet"


def test_a_look_that_fails_is_repeated() -> None:
    bench = Bench(s.search_plan(2, rule=BANDIT), *trials("t0", "t1"))
    bench.log("t0", 0.9)
    bench.log("t1", 0.1)
    bench.store.away = True
    assert bench.look() == ()
    assert bench.lines == ["a look at the trials of a search failed: no answer"]
    bench.store.away = False
    assert len(bench.look()) == 1


def test_a_canceled_trial_ends_whatever_it_does() -> None:
    bench = Bench(s.search_plan(3), *trials("t0"), e.TrialSampled("t1", {"--lr": 0.5}))
    for key in ("t0", "t1", "t2", "nobody"):
        records.stop_trial(bench.store, b.RUN, key)
    assert bench.look() == (
        e.TrialStopped("t0", 1, "it was canceled"),
        e.StepCanceled("t1", "it was canceled"),
        e.StepCanceled("t2", "it was canceled"),
    )


class Sometimes:
    """A sampler."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked: list[tuple[int, int, int]] = []

    def suggest(
        self, search: Search, number: int, history: Sequence[PastTrial], pending: Sequence[Mapping[str, object]]
    ) -> Mapping[str, object]:
        assert search.sampling is Sampling.BAYESIAN
        self.asked.append((number, len(history), len(pending)))
        if self.errors:
            raise self.errors.pop(0)
        return {"--lr": number / 10, "--layers": 1}


def test_a_suggestion_knows_what_has_ended_and_what_runs_and_is_asked_for_once() -> None:
    sampler = Sometimes(StoreUnreachable("no answer"))
    plan = s.search_plan(4, sampling=Sampling.BAYESIAN, past=(PastTrial({"--lr": 0.1, "--layers": 1}, 0.5),))
    bench = Bench(plan, *trials("t0", "t1"), b.succeeded("t0"), sampler=lambda: sampler)
    bench.log("t0", 0.9)
    assert bench.look() == (), "the store does not answer"
    assert bench.look() == (e.TrialSampled("t2", {"--lr": 0.2, "--layers": 1}),)
    bench.look()
    assert sampler.asked == [(2, 2, 1)] * 2


def test_a_suggestion_does_not_know_trials_without_a_finite_result() -> None:
    sampler = Sometimes()
    plan = s.search_plan(4, sampling=Sampling.BAYESIAN)
    bench = Bench(plan, *trials("t0", "t1"), b.succeeded("t0"), b.succeeded("t1"), sampler=lambda: sampler)
    bench.log("t0", float("inf"))
    bench.log("t1", 0.9, float("inf"))
    bench.look()
    assert sampler.asked == [(2, 1, 0)]


def test_a_suggestion_that_fails_fails_its_trial() -> None:
    def broken() -> Sampler:
        raise ValueError("no numbers")

    bench = Bench(s.search_plan(2, sampling=Sampling.BAYESIAN), sampler=broken)
    (event,) = bench.look()
    assert isinstance(event, e.StepFailed)
    assert (event.key, event.reason) == (
        "t0",
        "its values could not be drawn: an unexpected error kept it from starting: ValueError: no numbers",
    )
