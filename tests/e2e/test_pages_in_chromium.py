"""The web pages as Chromium shows them: light and dark, on a screen and a phone, by keyboard, for everybody, live."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.status import RunStatus
from runner.override import override
from runner.wiring import open_session
from tests.support import builders as b
from tests.support import hostile_run, shown_runs
from tests.support.examples import ALL_DATA
from tests.support.scripted_server import Reply, error
from tests.support.scripted_server import Seen as Request
from tests.support.shown_pages import Seen, ShownWorkspace, browser, served, violations, watched, workspace
from tests.support.small_s3 import SmallS3, small_s3

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STEPS = 202
LIVE = 10.0
"""Seconds for what is visible within 2 s on an idle machine: benchmarks/pages.py measures that."""
AWAY = 90.0
"""Seconds for a page to notice that the store is away: requests are repeated before."""
SCREEN, PHONE = 1280, 390
TABS = ("steps", "timeline", "metrics", "data", "reuse", "settings")
STEP_TABS = ("overview", "log", "files", "metrics", "environment")


@dataclass
class Shown:
    """The served workspace and a browser with a session."""

    known: ShownWorkspace
    origin: str
    browser: Browser
    session: object

    def page(self, scheme: str = "light", width: int = SCREEN) -> tuple[Page, Seen]:
        """Return a new page in a window of its own."""
        context = self.browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]  # light or dark
            storage_state=self.session,  # type: ignore[arg-type]  # as the context gave it
        )
        seen = watched(context, self.origin)
        return context.new_page(), seen

    def run(self, kind: str) -> str:
        """Return the address of the page of a run."""
        return f"{self.origin}/runs/{self.known.runs[kind]}"

    def addresses(self) -> Iterator[str]:
        """Yield the addresses of every kind of page."""
        runs = self.known.runs
        yield from (f"{self.origin}{path}" for path in ("/runs", "/runs?status=failed", "/runs?text=nowhere"))
        yield from (self.run(kind) for kind in ("running", "large", "search", "hostile"))
        yield from (f"{self.run('failed')}?tab={tab}" for tab in TABS)
        yield f"{self.run('search')}?tab=trials"
        yield from (f"{self.run('failed')}/steps/train?tab={tab}" for tab in STEP_TABS)
        yield from (f"{self.run('hostile')}/steps/{hostile_run.STEP}?tab={tab}" for tab in STEP_TABS)
        yield f"{self.origin}/compare"
        yield f"{self.origin}/compare?run={runs['first']}&run={runs['second']}&run={runs['failed']}"
        for path in ("/experiments", "/experiments/penguins", "/experiments/tuning", "/registry", "/runs/nowhere"):
            yield f"{self.origin}{path}"
        yield f"{self.run('failed')}/retry"
        yield f"{self.run('failed')}/tags"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    with browser() as opened:
        known = workspace(tmp_path_factory.mktemp("pages") / "project", STEPS)
        with served(known.folder) as address:
            found = re.match(r"http://[^/]+", address)
            assert found
            context = opened.new_context()
            context.new_page().goto(address)
            yield Shown(known, found[0], opened, context.storage_state())


# By default each page is opened once, every other one in each of the first two looks; in CI all of them in all looks.
LOOKS = [
    ("light", SCREEN),
    ("dark", PHONE),
    pytest.param("dark", SCREEN, marks=pytest.mark.all_data),
    pytest.param("light", PHONE, marks=pytest.mark.all_data),
]


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_fits_is_accessible_and_needs_nothing_from_elsewhere(shown: Shown, scheme: str, width: int) -> None:
    page, seen = shown.page(scheme, width)
    wrong: list[str] = []
    known = list(shown.addresses())
    for address in known if ALL_DATA else known[scheme == "dark" :: 2]:
        answer = page.goto(address)
        assert answer is not None
        path = address.removeprefix(shown.origin)
        if answer.status != (404 if "nowhere" in path and "text=" not in path else 200):
            wrong.append(f"{path}: {answer.status}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            wrong.append(f"{path}: is {wide} px wide")
        if page.locator("h1").count() != 1 or page.locator("main").count() != 1:
            wrong.append(f"{path}: has not one h1 and one main")
        wrong += [f"{path}: {line}" for line in violations(page)]
    page.context.close()
    assert wrong == []
    assert [error for error in seen.errors if "404" not in error] == []
    assert seen.outside == []


def focused(page: Page) -> dict[str, object]:
    found = page.evaluate(
        """() => {
            const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
            const text = one.textContent || one.getAttribute("aria-label") || one.name || "";
            return {tag: one.tagName, text: text.trim(),
                    ring: style.outlineStyle !== "none" || style.boxShadow !== "none",
                    seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight};
        }"""
    )
    assert isinstance(found, dict)
    return found


def tab_to(page: Page, text: str, most: int = 80) -> None:
    """Press Tab until an element with that text has the focus."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        passed.append(str(focused(page)["text"])[:40])
        if passed[-1] == text:
            return
    pytest.fail(f"no '{text}' by the keyboard: {passed}")


