"""Rules that hold for every page, whoever wrote it."""

from __future__ import annotations

import re

import pytest

from runner.errors import StoreUnreachable
from runner.server.operation import Operation
from runner.server.web import pages
from tests.support.browsing import Web
from tests.support.served_run import DONE, PIPELINE, ServedWorkspace, served

PUBLIC = {"page_login", "page_log_in", "page_log_out", "page_asset", "page_start"}
PAGES = {one.id: one for one in pages.operations()}
SHOWN = sorted(name for name, one in PAGES.items() if one.method == "GET" and name not in PUBLIC)
CHANGES = sorted(name for name, one in PAGES.items() if one.method == "POST")
VALUES = {"run": DONE, "step": "a", "id": PIPELINE, "name": "x"}


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def web(workspace: ServedWorkspace) -> Web:
    return Web(lambda: workspace, workspace.store)


def path_of(operation: Operation) -> str:
    return re.sub(r"\{(\w+)(:\w+)?\}", lambda found: VALUES.get(found[1], "x"), operation.path)


def test_all_are_pages_and_their_ids_differ() -> None:
    assert all(one.page for one in PAGES.values())
    assert len(PAGES) == len(pages.operations())
    assert {one.id for one in PAGES.values() if not one.scope} == PUBLIC


@pytest.mark.parametrize("name", SHOWN)
def test_nobody_sees_it_without_a_session(web: Web, name: str) -> None:
    path = path_of(PAGES[name])
    refused = web.browser().get(path)
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/login?next=%2F")
    assert refused.content == b""
    assert web.browser().get(path, **{"Sec-Fetch-Mode": "cors"}).status_code == 401


@pytest.mark.parametrize("name", SHOWN)
def test_it_has_a_policy_and_no_inline_script(web: Web, name: str) -> None:
    browser = web.browser()
    browser.log_in(web.token())
    answer = browser.get(path_of(PAGES[name]))
    policy = answer.headers["content-security-policy"]
    opaque = "sandbox" in policy and "allow-same-origin" not in policy
    assert opaque or "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in policy
    assert answer.status_code < 500, answer.text
    if answer.headers.get("content-type", "").startswith("text/html") and not opaque:
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text)
        assert not re.search(r'<script(?![^>]*(?:src="/static/|type="application/json"))', answer.text)
        assert answer.text.count("<h1") == 1
        assert answer.text.count("<main") == 1
        assert '<html lang="en">' in answer.text


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("site", ["cross-site", "same-site", ""])
def test_no_form_of_another_page_is_taken(web: Web, name: str, site: str) -> None:
    browser = web.browser()
    browser.log_in(web.token())
    headers = {"Sec-Fetch-Site": site} if site else {}
    refused = browser.send("POST", path_of(PAGES[name]), headers, {"key": "k"})
    assert refused.status_code == 403


@pytest.mark.parametrize("name", sorted(set(CHANGES) - PUBLIC))
def test_it_changes_nothing_for_a_reader(web: Web, name: str) -> None:
    assert PAGES[name].scope == "submit"
    browser = web.browser()
    browser.log_in(web.token("read"))
    assert browser.post(path_of(PAGES[name]), key="k").status_code == 403


@pytest.mark.parametrize("name", sorted(set(PAGES) - PUBLIC))
def test_a_store_that_is_away_is_told(web: Web, workspace: ServedWorkspace, name: str) -> None:
    browser = web.browser()
    browser.log_in(web.token())
    browser.get("/runs")

    def away(*_: object, **__: object) -> None:
        raise StoreUnreachable("10.0.0.7 does not answer")

    for method in ("get", "list", "stat", "put_if_absent", "put"):
        setattr(workspace.store, method, away)
    web.clock.advance(2)
    operation = PAGES[name]
    if operation.method == "GET":
        answer = browser.get(path_of(operation))
    else:
        answer = browser.post(path_of(operation), key="k", experiment="e", status="Disabled")
    assert "10.0.0.7" not in answer.text
    if answer.status_code != 404 and name != "page_compare":  # without runs it asks for some, and reads nothing
        assert (answer.status_code, "does not answer" in answer.text) == (503, True), answer.text
