from __future__ import annotations

import re
from html.parser import HTMLParser

import httpx
import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.task import TaskId
from runner.override import override
from runner.server.web.page import POLICY
from tests.support import builders as b
from tests.support.hostile_run import (
    ATTRIBUTE,
    FAILED,
    HOSTILE,
    HTML,
    KEPT,
    LOG,
    PWNED,
    REVERSED,
    STEP,
    SVG,
    store_hostile_run,
)
from tests.support.served_run import DONE, GOING, ServedWorkspace, log_chunk, served
from tests.support.serving import Client, client_of, context_of

BASE = f"/runs/{HOSTILE}/steps/{STEP}"
PAGES = (
    BASE, f"{BASE}/log", f"{BASE}/log?at=0", f"{BASE}/log?find=script", f"{BASE}/log?around=400", f"{BASE}/files",
    f"{BASE}/metrics", f"{BASE}/environment", f"{BASE}/files/files", f"{BASE}/files/files/outputs",
    *(f"{BASE}/files/files/{httpx.QueryParams({'x': name})['x']}" for name in KEPT if ATTRIBUTE[2:6] not in name),
    f"{BASE}/files/outputs/out", f"{BASE}/files/outputs/out/data.csv", f"{BASE}/files/outputs/out/page.html",
    f"/runs/{HOSTILE}/steps/{FAILED}", f"/runs/{HOSTILE}/steps/{FAILED}/log",
)  # fmt: skip
FRAMED = {"a", "iframe", "img", "link", "script", "form"}


