"""Steps submit runs while their controllers die before and after any effect: each request makes one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.control import step_requests
from runner.errors import BadInput, ObjectMissing, StoreUnreachable, TargetError
from runner.model import events as e
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.record import Failure
from runner.model.run_request import MOST, RequestAnswer, RequestId, RunRequest, requests_of, submissions_of
from runner.model.status import RunStatus
from runner.model.stored_documents import read_document
from runner.model.task import TaskId
from runner.override import override
from runner.ports import ObjectInfo, ObjectStore
from runner.runs import journal, plans
from tests.support.builders import RUN, T0, plan, statuses, step, submission
from tests.support.examples import examples
from tests.support.fake_target import Ending, FakeAttempt
from tests.support.mortal import Life, MortalStore
from tests.support.run_bench import Bench

CHILD = plan(step("child"))
TARGET_ERRORS = (StoreUnreachable, TargetError)


@dataclass
class Launcher:
    """Submits as `wiring` does: the journal's first entry, then a controller."""

    store: MortalStore
    life: Life
    started: Counter[str]
    refused: frozenset[str] = frozenset()

    def launch(self, run: str, request: RunRequest) -> None:
        if request.pipeline in self.refused:
            raise BadInput(f"there is no published pipeline {request.pipeline}", remedy="publish it")
        if plans.replay(self.store, run) is None:
            plans.save(self.store, CHILD)
            told = [e.RunSubmitted(submission(CHILD, parent=request.parent))]
            journal.Writer(self.store, run, "submit", 0).append(told, T0)
        self.life.effect(TARGET_ERRORS, lambda: self.started.update([run]))


@dataclass
class Asking(Bench):
    """A bench whose scripts ask for runs as they start, and end only when every answer is there."""

    wishes: dict[TaskId, tuple[RunRequest, ...]] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    asked: list[RequestId] = field(default_factory=list)
    started: Counter[str] = field(default_factory=Counter)

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        self.launcher = lambda store, life: Launcher(store, life, self.started, self.refused)
        run_script, end = self.world.run_script, self.world.end

        def run_and_ask(attempt: FakeAttempt) -> None:
            before = self.world.executions[attempt.task.id]
            run_script(attempt)
            if self.world.executions[attempt.task.id] > before:
                self.ask(attempt.task.id)

        def end_when_answered(attempt: FakeAttempt) -> None:
            mine = [
                one for one in self.asked if (one.key, one.attempt) == (attempt.task.id.key, attempt.task.id.attempt)
            ]
            if attempt.ending is Ending.SUCCEEDS and any(answer_to(self.store, one) is None for one in mine):
                return
            end(attempt)

        self.world.run_script = run_and_ask  # type: ignore[method-assign]
        self.world.end = end_when_answered  # type: ignore[method-assign]

    def ask(self, task: TaskId) -> None:
        for wish in self.wishes.get(task, ()):
            execution = f"{self.world.executions[task]:08x}"
            made = RequestId(task.run, task.key, task.attempt, f"{execution}-{len(self.asked):016x}")
            self.asked.append(made)
            self.store.put(made.request, canonical_json(to_document(wish)))

    @property
    def submitted(self) -> list[str]:
        """The runs that were submitted for the steps."""
        found = {key.split("/")[1] for key in self.store.objects if key.startswith("runs/") and "/journal/" in key}
        return sorted(found - {self.run_id})

    def answers(self) -> list[RequestAnswer | None]:
        return [answer_to(self.store, one) for one in self.asked]


def answer_to(store: ObjectStore, one: RequestId) -> RequestAnswer | None:
    try:
        return read_document(RequestAnswer, store.get(one.answer), one.answer)
    except ObjectMissing:
        return None


def wish(name: str = "p") -> RunRequest:
    return RunRequest(pipeline=name, experiment="child")


QUICK = settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


