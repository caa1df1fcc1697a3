"""The course of a gang: when each worker starts its ranks, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from queue import SimpleQueue

import pytest

from runner.step import gang_course
from runner.step.gang_work import Asked, Event, Gone, Met, Outcome, Told, WorkEnded, failed, told
from runner.step.rank_layout import PYTORCH, TENSORFLOW, Gang

GANG = Gang(kind=PYTORCH, nodes=3, processes=1, node=0, hosts=("a", "b", "c"))
FAILURE = failed("rank 2 of 3", 3, ("Traceback", "  at x", "ValueError: bad"))
STARTED, ENDED, SUCCESS = {"start": True}, "end", WorkEnded(Outcome(code=0))


class Stage:
    """Events that were put before, and all that a worker does about them."""

    def __init__(self, *events: Event) -> None:
        self.events: SimpleQueue[Event] = SimpleQueue()
        for event in events:
            self.events.put(event)
        self.done: list[object] = []

    def start(self) -> int:
        self.done.append("connected")
        return 0

    def tell_all(self, document: Mapping[str, object]) -> None:
        self.done.append(document)

    tell = tell_all

    @property
    def work(self) -> Processes:
        return Processes(self.done)


class Processes:
    def __init__(self, done: list[object]) -> None:
        self.done = done

    def start(self) -> None:
        self.done.append("started")

    def stop(self, grace: float) -> None:
        self.done.append("stopped" if grace else "killed")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gang_course, "_CAUSE", 0.05)


def lead(*events: Event, whole: bool = False) -> tuple[Outcome, list[object]]:
    stage = Stage(*events)
    return gang_course.lead(GANG, stage.work, stage, stage.events, whole=whole), stage.done


def follow(*events: Event, gang: Gang = GANG, whole: bool = False) -> tuple[Outcome, list[object]]:
    stage = Stage(*events)
    return gang_course.follow(gang, stage.work, stage, stage.events, whole=whole), stage.done


def test_the_failure_of_a_rank_is_in_words() -> None:
    assert FAILURE.reason == "rank 2 of 3 ended with exit code 3: ValueError: bad"
    assert failed("rank 0 of 2", -9, ()).reason.startswith("rank 0 of 2 was killed by signal 9 (SIGKILL")
    assert told(FAILURE.document) == Outcome(code=3, reason=FAILURE.reason, lines=FAILURE.lines, own=False)


def test_the_first_worker_starts_when_all_are_there_and_ends_when_all_have_ended() -> None:
    outcome, done = lead(Met(2), Met(1), Told(1, {"done": True}), Gone(1, "x"), SUCCESS, Told(2, {"done": True}))
    assert outcome.code == 0
    assert done == ["connected", STARTED, "started", {"end": outcome.document}, "stopped"]


def test_the_failure_of_another_worker_ends_all() -> None:
    outcome, done = lead(Met(1), Met(2), Told(2, {"failed": FAILURE.document}), Gone(2, "it has ended"))
    assert (outcome.reason, outcome.own, outcome.code) == (FAILURE.reason, False, 3)
    assert done[-2:] == [{"end": outcome.document}, "stopped"]


def test_a_lost_worker_is_the_cause_of_a_failure_that_comes_first() -> None:
    outcome, _ = lead(Met(1), Met(2), Told(1, {"failed": FAILURE.document}), Gone(2, "the connection has ended"))
    assert (outcome.lost, outcome.reason) == (True, "worker 2 of 3 was lost: the connection has ended")


def test_a_worker_that_never_comes_is_lost() -> None:
    outcome, done = lead(Met(1), Gone(2, "it did not start within 9 s"))
    assert outcome.lost
    assert "started" not in done


def test_with_mpirun_the_end_of_mpirun_is_the_end_of_all() -> None:
    outcome, done = lead(Met(1), Met(2), SUCCESS, whole=True)
    assert (outcome.code, done[-2:]) == (0, [{"end": outcome.document}, "stopped"])
    assert lead(Met(1), Met(2), Gone(1, "x"), whole=True)[0].lost
    assert lead(Met(1), Met(2), WorkEnded(FAILURE), Gone(1, "x"), whole=True)[0].lost


def test_the_first_worker_does_not_tell_that_it_was_asked_to_end() -> None:
    outcome, done = lead(Met(1), Met(2), Asked())
    assert (outcome.code, outcome.reason) == (143, "")
    assert done == ["connected", STARTED, "started", "stopped"]


def test_a_led_worker_tells_its_end_and_goes() -> None:
    outcome, done = follow(Told(0, STARTED), SUCCESS)
    assert (outcome.code, done) == (0, ["connected", "started", {"done": True}])


def test_a_worker_with_parameter_servers_stays_until_all_have_ended() -> None:
    gang = Gang(kind=TENSORFLOW, nodes=2, processes=1, servers=2, node=1, hosts=("a", "b"))
    outcome, done = follow(Told(0, STARTED), SUCCESS, Told(0, {ENDED: Outcome(code=0).document}), gang=gang)
    assert (outcome.code, done) == (0, ["connected", "started", {"done": True}, "stopped"])


def test_a_led_worker_that_fails_hears_whether_it_was_the_first() -> None:
    confirmed, done = follow(Told(0, STARTED), WorkEnded(FAILURE), Told(0, {ENDED: FAILURE.document}))
    assert (confirmed, done[-2:]) == (FAILURE, [{"failed": FAILURE.document}, "stopped"])
    assert follow(Told(0, STARTED), WorkEnded(FAILURE))[0] == FAILURE
    lost = Outcome(code=1, reason="worker 1 of 3 was lost", lost=True)
    assert follow(Told(0, STARTED), WorkEnded(FAILURE), Told(0, {ENDED: lost.document}))[0].lost
    assert follow(Told(0, STARTED), WorkEnded(FAILURE), Gone(0, "x"))[0].lost


@pytest.mark.parametrize(
    ("event", "check"),
    [
        (Told(0, {ENDED: FAILURE.document}), lambda it: it.reason == FAILURE.reason and not it.own),
        (Gone(0, "x"), lambda it: it.lost and it.reason == "worker 0 of 3 was lost: x"),
        (Asked(), lambda it: it.code == 143 and not it.reason),
    ],
)
def test_a_led_worker_ends_with_the_gang(event: Event, check: Callable[[Outcome], bool]) -> None:
    outcome, done = follow(Told(0, STARTED), event)
    assert check(outcome), outcome
    assert done == ["connected", "started", "stopped"]


def test_alone_parameter_servers_end_with_the_ranks() -> None:
    stage = Stage(SUCCESS)
    assert gang_course.alone(stage.work, stage.events).code == 0
    assert stage.done == ["started", "stopped"]