class Elements(HTMLParser):
    """Collects the elements of a page, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def of(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def workspace() -> ServedWorkspace:
    made = served()
    store_hostile_run(made.store)
    return made


@pytest.fixture(scope="module")
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(lambda: workspace), "reader")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_hostile_step_has_no_markup_of_the_step(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert not set(REVERSED) & set(answer.text) - {*"fdp.exe x"}
    seen = Elements(answer.text)
    for tag, attributes in seen.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        for name in ("href", "src", "action"):
            assert attributes.get(name, "/").startswith(("/", "#")), (tag, attributes)
    for script in seen.of("script"):
        assert script.get("src", "").startswith("/static/") or script["type"] == "application/json"
    for image in seen.of("img"):
        assert re.match(rf"{BASE}/raw/files/outputs/picture\.png", image["src"])
    for frame in seen.of("iframe"):
        assert (frame["sandbox"], frame["src"].startswith(f"{BASE}/raw/")) == ("", True)


@pytest.mark.parametrize(
    ("name", "media", "content"),
    [("page.html", "text/html; charset=utf-8", HTML), ("drawing.svg", "image/svg+xml", SVG),
     ("picture.png", "image/png", KEPT["outputs/picture.png"])],
)  # fmt: skip
def test_a_file_that_is_shown_is_a_document_of_an_opaque_origin(
    client: Client, name: str, media: str, content: bytes
) -> None:
    answer = client.get(f"{BASE}/raw/files/outputs/{name}")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, media, content)
    policy = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    assert policy[:2] == ["sandbox", "default-src 'none'"]
    assert "img-src data:" in policy
    assert not [part for part in policy if "script" in part or "allow" in part]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["bomb.png", "archive.zip"])
def test_a_file_that_is_not_safe_to_show_is_stored(client: Client, name: str) -> None:
    answer = client.get(f"{BASE}/raw/files/outputs/{name}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    as_image = client.get(f"{BASE}/raw/files/outputs/{name}", headers={"Sec-Fetch-Dest": "image"})
    assert as_image.status_code == 415


def test_a_file_that_only_claims_to_be_an_image_is_none(client: Client) -> None:
    answer = client.get(f"{BASE}/raw/files/outputs/html.png")
    assert answer.headers["content-type"].startswith("text/plain")
    assert client.get(f"{BASE}/raw/files/outputs/html.png", headers={"Sec-Fetch-Dest": "image"}).status_code == 415


def test_any_file_can_be_downloaded_whole_and_in_parts(client: Client) -> None:
    path = f"{BASE}/raw/files/outputs/page.html?download=true"
    whole = client.get(path)
    assert (whole.content, whole.headers["content-type"]) == (HTML, "application/octet-stream")
    assert whole.headers["content-disposition"] == "attachment; filename*=UTF-8''page.html"
    part = client.get(path, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, HTML[2:6])


@pytest.mark.parametrize("kind", ["files", "raw"])
@pytest.mark.parametrize(
    "place",
    ["files/../../../plans/x", "files/..%2f..%2fx", "outputs/out/stolen.json", "inputs/data/stolen.json", "nothing",
     "outputs/none/x", "files/outputs/none.txt", "inputs", "files/%00"],
)  # fmt: skip
def test_a_place_that_is_no_file_of_the_step_is_not_found(client: Client, kind: str, place: str) -> None:
    answer = client.get(f"{BASE}/{kind}/{place}")
    assert answer.status_code == 404
    assert "token" not in answer.text


def test_the_bounds_are_told_in_words(client: Client) -> None:
    assert "50,000 by 50,000 pixels" in client.get(f"{BASE}/files/files/outputs/bomb.png").text
    assert "deeper than 100 levels" in client.get(f"{BASE}/files/files/outputs/deep.json").text
    assert "not opened" in client.get(f"{BASE}/files/files/outputs/archive.zip").text
    metrics = client.get(f"{BASE}/metrics").text
    assert "50,000 by 50,000 pixels" in metrics
    assert "The file is not there." in metrics
    long = client.get(f"{BASE}/log?at={LOG.index(b'xxx')}").text
    assert "more of this line are in the whole log" in long


def test_values_of_variables_are_not_shown(client: Client) -> None:
    assert "a secret value" not in client.get(f"{BASE}/environment").text


def test_a_failure_is_told_in_the_words_of_its_record(client: Client) -> None:
    text = client.get(f"/runs/{HOSTILE}/steps/{FAILED}").text
    assert "the script ended: &lt;script&gt;" in text
    assert "Why it failed" in text
    assert "runner retry cccccc --failed" in text


def test_the_executed_notebook_is_offered(client: Client) -> None:
    assert f"{BASE}/raw/files/outputs/run.ipynb?download=true" in client.get(BASE).text


def test_a_tab_in_the_query_leads_to_its_page(client: Client) -> None:
    answer = client.get(f"{BASE}?tab=log&attempt=1")
    assert (answer.status_code, answer.headers["location"]) == (307, f"{BASE}/log?attempt=1")


def test_the_log_is_text_in_spans_with_addresses(client: Client) -> None:
    text = client.get(f"/runs/{DONE}/steps/a/log").text
    assert re.findall(r'id="b(\d+)"', text) == ["0", "4", "8", "14"]
    marked = client.get(f"/runs/{DONE}/steps/a/log?around=9").text
    assert re.findall(r'class="line marked" id="b(\d+)"', marked) == ["8"]
    found = client.get(f"/runs/{DONE}/steps/a/log?find=THREE").text
    assert "<mark>three</mark>" in found
    assert "1 place with" in found


def test_a_log_of_many_megabytes_is_shown_in_windows_that_lead_on() -> None:
    workspace = served()
    log_chunk(workspace, DONE, "b", b"".join(b"line %d\n" % number for number in range(20_000)))
    client = client_of(context_of(lambda: workspace))
    last = client.get(f"/runs/{DONE}/steps/b/log").text
    assert ">line 19999</span>" in last
    first = client.get(f"/runs/{DONE}/steps/b/log?at=0&line=1").text
    assert ">line 999</span>" in first
    assert ">line 1000</span>" not in first
    later = re.search(r'href="([^"]*)" rel="next"', first)
    assert later is not None
    second = client.get(later[1].replace("&amp;", "&")).text
    assert '>1001</a><span class="text">line 1000</span>' in second


def test_lines_that_follow_are_sent_once_and_an_unfinished_line_again() -> None:
    workspace = served()
    client = client_of(context_of(lambda: workspace))
    log_chunk(workspace, GOING, "a", b"one\n\x1b[31mtw")
    path = f"/runs/{GOING}/steps/a/log.json"
    first = client.get(path)
    assert first.json() == {
        "lines": [
            {"at": 0, "ends": True, "hidden": 0, "spans": [["", "one"]]},
            {"at": 4, "ends": False, "hidden": 0, "spans": [["t-f1", "tw"]]},
        ],
        "next": 4,
        "size": 11,
        "over": False,
        "attempt": 1,
        "newer": 0,
    }
    tag = {"If-None-Match": client.get(f"{path}?at=4").headers["etag"]}
    assert client.get(f"{path}?at=4", headers=tag).status_code == 304
    log_chunk(workspace, GOING, "a", b"one\n\x1b[31mtwo\n")
    second = client.get(f"{path}?at=4", headers=tag)
    assert [line["spans"] for line in second.json()["lines"]] == [[["t-f1", "two"]]]
    workspace.tell(e.StepSucceeded(key="a", attempt=1, started=b.at(1), ended=b.at(2), outputs={"out": b.ref()}))
    assert client.get(f"{path}?at=13").json()["over"]


def test_a_page_of_a_running_step_is_live_and_is_not_sent_again_without_change() -> None:
    workspace = served()
    client = client_of(context_of(lambda: workspace))
    for page in ("", "/metrics", "/log"):
        path = f"/runs/{GOING}/steps/a{page}"
        answer = client.get(path)
        assert "data-live" in answer.text
        again = client.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_metrics_of_a_running_step_change_its_page() -> None:
    workspace = served()
    client = client_of(context_of(lambda: workspace))
    path = f"/runs/{GOING}/steps/a/metrics"
    tag = client.get(path).headers["etag"]
    key = f"{TaskId(GOING, 'a', 1).reports}metrics.jsonl"
    workspace.store.put(key, b'{"name": "loss", "value": 1, "kind": "scalar"}\n')
    answer = client.get(path, headers={"If-None-Match": tag})
    assert (answer.status_code, "loss" in answer.text) == (200, True)


@pytest.mark.parametrize("query", ["worker=1", "attempt=7"])
def test_an_unknown_worker_or_attempt_is_not_found(client: Client, query: str) -> None:
    assert client.get(f"{BASE}/log?{query}").status_code == 404


def test_nobody_sees_a_page_of_a_step_without_a_token(workspace: ServedWorkspace) -> None:
    stranger = client_of(context_of(lambda: workspace), "")
    for path in (*PAGES[:3], f"{BASE}/raw/files/outputs/page.html", f"{BASE}/log.json"):
        answer = stranger.get(path)
        assert answer.status_code in (303, 401)
        assert PWNED not in answer.text


def test_the_log_of_an_attempt_never_goes_on_in_the_next_one() -> None:
    workspace = served()
    client = client_of(context_of(lambda: workspace))
    log_chunk(workspace, GOING, "a", b"first\n")
    text = client.get(f"/runs/{GOING}/steps/a/log").text
    assert f'data-follow="/runs/{GOING}/steps/a/log.json?attempt=1"' in text
    assert 'id="log-1-0"' in text
    assert re.findall(r'class="place" href="([^"#]*)', text) == [f"/runs/{GOING}/steps/a/log?attempt=1&amp;around=0"]
    workspace.tell(
        e.AttemptFailed(key="a", attempt=1, failure=Failure.LOST, reason="its node was lost", not_before=None),
        e.AttemptStarted("a", 2, "u2"),
        e.AttemptRunning("a", b.T0),
    )
    log_chunk(workspace, GOING, "a", b"the second attempt\n", attempt=2)
    old = client.get(f"/runs/{GOING}/steps/a/log.json?attempt=1&at=6").json()
    assert old == {"lines": [], "next": 6, "size": 6, "over": True, "attempt": 1, "newer": 2}
    page = client.get(f"/runs/{GOING}/steps/a/log").text
    assert "Attempt 2." in page
    assert 'id="log-2-0"' in page
    assert "the second attempt" in page


def test_a_folder_of_many_entries_comes_in_pages() -> None:
    workspace = served()
    store_hostile_run(workspace.store)
    for number in range(250):
        workspace.store.put(f"{TaskId(HOSTILE, STEP, 1).artifacts}many/{number:03d}/x", b"")
    client = client_of(context_of(lambda: workspace))
    first = client.get(f"{BASE}/files/files/many").text
    following = re.search(r'rel="next" href="([^"]*)"', first)
    assert following is not None
    second = client.get(following[1].replace("&amp;", "&")).text
    assert (">199/</a>" in first, ">200/</a>" in first) == (True, False)
    assert (">199/</a>" in second, ">200/</a>" in second, ">249/</a>" in second) == (False, True, True)


def test_a_file_whose_name_has_a_line_end_is_shown_and_sent() -> None:
    workspace = served()
    store_hostile_run(workspace.store)
    workspace.store.put(f"{TaskId(HOSTILE, STEP, 1).artifacts}outputs/new\nline.txt", b"content")
    client = client_of(context_of(lambda: workspace))
    assert ">content</pre>" in client.get(f"{BASE}/files/files/outputs/new%0Aline.txt").text
    sent = client.get(f"{BASE}/raw/files/outputs/new%0Aline.txt?download=true")
    assert (sent.content, "%0A" in sent.headers["content-disposition"]) == (b"content", True)