@QUICK
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 4)), max_size=5),
    st.frozensets(st.integers(3, 60), max_size=6),
    st.lists(st.sampled_from(["p", "q"]), min_size=1, max_size=3),
    st.sampled_from([Ending.SUCCEEDS, Ending.EVICTED, Ending.VANISHES, Ending.FAILS]),
)
def test_each_request_makes_one_run_whatever_dies(
    deaths: list[tuple[int, int]], trouble: frozenset[int], names: list[str], first: Ending
) -> None:
    wishes = tuple(map(wish, names))
    bench = Asking(
        plan(step("a"), step("b")),
        endings={TaskId(RUN, "a", 1): (first, 3), TaskId(RUN, "b"): (Ending.SUCCEEDS, 2)},
        wishes={TaskId(RUN, "a", attempt): wishes for attempt in (1, 2)} | {TaskId(RUN, "b", 1): (wish("p"),)},
    )
    for death, pause in deaths:
        bench.live(Life(death))
        for _ in range(pause):
            bench.world.pass_time(1.0)  # no controller is there
    end = bench.run(trouble=trouble)
    assert end.status is (RunStatus.FAILED if first is Ending.FAILS else RunStatus.SUCCEEDED), statuses(end)
    bench.check()
    assert set(bench.started) == set(bench.submitted), "a run without a controller"
    if first is Ending.FAILS:  # nobody waits for what it asked
        assert len(bench.submitted) <= len(names) + 1
        return
    given_to = Counter(answer.submitted for answer in bench.answers() if answer)
    # Those of the first attempt that were accepted before it vanished, the rest of the second one, and that of b.
    assert sorted(given_to) == [run for run in bench.submitted if run in given_to]
    assert len(bench.submitted) == len(names) + 1
    last = max(one.attempt for one in bench.asked if one.key == "a")
    mine = [answer_to(bench.store, one) for one in bench.asked if (one.key, one.attempt) == ("a", last)]
    assert len({answer.submitted for answer in mine if answer}) == len(names)
    assert not [key for key in bench.store.objects if key.startswith(requests_of(RUN)) and "/1-" not in key]


def test_a_repeated_attempt_gets_the_run_of_the_first_and_a_new_one_after_a_failure() -> None:
    for status, runs in ((None, 1), (e.RunEnded(RunStatus.FAILED), 2)):
        bench = Asking(
            plan(step("a")),
            endings={TaskId(RUN, "a", 1): (Ending.EVICTED, 9)},
            wishes={TaskId(RUN, "a", attempt): (wish(),) for attempt in (1, 2)},
        )
        if status is not None:
            fail_children(bench, status)
        assert bench.run().status is RunStatus.SUCCEEDED
        answers = [answer.submitted for answer in bench.answers() if answer]
        assert len(answers) == 2
        assert len(set(answers)) == runs == len(bench.submitted)


def fail_children(bench: Asking, end: e.RunEnded) -> None:
    """Let each submitted run fail at once."""
    original = bench.world.pass_time

    def pass_time(seconds: float) -> None:
        original(seconds)
        for run in bench.submitted:
            found = plans.replay(bench.store, run)
            if found is not None and not found[1].over:
                failed = e.StepFailed(key="child", failure=Failure.USER, reason="no")
                journal.Writer(bench.store, run, "c", found[1].number).append([failed, end], T0)

    bench.world.pass_time = pass_time  # type: ignore[method-assign]


def test_a_refusal_is_an_answer_and_the_step_goes_on() -> None:
    bench = Asking(plan(step("a")), wishes={TaskId(RUN, "a", 1): (wish("gone"),)}, refused=frozenset({"gone"}))
    assert bench.run().status is RunStatus.SUCCEEDED
    (answer,) = bench.answers()
    assert answer is not None
    assert answer.submitted == ""
    assert [one.problem.remedy for one in answer.problems] == ["publish it"]
    assert bench.submitted == []