@pytest.mark.parametrize("kind", ["", "failed", "search"])
def test_whatever_has_the_focus_is_visible_and_marked(shown: Shown, kind: str) -> None:
    page, _ = shown.page()
    page.goto(shown.run(kind) if kind else f"{shown.origin}/runs")
    page.keyboard.press("Tab")
    assert focused(page)["text"] == "Skip to the content"
    hidden = []
    for _ in range(45):
        page.keyboard.press("Tab")
        one = focused(page)
        if one["tag"] == "BODY":
            break
        if not one["ring"] or not one["seen"]:
            hidden.append(one)
    page.context.close()
    assert hidden == []


def test_runs_are_found_compared_and_opened_by_keyboard(shown: Shown) -> None:
    page, seen = shown.page()
    page.goto(f"{shown.origin}/runs")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.get_by_label("Text").focus()
    page.keyboard.type("PENGUINS")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs?*text=PENGUINS*")
    assert "tuning" not in page.locator("main").inner_text()
    boxes = page.locator("main input[type=checkbox]")
    for number in (0, 1):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    page.locator("button[data-picks=run]").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare?*")
    assert page.locator("h1").inner_text() == "Compare runs"
    page.goto(shown.run("failed"))
    page.locator("main table a", has_text="train").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps/train*")
    tab_to(page, "Log")
    page.keyboard.press("Enter")
    page.wait_for_url("**/steps/train/log*")
    page.context.close()
    assert seen.errors == []


def test_a_run_is_tagged_by_keyboard_and_found_by_its_tag(shown: Shown) -> None:
    page, _ = shown.page()
    page.goto(shown.run("first"))
    tab_to(page, "Edit tags", most=120)
    page.keyboard.press("Enter")
    page.wait_for_url("**/tags")
    names, values = page.locator("main input[type=text], main input:not([type])").all()[-2:]
    names.fill("stage")
    values.fill("prod")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/tags" not in address)
    page.locator("main", has_text="stage=prod").wait_for()
    page.goto(f"{shown.origin}/runs?tag=stage%3Dprod")
    assert page.locator("main tbody tr").count() == 1
    page.context.close()


def test_pages_say_all_without_scripts(shown: Shown) -> None:
    context = shown.browser.new_context(java_script_enabled=False, storage_state=shown.session)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{shown.origin}/runs")
    page.get_by_label("Text").fill("tuning")
    page.get_by_role("button", name="Filter").click()
    assert page.locator("main tbody tr").count() == 1
    page.goto(shown.run("failed"))
    page.locator("main table a", has_text="train").first.click()
    page.get_by_role("link", name="Log", exact=True).click()
    assert page.locator("h1").inner_text() == "train"
    context.close()


def test_a_change_of_state_appears_by_itself(shown: Shown) -> None:
    run = shown.known.goes_on
    assert run is not None
    page, seen = shown.page()
    page.goto(shown.run("running"))
    rows = page.locator("main table tr", has=page.locator("a", has_text="train"))
    assert "running" in rows.first.inner_text()
    seconds = (shown.known.store.now() - run.began).total_seconds()
    run.at(seconds, e.StepSucceeded(key="score", attempt=1, started=b.at(0), ended=b.at(9), outputs={"out": b.ref()}))
    failed = e.StepFailed(key="train", failure=Failure.USER, reason="no rows are left", exit_code=3)
    skipped = [e.StepSkipped(key, "train did not succeed") for key in ("evaluate", "publish")]
    run.at(seconds + 0.1, failed, *skipped, e.RunEnded(RunStatus.FAILED))
    run.write()
    page.get_by_text("no rows are left").first.wait_for(timeout=LIVE * 1000)
    assert "failed" in page.locator(".head").inner_text()
    page.context.close()
    assert seen.errors == []


class Bucket(SmallS3):
    """A bucket that may be away."""

    away = False

    @override
    def answer(self, seen: Request) -> Reply:
        return error(503, "SlowDown") if self.away else super().answer(seen)


