"""Sessions of browsers, and what hostile ones may try.

| try | answer |
| --- | --- |
| a page without a session | the login, which leads back |
| a way back to another site, or with a line end | the list of runs |
| a wrong token, again and again | 401, 429 |
| the one-time token a second time | 401, no cookie |
| a form of another site, or of another port | 403 |
| the cookie of a session that was ended, of a revoked token, of another server | the login |
"""

from __future__ import annotations

import json

import pytest

from runner.config.serve import ServeConfig, TrustedProxy
from runner.operations import tokens
from runner.operations.kept_records import KEPT_SECONDS
from runner.operations.sessions import LIFETIME
from tests.support.browsing import ONCE, Browser, Web
from tests.support.served_run import DONE, ServedWorkspace, served

COOKIE = "runner-8270"


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def web(workspace: ServedWorkspace) -> Web:
    return Web(lambda: workspace, workspace.store)


def logged_in(web: Web, *scopes: str) -> Browser:
    browser = web.browser()
    assert browser.log_in(web.token(*scopes)).status_code == 303
    return browser


def test_a_page_without_a_session_leads_to_the_login_and_back(web: Web) -> None:
    browser = web.browser()
    refused = browser.get("/runs?text=a+b&status=failed")
    assert refused.status_code == 303
    assert refused.headers["location"] == "/login?next=%2Fruns%3Ftext%3Da%2Bb%26status%3Dfailed"
    form = browser.get(refused.headers["location"])
    assert (form.status_code, "Log in" in form.text) == (200, True)
    entered = browser.log_in(web.token(), next="/runs?text=a+b&status=failed")
    assert (entered.status_code, entered.headers["location"]) == (303, "/runs?text=a+b&status=failed")
    assert browser.get("/runs").status_code == 200


