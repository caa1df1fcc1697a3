from __future__ import annotations

from runner.operations.report import StepReport, step_report
from runner.operations.values import RunView
from runner.pages.step_list import PAGE, StepFilter, StepList, step_address, step_list
from tests.support import builders as b
from tests.support import search_plans
from tests.support.memory_store import MemoryStore


def look(view: RunView, **wanted: object) -> StepList:
    def report(key: str) -> StepReport:
        return step_report(MemoryStore(), view, key, locate=lambda _: "", now=b.at(50), metrics=False)

    return step_list(view, StepFilter(**wanted), report)  # type: ignore[arg-type]  # fields of the filter


def view_of(many: int) -> RunView:
    plan = b.plan(*(b.step(f"s{number}") for number in range(many)))
    return RunView(b.state(plan, b.started("s0"), b.failed("s0"), b.started("s1")), plan)


def keys(found: StepList) -> list[str]:
    return [row.report.key for row in found.rows]


def test_steps_are_counted_by_state_with_those_in_trouble_first() -> None:
    found = look(view_of(5))
    counts = [(each.state, each.number) for each in found.counts]
    assert counts == [("", 5), ("failed", 1), ("queued", 1), ("waiting", 3)]
    assert found.counts[0].chosen
    assert found.counts[1].href == f"/runs/{b.RUN}?state=failed#steps"


def test_a_filter_by_state_and_text_keeps_what_fits_both() -> None:
    assert keys(look(view_of(5), state="waiting")) == ["s2", "s3", "s4"]
    assert keys(look(view_of(5), state="waiting", text="S3")) == ["s3"]
    assert look(view_of(5), text="nothing").rows == ()


def test_a_state_without_steps_that_is_asked_for_is_shown_as_chosen() -> None:
    found = look(view_of(2), state="canceled")
    assert [(each.number, each.chosen) for each in found.counts if each.state == "canceled"] == [(0, True)]


def test_a_long_list_has_pages_that_keep_the_filter() -> None:
    found = look(view_of(2 * PAGE + 1), state="", text="s")
    assert len(found.rows) == PAGE
    assert (found.previous, found.following) == ("", f"/runs/{b.RUN}?text=s&page=2#steps")
    last = look(view_of(2 * PAGE + 1), page=3)
    assert keys(last) == [f"s{2 * PAGE}"]
    assert last.following == ""
    assert look(view_of(3), page=99).first == 1


def test_trials_are_in_their_search() -> None:
    plan = search_plans.search_plan(3)
    found = look(RunView(b.state(plan), plan))
    assert keys(found) == [search_plans.TUNE]
    assert found.rows[0].trials == f"/runs/{b.RUN}?tab=trials&search=tune"


def test_the_address_of_a_step_has_no_character_with_a_meaning() -> None:
    assert step_address(b.RUN, "a/b?c") == f"/runs/{b.RUN}/steps/a%2Fb%3Fc"