def test_what_a_hostile_step_writes_makes_no_run() -> None:
    bench = Asking(
        plan(step("a"), step("b")),
        endings={TaskId(RUN, "a", 1): (Ending.SUCCEEDS, 8), TaskId(RUN, "b", 1): (Ending.SUCCEEDS, 30)},
        wishes={TaskId(RUN, "a", 1): tuple(wish() for _ in range(MOST + 3))},
    )
    hostile = requests_of(RUN)
    good = canonical_json(to_document(wish()))
    evil = {
        f"{hostile}a/1-zz.json": good,
        f"{hostile}a/2-{'0' * 16}.json": good,  # no such attempt
        f"{hostile}nobody/1-{'0' * 16}.json": good,
        f"{hostile}x": b"",
        f"{hostile}b/1-{'a' * 16}.json": b"{",
        f"{hostile}b/1-{'b' * 16}.json": b'{"pipeline": 1}',
        f"{hostile}b/1-{'c' * 16}.json": b" " * (256 * 1024 + 1),
        f"{hostile}b/0-{'d' * 16}.json": good,
        f"{hostile}b/1-{'d' * 16}.json": b"[" * 200_000,
        f"{hostile}b/1-{'f' * 16}.json": canonical_json(to_document(replace(wish(), source="Schedule"))),
        f"{hostile}b/1-{'e' * 16}.json": good.replace(b'"child"', b"1" + b"0" * 400),
    }
    for key, data in evil.items():
        bench.store.put(key, data)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert len(bench.submitted) == MOST
    refused = [answer for answer in bench.answers() if answer and not answer.submitted]
    assert len(refused) == 3
    assert "is the most" in refused[0].problems[0].what
    for token in "abcdef":
        answer = answer_to(bench.store, RequestId(RUN, "b", 1, token * 16))
        assert answer is not None
        assert not answer.submitted
    left = [key for key in bench.store.objects if key.startswith(hostile)]
    assert left == [f"{hostile}a/2-{'0' * 16}.json"]  # an attempt that could come next


def test_a_step_that_floods_its_folder_keeps_no_other_step_waiting() -> None:
    bench = Asking(plan(step("a"), step("b")), wishes={TaskId(RUN, "b", 1): (wish(),)})
    for n in range(step_requests._AT_ONCE):
        bench.store.put(RequestId(RUN, "a", 2, f"{n:016x}").request, b"")
    assert bench.run().status is RunStatus.SUCCEEDED  # b ends only when it is answered
    (answer,) = bench.answers()
    assert answer is not None
    assert [answer.submitted] == bench.submitted


def test_a_run_that_is_being_canceled_submits_nothing() -> None:
    bench = Asking(
        plan(step("a")),
        endings={TaskId(RUN, "a", 1): (Ending.COMMITS_ON_STOP, 1)},
        wishes={TaskId(RUN, "a", 1): (wish(),)},
    )
    bench.cancel_at = 1
    bench.run()
    assert bench.submitted == []


def test_a_run_without_requests_pays_one_listing_each_two_seconds() -> None:
    wide = plan(*(step(f"s{n}") for n in range(50)))
    bench = Asking(wide, endings={TaskId(RUN, f"s{n}"): (Ending.SUCCEEDS, 60) for n in range(50)}, slots=50)
    listed: list[float] = []
    original = bench.store.list

    def watched(prefix: str, *, after: str = "") -> object:
        if prefix in (requests_of(RUN), submissions_of(RUN)):
            listed.append(bench.world.clock.monotonic())
        return original(prefix, after=after)

    bench.store.list = watched  # type: ignore[method-assign, assignment]
    assert bench.run().status is RunStatus.SUCCEEDED
    gaps = [later - sooner for sooner, later in pairwise(listed)]
    assert len(listed) > 5
    assert min(gaps) >= step_requests.PACE


@pytest.mark.parametrize("start_fails", [True, False])
def test_a_run_without_a_controller_is_answered_with_its_id(start_fails: bool) -> None:
    bench = Asking(plan(step("a")), wishes={TaskId(RUN, "a", 1): (wish(),)})

    @dataclass
    class Failing(Launcher):
        @override
        def launch(self, run: str, request: RunRequest) -> None:
            super().launch(run, request)
            if start_fails:
                raise TargetError("the cluster refuses Jobs")

    bench.launcher = lambda store, life: Failing(store, life, bench.started)
    assert bench.run().status is RunStatus.SUCCEEDED
    (answer,) = bench.answers()
    assert answer is not None
    assert [answer.submitted] == bench.submitted
    assert [one.what for one in answer.problems] == ["the cluster refuses Jobs"] * start_fails