def test_the_cookie_is_for_this_server_and_no_script(web: Web) -> None:
    entered = web.browser().log_in(web.token())
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=rs_")
    assert {"Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_under_https_the_cookie_travels_encrypted_alone(workspace: ServedWorkspace) -> None:
    web = Web(lambda: workspace, workspace.store, ServeConfig(url="https://runner.example", hosts=("127.0.0.1",)))
    cookie = web.browser().log_in(web.token()).headers["set-cookie"]
    assert cookie.startswith("__Host-runner=rs_")
    assert "Secure" in cookie.split("; ")


def test_every_server_of_the_workspace_knows_the_session(web: Web) -> None:
    browser = logged_in(web)
    other = web.browser()
    other.cookies = browser.cookies
    assert other.get("/runs").status_code == 200


def test_the_store_has_no_secret_of_a_session(web: Web, workspace: ServedWorkspace) -> None:
    browser = logged_in(web)
    secret = browser.cookies[COOKIE].rpartition("_")[2]
    written = [workspace.store.get(info.key) for info in workspace.store.list("serve/")]
    assert written
    assert not any(secret.encode() in data for data in written)


def test_logout_ends_the_session_itself(web: Web) -> None:
    browser = logged_in(web)
    stolen = web.browser()
    stolen.cookies = dict(browser.cookies)
    assert browser.post("/logout").headers["location"] == "/login"
    assert browser.cookies == {}
    assert browser.get("/runs").status_code == 303
    assert stolen.get("/runs").status_code == 303


def test_a_session_ends_with_its_token_and_with_its_time(web: Web, workspace: ServedWorkspace) -> None:
    browser = logged_in(web)
    web.clock.advance(LIFETIME.total_seconds() - 1)
    assert browser.get("/runs").status_code == 200
    web.clock.advance(1)
    assert browser.get("/runs").status_code == 303
    fresh = web.browser()
    fresh.log_in(web.token("read", name="second", seed=2))
    assert fresh.get("/runs").status_code == 200
    tokens.revoke(workspace.store, "second", web.clock.now())
    web.clock.advance(KEPT_SECONDS)
    assert fresh.get("/runs").status_code == 303


def test_a_wrong_token_is_told_and_many_are_refused(web: Web) -> None:
    browser = web.browser()
    wrong = browser.log_in("rt_0123456789abcdef_" + "0" * 64)
    assert (wrong.status_code, "not accepted" in wrong.text) == (401, True)
    assert "set-cookie" not in wrong.headers
    assert "0" * 64 not in wrong.text
    statuses = {browser.log_in(f"nonsense {number}").status_code for number in range(60)}
    assert statuses == {401, 429}


def test_pages_with_an_old_session_lock_nobody_out(web: Web) -> None:
    browser = logged_in(web)
    old = dict(browser.cookies)
    web.clock.advance(LIFETIME.total_seconds())
    tabs = web.browser(context := web.context())
    for cookie in (old, {COOKIE: "of-an-earlier-runner-ui"}):
        for _ in range(100):
            tabs.cookies = dict(cookie)
            refused = tabs.get("/runs", **{"X-Runner-Live": "1"})
            assert refused.status_code == 401
            assert tabs.cookies == {}, "the browser deletes it"
            tabs.cookies = dict(cookie)
            assert tabs.get("/login").status_code == 200
    assert web.browser(context).log_in(web.token(name="other", seed=3)).status_code == 303


def test_invented_sessions_are_limited_and_do_not_count_as_tokens(web: Web) -> None:
    context = web.context()
    browser = web.browser(context)
    statuses = []
    for number in range(60):
        browser.cookies = {COOKIE: f"rs_{number:016x}_{'0' * 64}"}
        statuses.append(browser.get("/runs", **{"X-Runner-Live": "1"}).status_code)
    assert statuses == [401] * 50 + [429] * 10
    assert web.browser(context).log_in(web.token()).status_code == 303


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
        "/runs\r\nSet-Cookie: a=b", "/runs\nX: y", "/\t/evil.example", "", "/login?next=/login", "/runs é", "runs",
        "/%0d%0aX: y ", "/" + "a" * 3000,
    ],
)  # fmt: skip
def test_no_way_back_leads_to_another_site_or_writes_a_header(web: Web, target: str) -> None:
    entered = web.browser().log_in(web.token(), next=target)
    assert (entered.status_code, entered.headers["location"]) == (303, "/runs")
    assert "x" not in entered.headers
    assert len(entered.headers.get_list("set-cookie")) == 1


def test_the_one_time_token_opens_one_session_and_is_dead_then(web: Web) -> None:
    context = web.context()
    first, second = web.browser(context), web.browser(context)
    opened = first.get(f"/login?once={ONCE}&next=/runs/{DONE}", site="cross-site")
    assert opened.status_code == 200
    assert f'content="0; url=/runs/{DONE}"' in opened.text  # the next call is of the server's own page
    assert opened.headers["referrer-policy"] == "no-referrer"
    shown = first.get("/runs")
    assert (shown.status_code, "Log out" in shown.text) == (200, False)  # nothing would lead back in
    replayed = second.get(f"/login?once={ONCE}")
    assert (replayed.status_code, "set-cookie" in replayed.headers) == (401, False)
    assert second.get("/runs").status_code == 303
    again = first.get(f"/login?once={ONCE}")  # who has the session may open the address again
    assert (again.status_code, "Go on" in again.text) == (200, True)


def test_a_guess_does_not_use_up_the_one_time_token(web: Web) -> None:
    browser = web.browser()
    assert browser.get("/login?once=guess").status_code == 401
    assert browser.get(f"/login?once={ONCE}").status_code == 200
    assert browser.get("/runs").status_code == 200


