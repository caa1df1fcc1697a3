"""The page of a run in Chromium: its graph is drawn, moved, and kept up to date."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from runner.model import events as e
from runner.model.record import Failure
from tests.support import shown_runs
from tests.support.memory_store import MemoryStore
from tests.support.needs import cannot_run
from tests.support.served_run import ServedWorkspace
from tests.support.serving import context_of, live
from tests.support.shown_runs import ShownRun

HEADERS = {"Authorization": "Bearer all"}
TRANSFORM = "getComputedStyle(document.querySelector('.graph-drawing')).transform"


@dataclass
class Site:
    """A served store."""

    url: str
    store: MemoryStore
    browser: Browser

    def open(self, path: str, width: int = 1280, *, scripts: bool = True) -> Page:
        """Open a page that must report no error."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, extra_http_headers=HEADERS, java_script_enabled=scripts
        )
        page = context.new_page()
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.on("console", lambda message: pytest.fail(message.text) if message.type == "error" else None)
        page.goto(f"{self.url}{path}")
        return page

    def graph(self, run: str) -> Page:
        """Open the page of a run, and wait for its graph."""
        page = self.open(f"/runs/{run}")
        page.wait_for_selector(".graph-drawing", timeout=30_000)
        return page


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    program = shutil.which("chromium") or cannot_run("there is no Chromium")
    workspace = ServedWorkspace()
    workspace.store = MemoryStore()
    with live(context_of(lambda: workspace)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield Site(url, workspace.store, browser)
        browser.close()


def ago(minutes: float) -> datetime:
    return datetime.now(timezone.utc) - timedelta(minutes=minutes)


@pytest.fixture(scope="module")
def running(site: Site) -> ShownRun:
    return shown_runs.running(site.store, ago(1))


def test_the_graph_shows_each_step_with_its_state(site: Site, running: ShownRun) -> None:
    page = site.graph(running.run)
    read = "nodes => nodes.map(each => [each.querySelector('.name').textContent, each.dataset.state])"
    states = page.eval_on_selector_all(".graph-drawing .node", read)
    assert dict(states)["fetch"] == "succeeded"
    assert dict(states)["train"] == "running"
    assert (
        page.eval_on_selector('.graph-drawing [data-kind="workers"] .note', "note => note.textContent") == "4 workers"
    )


def test_the_graph_is_moved_and_zoomed_by_keys(site: Site, running: ShownRun) -> None:
    page = site.graph(running.run)
    page.focus(".graph-frame")
    seen = {page.evaluate(TRANSFORM)}
    for key in ("ArrowLeft", "ArrowDown", "+"):
        page.keyboard.press(key)
        page.wait_for_function(f"known => !known.includes({TRANSFORM})", arg=list(seen))
        seen.add(page.evaluate(TRANSFORM))
    page.keyboard.press("0")
    page.wait_for_function(f"known => known.includes({TRANSFORM})", arg=list(seen))


def test_a_drag_moves_the_graph_and_a_click_leads_to_the_step(site: Site, running: ShownRun) -> None:
    page = site.graph(running.run)
    before = page.evaluate(TRANSFORM)
    node = page.locator(".graph-drawing .node", has_text="clean.py").bounding_box()
    assert node is not None
    page.mouse.move(node["x"] + 20, node["y"] + 20)
    page.mouse.down()
    page.mouse.move(node["x"] + 90, node["y"] + 40, steps=4)
    page.mouse.up()
    page.wait_for_function(f"known => {TRANSFORM} !== known", arg=before)
    assert page.url.endswith(running.run), "a drag is no click"
    page.locator(".graph-drawing .node", has_text="clean.py").click()
    page.wait_for_url("**/steps/clean")


def test_a_change_is_shown_within_two_seconds_in_the_same_drawing(site: Site, running: ShownRun) -> None:
    page = site.graph(running.run)
    page.wait_for_timeout(1200)
    page.evaluate("window.drawing = document.querySelector('.graph-drawing')")
    running.at(50, e.StepFailed(key="score", failure=Failure.USER, reason="exit code 1"))
    running.write()
    changed = """() => document.querySelector('.steps').textContent.includes('exit code 1')
        && document.querySelector('.graph-drawing [data-state="failed"]')"""
    page.wait_for_function(changed, timeout=8_000)
    assert page.evaluate("window.drawing === document.querySelector('.graph-drawing')")


def test_many_equal_steps_are_a_block(site: Site) -> None:
    large = shown_runs.large(site.store, ago(2), 202)
    page = site.graph(large.run)
    assert page.locator(".graph-drawing .node").count() == len(large.plan.steps)
    assert page.locator(".graph-drawing .block").count() == 1
    assert page.locator(".graph-frame.far").count() == 1, "names are hidden from afar"
    page.locator(".graph-tools button").first.click(click_count=8)
    page.wait_for_function("() => !document.querySelector('.graph-frame.far')")


def test_without_scripts_the_list_says_all(site: Site, running: ShownRun) -> None:
    page = site.open(f"/runs/{running.run}", 390, scripts=False)
    assert page.locator(".steps tbody tr").count() == len(running.plan.steps)
    assert "the list below has the same steps" in page.inner_text("#graph")


def test_a_line_of_a_trial_is_lit_by_its_row(site: Site) -> None:
    search = shown_runs.search(site.store, ago(9), many=8)
    page = site.open(f"/runs/{search.run}?tab=trials")
    assert page.locator(".parallel .trial").count() == 8
    page.locator("tr[data-line='2'] a").focus()
    assert page.get_attribute(".parallel .trial.lit", "data-number") == "2"
    assert "accuracy" in page.inner_text(".parallel-told")