@pytest.mark.parametrize("error", [RecursionError("deep"), TypeError("odd"), OverflowError("big"), AssertionError("?")])
def test_an_error_of_one_request_ends_neither_the_controller_nor_the_others(error: Exception) -> None:
    bench = Asking(plan(step("a")), wishes={TaskId(RUN, "a", 1): (wish("bad"), wish("good"))})

    @dataclass
    class Failing(Launcher):
        @override
        def launch(self, run: str, request: RunRequest) -> None:
            if request.pipeline == "bad":
                raise error
            super().launch(run, request)

    bench.launcher = lambda store, life: Failing(store, life, bench.started)
    assert bench.run().status is RunStatus.SUCCEEDED
    bad, good = bench.answers()
    assert bad is not None
    assert good is not None
    assert type(error).__name__ in bad.problems[0].what
    assert [good.submitted] == bench.submitted


def test_a_request_that_cannot_be_looked_at_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the fault is, it must not come again with each look, nor keep the others waiting."""
    accept = step_requests.StepRequests._accept

    def failing(self: step_requests.StepRequests, found: RequestId, info: ObjectInfo, *, canceled: bool) -> bool:
        if found.token.endswith("0" * 16):
            raise ZeroDivisionError("a fault of ours")
        return accept(self, found, info, canceled=canceled)

    monkeypatch.setattr(step_requests.StepRequests, "_accept", failing)
    bench = Asking(plan(step("a")), wishes={TaskId(RUN, "a", 1): (wish("p"), wish("q"))})
    assert bench.run().status is RunStatus.SUCCEEDED
    bad, good = bench.answers()
    assert bad is not None
    assert "ZeroDivisionError" in bad.problems[0].what
    assert good is not None
    assert [good.submitted] == bench.submitted


def test_a_look_that_fails_ends_no_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    recover = step_requests.StepRequests._recover
    faults = [ZeroDivisionError("a fault of ours"), ZeroDivisionError("again")]

    def failing(self: step_requests.StepRequests, run: str) -> None:
        if faults:
            raise faults.pop()
        recover(self, run)

    monkeypatch.setattr(step_requests.StepRequests, "_recover", failing)
    bench = Asking(plan(step("a")), wishes={TaskId(RUN, "a", 1): (wish("p"),)})
    assert bench.run().status is RunStatus.SUCCEEDED
    assert not faults
    assert len(bench.submitted) == 1


def test_an_attempt_that_is_executed_twice_gets_the_same_runs() -> None:
    """The first execution vanished before it was known; what it asked for is there, and the second asks again."""
    bench = Asking(plan(step("a")), endings={TaskId(RUN, "a", 1): (Ending.SUCCEEDS, 12)})
    tokens = iter(range(100))
    for execution, names in (("0" * 8, ("p", "p", "q")), ("1" * 8, ("p", "q", "p", "p"))):
        for name in names:
            made = RequestId(RUN, "a", 1, f"{execution}-{next(tokens):016x}")
            bench.asked.append(made)
            bench.store.put(made.request, canonical_json(to_document(wish(name))))
    assert bench.run().status is RunStatus.SUCCEEDED
    runs = [answer.submitted for answer in bench.answers() if answer]
    assert runs[3:6] == [runs[0], runs[2], runs[1]]
    assert len(set(runs)) == len(bench.submitted) == 4


def test_forged_executions_submit_no_more_runs() -> None:
    bench = Asking(plan(step("a")), endings={TaskId(RUN, "a", 1): (Ending.SUCCEEDS, 12)})
    for number in range(MOST + 5):
        made = RequestId(RUN, "a", 1, f"{number:08x}-{number:016x}")
        bench.asked.append(made)
        bench.store.put(made.request, canonical_json(to_document(wish(f"p{number}"))))
    assert bench.run().status is RunStatus.SUCCEEDED
    assert len(bench.submitted) == MOST
    assert sum(bool(answer and answer.problems) for answer in bench.answers()) == 5
