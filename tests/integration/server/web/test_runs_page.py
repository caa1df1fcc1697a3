from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import pytest

from runner.errors import StoreUnreachable
from runner.operations.run_pages import RunFilter, RunPage
from runner.override import override
from runner.ports import ObjectInfo
from runner.runs import head, index
from runner.server.web.runs import KeptPages
from tests.support import builders as b
from tests.support.browsing import Browser, Web
from tests.support.memory_store import MemoryStore
from tests.support.served_run import DONE, GOING, ServedWorkspace, served

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def web(workspace: ServedWorkspace) -> Web:
    return Web(lambda: workspace, workspace.store)


def logged_in(web: Web, *scopes: str) -> Browser:
    browser = web.browser()
    browser.log_in(web.token(*scopes))
    return browser


def runs_in(page: str) -> list[str]:
    return re.findall(r'<tr id="run-([^"]+)"', page)


def test_runs_are_shown_newest_first_with_their_states(web: Web) -> None:
    page = logged_in(web).get("/runs").text
    assert runs_in(page) == [GOING, DONE]
    assert page.count('<span class="state"') == 2
    assert f'href="/runs/{DONE}"' in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("experiment=going", [GOING]), ("text=GOI", [GOING]), ("user=bob", [GOING]), ("status=failed", []),
        ("experiment=going&user=&tag=&since=&until=&text=", [GOING]), ("since=2027-01-01", []),
        ("until=2026-01-03", [DONE]), ("tag=none", []),
    ],
)  # fmt: skip
def test_a_form_filters_as_the_rest_list_does(web: Web, query: str, found: list[str]) -> None:
    answer = logged_in(web).get(f"/runs?{query}")
    assert (answer.status_code, runs_in(answer.text)) == (200, found)


@pytest.mark.parametrize("query", ["since=yesterday", "status=odd", "cursor=x"])
def test_a_wrong_filter_is_told_on_the_page(web: Web, query: str) -> None:
    answer = logged_in(web).get(f"/runs?{query}")
    assert answer.status_code == 400
    assert 'class="problem"' in answer.text
    assert 'id="f-text"' in answer.text


def test_pages_follow_by_a_link(web: Web, workspace: ServedWorkspace) -> None:
    for number in range(60):
        run = f"2026030{number // 24 + 1}t{number % 24:02d}0000000z-{'c' * 16}"
        index.add(workspace.store, index.IndexEntry(run=run, experiment="many", created=b.T0, steps=1))
        workspace.store.put(f"runs/{run}/journal/00000001.json", b"{}")
    browser = logged_in(web)
    first = browser.get("/runs?experiment=many").text
    address = re.search(r'href="(/runs\?[^"]*cursor=[^"]*)"', first)
    assert address
    second = browser.get(address[1].replace("&amp;", "&")).text
    assert (len(runs_in(first)), len(runs_in(second))) == (50, 10)
    assert not set(runs_in(first)) & set(runs_in(second))
    assert "First page" in second


def test_what_has_not_changed_is_not_sent_again(web: Web, workspace: ServedWorkspace) -> None:
    browser = logged_in(web)
    tag = browser.get("/runs").headers["etag"]
    web.clock.advance(2)
    again = browser.get("/runs", **{"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    head.write(workspace.store, workspace.view(GOING).state, b.T0)
    web.clock.advance(2)
    changed = browser.get("/runs", **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"].strip('"') in changed.text


def test_a_reader_sees_runs_and_no_action(web: Web) -> None:
    page = logged_in(web, "read").get("/runs").text
    assert runs_in(page) == [GOING, DONE]
    assert "/cancel" not in page
    assert "Edit tags" not in page


def test_a_token_that_may_submit_alone_reads_nothing(web: Web) -> None:
    refused = logged_in(web, "submit").get("/runs")
    assert (refused.status_code, "does not have the scope" in refused.text) == (403, True)


def test_hostile_names_are_text(web: Web, workspace: ServedWorkspace) -> None:
    run = f"20260401t000000000z-{'d' * 16}"
    entry = index.IndexEntry(
        run=run, experiment=HOSTILE, created=b.T0, user=f'"{HOSTILE}', tags={HOSTILE: f"\ud800'\"{HOSTILE}"}, steps=1
    )
    index.add(workspace.store, entry)
    workspace.store.put(f"runs/{run}/journal/00000001.json", b"{}")
    answer = logged_in(web).get("/runs?text=" + "%3Cscript%3E")
    assert runs_in(answer.text) == [run]
    assert "<script>alert" not in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


class GoneStore(MemoryStore):
    """A store that answers as long as `away` is False."""

    away = False

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        if self.away:
            raise StoreUnreachable("10.0.0.7: connection refused")
        return super().list(prefix, after=after)

    @override
    def get(self, key: str) -> bytes:
        if self.away:
            raise StoreUnreachable("10.0.0.7: connection refused")
        return super().get(key)


def test_a_store_that_is_away_is_told_and_the_page_comes_back(workspace: ServedWorkspace) -> None:
    store = GoneStore()
    store.objects = workspace.store.objects  # type: ignore[attr-defined]
    workspace.store = store
    web = Web(lambda: workspace, store)
    browser = logged_in(web)
    browser.get("/runs")
    store.away = True
    web.clock.advance(2)
    away = browser.get("/runs")
    assert (away.status_code, away.headers["retry-after"]) == (503, "5")
    assert "the store of the workspace does not answer" in away.text
    assert "data-away" in away.text
    assert "10.0.0.7" not in away.text
    store.away = False
    web.clock.advance(2)
    assert runs_in(browser.get("/runs").text) == [GOING, DONE]


def test_many_viewers_share_one_read() -> None:
    kept, reads, waiting = KeptPages(), [0], threading.Event()

    def read() -> RunPage:
        reads[0] += 1
        waiting.wait(0.2)
        return RunPage((), "")

    def look() -> None:
        kept.get(RunFilter(), "", 5.0, read)

    threads = [threading.Thread(target=look) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == [1]
    kept.get(RunFilter(experiment="other"), "", 5.0, read)
    kept.get(RunFilter(), "", 6.0, read)
    assert reads == [3]


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2frendering.py", "../rendering.py", "vendor/../../rendering.py", "%2e%2e/shell.py", "", "style.css%00",
             "/etc/passwd", "vendor", "LOCK.json"],
)  # fmt: skip
def test_no_file_beside_the_assets_is_served(web: Web, path: str) -> None:
    answer = web.browser().get(f"/static/0123456789abcdef/{path}")
    assert answer.status_code == 404


def test_assets_are_kept_by_their_digest(web: Web) -> None:
    browser = web.browser()
    address = re.search(r'href="(/static/[^"]+style\.css)"', browser.get("/login").text)
    assert address
    answer = browser.get(address[1])
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert browser.get("/static/0000000000000000/style.css").headers["cache-control"] == "no-store"


def test_the_root_leads_to_the_runs_and_a_wrong_address_is_a_page(web: Web) -> None:
    browser = web.browser()
    assert browser.get("/").headers["location"] == "/runs"
    missing = browser.get("/nothing", Accept="text/html")
    assert (missing.status_code, "<h1>" in missing.text) == (404, True)
    assert browser.get("/nothing", Accept="application/json").headers["content-type"] == "application/problem+json"
