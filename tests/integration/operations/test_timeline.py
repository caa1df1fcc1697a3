"""The phases of steps."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runner.model import events as e
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.plan import Plan
from runner.model.record import AttemptRecord, Failure, Phases
from runner.model.state import begin, fold
from runner.model.task import TaskId
from runner.operations.attempt_moments import Moments
from runner.operations.timeline import StepTimeline, Timeline, attempt_phases, timeline
from runner.operations.values import RunView
from runner.runs import journal
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


def look(
    plan: Plan, *happened: tuple[float, e.Event], records: dict[TaskId, AttemptRecord] | None = None, now: float = 99
) -> Timeline:
    """Return the timeline of a run in which `happened` at these seconds."""
    store = MemoryStore()
    whole = [(0.0, e.RunSubmitted(b.submission(plan))), *happened]
    entries = [e.JournalEntry(n, b.at(second), "c", (event,)) for n, (second, event) in enumerate(whole, 1)]
    for entry in entries:
        journal.Writer(store, b.RUN, "c", entry.number - 1).append(entry.events, entry.time)
    for task, record in (records or {}).items():
        store.put(task.record, canonical_json(to_document(record)))
    return timeline(store, RunView(fold(begin(b.RUN, plan), entries), plan), b.at(now))


def shown(step: StepTimeline) -> list[tuple[str, float, float | None, int]]:
    return [
        (phase.name, seconds(phase.began), seconds(phase.ended) if phase.ended else None, phase.attempt)
        for phase in step.phases
    ]


def seconds(at: datetime) -> float:
    return (at - b.T0).total_seconds()


def test_all_phases_of_a_step_in_a_pod() -> None:
    done = e.StepSucceeded(key="a", attempt=1, started=b.at(8), ended=b.at(20), outputs={"out": b.ref()})
    record = b.record(
        started=b.at(8), ended=b.at(20), phases=Phases(inputs=2.0, script=7.5, outputs=2.0), outputs={"out": b.ref()}
    )
    seen = look(
        b.plan(b.step("a")),
        (2, b.started("a")),
        (3, e.AttemptPending("a", "no node has 2 CPUs free")),
        (5, e.AttemptPending("a", 'Pulling image "x"')),
        (9, e.AttemptRunning("a", b.at(8))),
        (21, done),
        records={b.task_id(): record},
    )
    assert shown(seen.steps[0]) == [
        ("waiting", 0, 2, 0),
        ("queued", 2, 5, 1),
        ("pulling", 5, 8, 1),
        ("inputs", 8, 10, 1),
        ("script", 10, 17.5, 1),
        ("outputs", 17.5, 20, 1),
    ]
    assert (seen.steps[0].began, seen.steps[0].ended, seen.steps[0].critical) == (b.at(2), b.at(20), True)


def test_phases_that_nobody_has_noted_are_one() -> None:
    seen = look(b.plan(b.step("a")), (1, b.started("a")), (5, b.failed("a")))
    assert shown(seen.steps[0]) == [("waiting", 0, 1, 0), ("queued", 1, 5, 1)]
    ran = replace(b.failed("a"), started=b.at(2), ended=b.at(4))
    assert shown(look(b.plan(b.step("a")), (0, b.started("a")), (5, ran)).steps[0]) == [
        ("queued", 0, 2, 1),
        ("running", 2, 4, 1),
    ]


def test_each_attempt_and_the_pause_between_them() -> None:
    lost = e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="lost", not_before=b.at(9))
    seen = look(
        b.plan(b.step("a")),
        (1, b.started("a")),
        (2, e.AttemptRunning("a", b.at(2))),
        (4, lost),
        (9, b.started("a", 2)),
        (11, e.AttemptRunning("a", b.at(10))),
    )
    assert shown(seen.steps[0]) == [
        ("waiting", 0, 1, 0),
        ("queued", 1, 2, 1),
        ("running", 2, 4, 1),
        ("waiting", 4, 9, 1),
        ("queued", 9, 10, 2),
        ("running", 10, None, 2),
    ]
    assert (seen.steps[0].attempts, seen.steps[0].ended) == (2, None)


def test_a_step_waits_from_the_end_of_the_last_step_that_it_needs() -> None:
    plan = b.plan(b.step("a"), b.step("b", "a"), b.step("c", "b"))
    done = e.StepSucceeded(key="a", attempt=1, started=b.at(1), ended=b.at(5), outputs={"out": b.ref()})
    seen = look(plan, (0, b.started("a")), (6, done))
    assert [shown(step) for step in seen.steps[1:]] == [[("waiting", 5, None, 0)], []]
    assert seen.critical == ("a",)


def test_a_reused_step_takes_no_time_and_is_on_the_path() -> None:
    plan = b.plan(b.step("a"), b.step("b", "a"))
    reused = e.StepReused("a", "other.a", {"out": b.ref()})
    seen = look(plan, (3, reused), (4, b.started("b")))
    assert (seen.steps[0].began, seen.steps[0].ended, seen.steps[0].phases) == (b.at(3), b.at(3), ())
    assert seen.critical == ("a", "b")


def test_the_process_of_an_attempt_may_begin_before_its_journal_entry() -> None:
    record = b.record(started=b.at(1), ended=b.at(5), phases=Phases(inputs=0.0, script=4.0), outputs={"out": b.ref()})
    done = e.StepSucceeded(key="a", attempt=1, started=b.at(1), ended=b.at(5), outputs={"out": b.ref()})
    seen = look(b.plan(b.step("a")), (3, b.started("a")), (6, done), records={b.task_id(): record})
    assert shown(seen.steps[0]) == [("waiting", 0, 1, 0), ("script", 1, 5, 1)]
    assert seen.steps[0].began == b.at(1)


def test_entries_after_the_view_do_not_count() -> None:
    store, plan = MemoryStore(), b.plan(b.step("a"))
    entries = [b.entry(1, e.RunSubmitted(b.submission(plan))), b.entry(2, b.started("a"))]
    for entry in entries:
        journal.Writer(store, b.RUN, "c", entry.number - 1).append(entry.events, entry.time)
    first = RunView(fold(begin(b.RUN, plan), entries[:1]), plan)
    assert timeline(store, first, b.at(9)).steps[0].began is None


moments = st.none() | st.integers(0, 30)


@given(
    placed=moments, pulling=moments, started=moments, ended=moments, inputs=st.integers(0, 9), recorded=st.booleans()
)
def test_phases_follow_each_other_without_gaps_whatever_the_clocks_say(
    placed: int | None, pulling: int | None, started: int | None, ended: int | None, inputs: int, recorded: bool
) -> None:
    def when(second: int | None) -> datetime | None:
        return None if second is None else b.at(second)

    known = Moments(
        number=1,
        created=b.at(10),
        placed=when(placed),
        pulling=when(pulling),
        started=when(started),
        ended=when(ended),
    )
    record = None
    if recorded:
        record = b.record(started=b.at(started or 0), ended=b.at(ended or 0), phases=Phases(inputs, 2, 1))
    found = list(attempt_phases(known, record))
    assert found
    assert found[0].began == b.at(10)
    for before, after in pairwise(found):
        assert before.ended == after.began
    for phase in found:
        assert phase.ended is None or phase.ended >= phase.began
    assert all(phase.ended is not None for phase in found[:-1])
    if ended is None and not recorded:
        assert found[-1].ended is None
    else:
        assert found[-1].ended is not None
        assert found[-1].ended - found[0].began <= timedelta(seconds=60)
