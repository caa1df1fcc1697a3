"""The shell of the pages in Chromium: live updates, what they leave alone, a store that goes and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from runner.model.status import RunStatus
from runner.runs import head
from runner.wiring import SystemClock
from tests.support.browsing import ONCE, Web
from tests.support.builders import T0
from tests.support.needs import chromium
from tests.support.served_run import DONE, GOING, ServedWorkspace, served
from tests.support.serving import live

if TYPE_CHECKING:
    from playwright.sync_api import Page

SECONDS = 20_000
"""The most milliseconds that a busy machine may take for what takes one second."""


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def page(workspace: ServedWorkspace) -> Iterator[Page]:
    program = chromium()
    from playwright.sync_api import sync_playwright

    web = Web(lambda: workspace, workspace.store)
    web.clock = SystemClock()  # type: ignore[assignment]
    with live(web.context()) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        made = browser.new_context(base_url=url).new_page()
        wrong: list[str] = []
        made.on("pageerror", lambda error: wrong.append(str(error)))
        made.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        made.goto(f"/login?once={ONCE}")
        made.wait_for_url("**/runs")
        yield made
        assert wrong == []
        browser.close()


def test_a_live_page_shows_news_and_leaves_the_readers_work_alone(page: Page, workspace: ServedWorkspace) -> None:
    row = f"#run-{GOING}"
    assert page.get_attribute(row, "data-state") == "starting"
    page.check(f"#pick-{GOING}")
    page.check(f"#pick-{DONE}")
    page.click(f"#menu-{GOING} > summary")
    page.fill("#f-text", "half a wo")
    done = head.Head(number=9, status=RunStatus.FAILED, time=T0, succeeded=0, ended=T0)
    head.put(workspace.store, GOING, done)
    page.wait_for_selector(f"{row}[data-state=failed]", timeout=SECONDS)
    assert page.is_checked(f"#pick-{GOING}")
    assert page.evaluate(f"document.querySelector('#menu-{GOING}').open")
    assert page.input_value("#f-text") == "half a wo"
    assert page.inner_text("[data-picks]") == "Compare 2 runs"
    key = page.input_value(f"{row} input[name=key]", timeout=SECONDS)
    page.evaluate(f"document.querySelector('{row} form').dataset.sent = 'yes'")
    head.put(workspace.store, DONE, done)
    page.wait_for_selector(f"#run-{DONE}[data-state=failed]", timeout=SECONDS)
    assert page.input_value(f"{row} input[name=key]") == key, "a second press would make a second run"
    assert page.get_attribute(f"{row} form", "data-sent") == "yes"
    page.click("[data-picks]")
    page.wait_for_url(f"**/compare?run={GOING}&run={DONE}")


def test_a_store_that_goes_is_told_and_the_page_comes_back(page: Page) -> None:
    page.route("**/runs", lambda route: route.fulfill(status=503, body="away"))
    page.wait_for_selector("#live-note", timeout=SECONDS)
    assert "store does not answer" in page.inner_text("#live-note")
    page.unroute("**/runs")
    page.wait_for_selector("#live-note", state="detached", timeout=SECONDS)


def test_the_theme_is_kept(page: Page) -> None:
    for expected in ("light", "dark"):
        page.click("[data-theme-switch]")
        assert page.get_attribute("html", "data-theme") == expected
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.reload()
    assert page.get_attribute("html", "data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_a_filter_makes_a_short_address_and_the_keyboard_is_enough(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#f-experiment")
    page.keyboard.type("going")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?experiment=going")
    page.focus(f"#menu-{GOING} > summary")
    page.keyboard.press("Enter")
    assert page.evaluate(f"document.querySelector('#menu-{GOING}').open")
    page.keyboard.press("Escape")
    assert not page.evaluate(f"document.querySelector('#menu-{GOING}').open")


def test_the_end_of_a_session_leads_to_the_login(page: Page) -> None:
    page.context.clear_cookies()
    page.wait_for_url("**/login?next=%2Fruns", timeout=SECONDS)
