from __future__ import annotations

from dataclasses import replace

from runner.model import events as e
from runner.model.policy import DEFAULT, RunPolicy
from runner.operations.report import OriginReport
from runner.operations.values import RunView
from runner.pages.policy_rows import run_policy_rows, step_policy_rows
from runner.pages.reuse_rows import reuse_rows
from runner.pages.run_page import RunPage, crumbs, run_page, tab_address, trouble_keys
from tests.support import builders as b
from tests.support import search_plans


def made(view: RunView, status: str = "running", stopped: str = "") -> RunPage:
    return run_page(view, status=status, stopped=stopped, tags={}, submitted=OriginReport(), after=(), trouble=())


def view_of(*happened: object, **submitted: object) -> RunView:
    plan = b.plan(b.step("a"), b.step("b", "a"), parameters={"rate": 0.1})
    return RunView(b.state(plan, *happened, **submitted), plan)  # type: ignore[arg-type]  # events


def test_the_facts_of_a_run() -> None:
    page = made(view_of(parameters={"rate": 0.5}))
    assert page.parameters == (("rate", "0.5"),)
    assert (page.size, page.targets, page.over) == ("2 steps", (b.TARGET,), False)
    assert [link.text for link in crumbs(page)] == ["Runs", "experiment", page.run[-6:]]


def test_commands_follow_the_state() -> None:
    assert "runner cancel aaaaaa" in dict(made(view_of()).commands).values()
    assert "runner resume aaaaaa" in dict(made(view_of(), "stopped", "gone").commands).values()
    failed = view_of(b.started("a"), b.failed("a"))
    assert "runner logs aaaaaa a" in dict(made(failed).commands).values()


def test_the_steps_in_trouble_are_those_that_failed() -> None:
    assert trouble_keys(view_of(b.started("a"), b.failed("a"))) == ("a",)
    assert trouble_keys(view_of()) == ()


def test_a_search_has_a_tab_for_its_trials() -> None:
    plan = search_plans.search_plan(3)
    page = made(RunView(b.state(plan), plan))
    assert "trials" in [name for name, _, _ in page.tabs]
    assert page.size == "1 step, 3 trials"
    assert "trials" not in [name for name, _, _ in made(view_of()).tabs]


def test_a_tab_has_an_address() -> None:
    assert tab_address(b.RUN, "steps") == f"/runs/{b.RUN}"
    assert tab_address(b.RUN, "trials", search="a b") == f"/runs/{b.RUN}?tab=trials&search=a+b"


def test_only_what_differs_from_the_default_policies_is_said() -> None:
    slow = replace(DEFAULT, retries=2, run_timeout=3600.0)
    limits = RunPolicy(deadline=60.0, max_parallel=0)
    plan = b.plan(b.step("a", policy=DEFAULT), b.step("b", policy=slow), policy=limits)
    assert step_policy_rows(plan) == (("a", "the defaults"), ("b", "retries 2, run_timeout 1 h 0 min"))
    found = dict(run_policy_rows(RunView(b.state(plan), plan)))
    assert found == {"deadline": "1 min 0 s", "reuse": "off: outputs are made anew"}


def test_reused_steps_come_first_with_their_origin() -> None:
    plan = b.plan(b.step("a"), b.step("b"))
    state = b.state(plan, e.StepReused("b", f"{b.RUN}.x"))
    rows = reuse_rows(RunView(state, plan))
    assert [(row.key, row.origin_run, row.origin_step) for row in rows] == [("b", b.RUN, "x"), ("a", "", "")]