def test_a_page_says_that_the_store_is_away_and_comes_back_by_itself(shown: Shown, tmp_path: Path) -> None:
    server = Bucket()
    with small_s3(server) as endpoint:
        keys = endpoint.credentials
        given = {"access_key": keys.access_key, "secret_key": keys.secret_key}
        (tmp_path / "keys.json").write_text(json.dumps(given), encoding="utf-8")
        (tmp_path / "keys.json").chmod(0o600)
        store = (
            f"{{bucket: {endpoint.bucket}, endpoint: '{endpoint.endpoint}', credentials: '{tmp_path / 'keys.json'}'}}"
        )
        settings = f"target: laptop\ntargets:\n  laptop: {{type: process, store: {store}}}\n"
        (tmp_path / "runner.yaml").write_text(settings, encoding="utf-8")
        session = open_session(tmp_path)
        _ = session.store_id
        shown_runs.succeeded(session.store, session.store.now() - timedelta(minutes=5))
        with served(tmp_path) as address:
            page = shown.browser.new_context().new_page()
            page.goto(address)
            page.locator("main tbody tr").first.wait_for()
            server.away = True
            page.locator(".live-note").wait_for(timeout=AWAY * 1000)
            said = page.locator(".live-note").inner_text()
            assert page.locator("main tbody tr").count() == 1
            server.away = False
            page.locator(".live-note").wait_for(state="detached", timeout=AWAY * 1000)
            assert page.locator("main tbody tr").count() == 1
            page.context.close()
    assert said == "The store does not answer. This page comes back by itself."


def test_nothing_of_a_hostile_run_runs(shown: Shown) -> None:
    """Every address that pages of the run lead to is opened. None of its scripts runs on a page, or may in a frame."""
    page, seen = shown.page()
    first = [f"{shown.run('hostile')}?tab={tab}" for tab in TABS]
    first += [f"{shown.run('hostile')}/steps/{key}?tab={tab}" for key in (hostile_run.STEP, hostile_run.FAILED)
              for tab in STEP_TABS]  # fmt: skip
    first += [f"{shown.run('hostile')}/report", f"{shown.origin}/runs", f"{shown.origin}/experiments"]
    first.append(f"{shown.origin}/compare?run={shown.known.runs['hostile']}&run={shown.known.runs['first']}")
    waiting, opened = list(first), set[str]()
    wrong: list[str] = []
    while waiting and len(opened) < (150 if ALL_DATA else 45):
        address = waiting.pop(0)
        if address in opened:
            continue
        opened.add(address)
        wrong += visit(page, address)
        if not page.url.startswith(shown.origin):
            wrong.append(f"{address} led to {page.url}")
            continue
        found = page.evaluate(
            "[...document.querySelectorAll('a[href],iframe[src],img[src]')].map(one => one.href || one.src)"
        )
        waiting += [link for link in map(str, found) if leads_on(shown, link)]
    page.context.close()
    assert wrong == []
    assert seen.outside == []
    assert [error for error in seen.errors if error.startswith("dialog")] == []
    assert set(first) <= opened


def leads_on(shown: Shown, link: str) -> bool:
    """Return True for an address of the hostile run, or one that is no page of the server at all."""
    own = link.startswith((f"{shown.run('hostile')}/", f"{shown.origin}/experiments/hostile"))
    return (own or not link.startswith(("http:", "https:", "data:", "blob:"))) and "#" not in link


def visit(page: Page, address: str) -> list[str]:
    """Open an address; return what is wrong: a script of the run ran, or could have run."""
    from playwright.sync_api import Error

    try:
        answer = page.goto(urljoin(page.url, address), wait_until="load", timeout=20_000)
    except Error as error:
        if "Download is starting" in str(error) or "net::ERR_ABORTED" in str(error):
            return []
        return [f"{address}: {error}"]
    policy = answer.headers.get("content-security-policy", "") if answer else ""
    if "sandbox" in policy and "allow-scripts" not in policy:  # a file of the run: nothing of ours runs there either
        return [f"{address}: {policy}"] if "allow-same-origin" in policy else []
    page.wait_for_timeout(50)
    wrong = [] if page.title() != "pwned" else [f"{address}: its title was changed"]
    frames = [frame.get_attribute("sandbox") for frame in page.locator("iframe").all()]
    wrong += [f"{address}: a frame may {may or 'do anything'}" for may in frames if may != ""]
    if page.evaluate("window.runnerPwned === true"):
        wrong.append(f"{address}: a script ran")
    return wrong