def test_a_link_of_another_site_finds_the_session_by_a_page_of_the_server(web: Web) -> None:
    """Browsers hold a Strict cookie back on such a link: the login leads on from a page of its own."""
    browser = web.browser()
    bounced = browser.get(f"/login?next=/runs/{DONE}", site="cross-site")
    assert f'content="0; url=/runs/{DONE}"' in bounced.text
    assert "token" not in bounced.text
    assert "Log in" in browser.get(f"/login?next=/runs/{DONE}", site="same-origin").text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/login", "/logout", f"/runs/{DONE}/cancel", f"/runs/{DONE}/tags"])
def test_a_form_of_another_site_or_port_is_refused(web: Web, site: str, path: str) -> None:
    browser = logged_in(web)
    refused = browser.post(path, site=site, token=web.token(seed=9))
    assert refused.status_code == 403
    assert "not sent by a page of this server" in refused.text
    assert browser.get("/runs").status_code == 200


@pytest.mark.parametrize(
    ("origin", "status"), [("http://127.0.0.1:8270", 303), ("http://127.0.0.1:9", 403), ("null", 403), ("", 403)]
)
def test_an_old_browser_is_known_by_the_origin_of_its_form(web: Web, origin: str, status: int) -> None:
    headers = {"Origin": origin} if origin else {}
    assert web.browser().send("POST", "/login", headers, {"token": web.token()}).status_code == status


def test_a_session_may_not_change_anything_by_rest_from_another_site(web: Web) -> None:
    browser = logged_in(web)
    refused = browser.send("POST", f"/api/v1/runs/{DONE}/cancel", {"Sec-Fetch-Site": "same-site"}, {"a": "b"})
    assert refused.status_code == 415
    assert browser.send("POST", f"/api/v1/runs/{DONE}/cancel", {"Sec-Fetch-Site": "same-origin"}).status_code == 202


@pytest.mark.parametrize("cookie", ["rs_0123456789abcdef_" + "0" * 64, "x", "a" * 5000, "rt_" + "0" * 16, '"'])
def test_a_forged_cookie_is_no_session(web: Web, cookie: str) -> None:
    browser = web.browser()
    browser.cookies[COOKIE] = cookie
    assert browser.get("/runs").status_code == 303


def test_the_text_of_a_session_is_no_token(web: Web) -> None:
    browser = logged_in(web)
    text = browser.cookies[COOKIE]
    answer = web.browser().send("GET", "/api/v1/runs", {"Authorization": f"Bearer {text}"})
    assert answer.status_code == 401


def test_a_user_of_the_proxy_sees_pages_without_a_login(workspace: ServedWorkspace) -> None:
    settings = ServeConfig(trusted_proxy=TrustedProxy(addresses=("127.0.0.1",), scopes=("read",)))
    web = Web(lambda: workspace, workspace.store, settings)
    browser = web.browser()
    shown = browser.get("/runs", **{"X-Forwarded-User": "carla"})
    assert (shown.status_code, "carla" in shown.text, "Log out" in shown.text) == (200, True, False)
    browser.cookies[COOKIE] = "rs_old"
    assert browser.get("/runs", **{"X-Forwarded-User": "carla"}).status_code == 200
    assert browser.get("/login", **{"X-Forwarded-User": "carla"}).headers["location"] == "/runs"


def test_scripts_are_told_of_the_end_of_a_session_and_not_led_away(web: Web) -> None:
    answer = web.browser().get("/runs", **{"X-Runner-Live": "1"})
    assert answer.status_code == 401


def test_the_audit_knows_who_logged_in_and_no_secret(web: Web) -> None:
    browser = logged_in(web)
    browser.get("/runs")
    browser.get("/runs", **{"If-None-Match": browser.get("/runs").headers["etag"]})
    browser.post("/logout")
    text = json.dumps(web.audit)
    assert [one["operation"] for one in web.audit] == ["page_log_in", "page_runs", "page_runs", "page_log_out"]
    assert {one.get("user") for one in web.audit[:3]} == {"ann"}
    assert "rt_" not in text
    assert "rs_" not in text


def test_the_login_says_how_to_get_a_token(web: Web) -> None:
    assert "runner token create" in web.browser().get("/login").text
