from __future__ import annotations

from runner.operations.timeline import Phase, StepTimeline, Timeline
from runner.pages.gantt import PAGE, WIDTH, gantt
from tests.support import builders as b

Span = tuple[str, float, float | None]


def step(key: str, began: float, ended: float | None, *phases: Span, critical: bool = False) -> StepTimeline:
    def phase(name: str, first: float, last: float | None) -> Phase:
        return Phase(name=name, began=b.at(first), ended=None if last is None else b.at(last), attempt=1)

    made = [phase(*each) for each in phases]
    return StepTimeline(
        key=key,
        name=key,
        status="succeeded",
        began=b.at(began),
        ended=None if ended is None else b.at(ended),
        attempts=1,
        trial_of="",
        phases=tuple(made),
        critical=critical,
    )


def timeline(*steps: StepTimeline, ended: float | None = 100) -> Timeline:
    return Timeline(
        run=b.RUN,
        status="succeeded",
        created=b.at(0),
        ended=None if ended is None else b.at(ended),
        now=b.at(100),
        steps=steps,
        critical=tuple(each.key for each in steps if each.critical),
    )


def test_bars_lie_at_their_times_in_the_order_in_which_steps_began() -> None:
    late = step("late", 50, 100, ("queued", 50, 60), ("script", 60, 100), critical=True)
    found = gantt(timeline(late, step("early", 0, 10, ("running", 0, 10))))
    assert [row.name for row in found.rows] == ["early", "late"]
    assert [(bar.phase, bar.x, bar.width) for bar in found.rows[1].bars] == [("queued", 500, 100), ("script", 600, 400)]
    assert found.rows[1].told == "queued 10 s, script 40 s"
    assert found.critical == ("late",)
    assert found.phases == ("queued", "script", "running")


def test_a_phase_that_goes_on_ends_now() -> None:
    found = gantt(timeline(step("a", 50, None, ("script", 50, None)), ended=None))
    assert (found.rows[0].bars[0].x, found.rows[0].bars[0].width) == (500, 500)
    assert found.rows[0].told == "script 50 s so far"


def test_marks_are_at_round_times_and_few() -> None:
    for ended in (0.5, 7, 100, 5000, 400000, 40000000):
        found = gantt(timeline(step("a", 0, ended, ("script", 0, ended)), ended=ended))
        assert 1 <= len(found.ticks) <= 8
        assert all(0 <= tick.x <= WIDTH for tick in found.ticks)


def test_many_steps_have_pages() -> None:
    steps = [step(f"s{n}", n / 100, 90, ("script", n / 100, 90)) for n in range(PAGE + 3)]
    assert len(gantt(timeline(*steps)).rows) == PAGE
    last = gantt(timeline(*steps), 9)
    assert (last.page, last.last, last.first, len(last.rows)) == (2, 2, PAGE + 1, 3)


def test_a_run_in_which_nothing_began_has_no_rows() -> None:
    found = gantt(timeline())
    assert (found.rows, found.critical, found.never) == ((), (), 0)
