from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.model import events as e
from runner.model.digest import digest_of_bytes
from runner.model.record import Failure
from runner.operations.published import endpoints
from runner.runs import head
from runner.server import app, read_logs
from runner.server.context import Caller
from runner.server.metrics import Metrics
from runner.server.openapi import document
from tests.support import builders as b
from tests.support.served_run import (
    DISABLED,
    DONE,
    ENDPOINT,
    GOING,
    PIPELINE,
    SECRET,
    ServedWorkspace,
    log_chunk,
    served,
)
from tests.support.serving import CALLERS, URL, Client, client_of, context_of

RUNS = "/api/v1/runs"
STEP = f"{RUNS}/{DONE}/steps/a"
LOG = b"one\ntwo\nthree\nfour\n"
READS = {
    "list_pipelines": "/api/v1/pipelines",
    "get_pipeline": f"/api/v1/pipelines/{PIPELINE}",
    "list_endpoints": "/api/v1/endpoints",
    "get_endpoint": f"/api/v1/endpoints/{ENDPOINT}",
    "list_schedules": "/api/v1/schedules",
    "list_runs": RUNS,
    "get_run": f"{RUNS}/{DONE}",
    "list_steps": f"{RUNS}/{DONE}/steps",
    "get_step": STEP,
    "get_run_metrics": f"{RUNS}/{DONE}/metrics",
    "get_step_metrics": f"{STEP}/metrics",
    "get_log": f"{STEP}/logs",
    "list_run_files": f"{RUNS}/{DONE}/files",
    "get_run_file": f"{RUNS}/{DONE}/files/summary.txt",
    "get_run_report": f"{RUNS}/{DONE}/report",
    "list_step_files": f"{STEP}/files",
    "get_step_file": f"{STEP}/files/outputs/report.html",
    "list_outputs": f"{RUNS}/{DONE}/outputs",
    "get_output": f"{RUNS}/{DONE}/outputs/a/out/x.csv",
}
"""A call of every operation of these modules that has something to show."""


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(lambda: workspace))


def other(workspace: ServedWorkspace, token: str) -> Client:
    return client_of(context_of(lambda: workspace), token)


@pytest.mark.parametrize("operation", READS)
@pytest.mark.parametrize(("token", "status"), [("all", 200), ("reader", 200), ("one", 403), ("", 401), ("wrong", 401)])
def test_every_read_needs_the_scope_read(workspace: ServedWorkspace, operation: str, token: str, status: int) -> None:
    answer = other(workspace, token).get(READS[operation])
    assert answer.status_code == status, answer.text
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["remedy"]
        assert "summary" not in answer.text


def test_every_get_operation_needs_a_scope_and_is_in_the_table() -> None:
    operations = [
        one for one in app.all_operations(Metrics()) if one.method == "GET" and one.tag != "health" and not one.page
    ]
    assert {one.scope for one in operations} == {"read"}
    read_here = {one.id for one in operations if one.path.startswith("/api/v1/")}
    assert read_here - READS.keys() == {"get_schedule"}
    paths = document(operations)["paths"]
    assert isinstance(paths, dict)
    assert f"{RUNS}/{{run}}/outputs/{{path}}" in paths


def test_runs_are_listed_newest_first_in_pages(client: Client) -> None:
    whole = client.get(RUNS).json()
    assert [(run["run"], run["experiment"], run["user"]) for run in whole["runs"]] == [
        (GOING, "going", "bob"),
        (DONE, "experiment", ""),
    ]
    assert whole["cursor"] is None
    first = client.get(f"{RUNS}?limit=1").json()
    second = client.get(f"{RUNS}?limit=1", params={"limit": 1, "cursor": first["cursor"]}).json()
    assert [run["run"] for run in first["runs"] + second["runs"]] == [GOING, DONE]
    assert [run["run"] for run in client.get(f"{RUNS}?experiment=going&until=2027-01-01").json()["runs"]] == [GOING]
    assert client.get(f"{RUNS}?since=2027-01-01T00:00:00Z").json() == {"runs": [], "cursor": None}


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "limit=0", "limit=1001", "limit=x", "status=odd", "since=yesterday", "since=99999-01-01", "colour=red",
     "since=2026-01-01T00:00:00", "until=0001-01-01T00:00:00%2B14:00"],
)  # fmt: skip
def test_wrong_queries_are_refused_in_words(client: Client, query: str) -> None:
    answer = client.get(f"{RUNS}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


def test_a_run_and_its_steps_have_the_values_of_the_store(client: Client) -> None:
    run = client.get(f"{RUNS}/{DONE}").json()
    assert (run["status"], run["experiment"], run["user"]) == ("succeeded", "experiment", "somebody")
    assert [(step["key"], step["status"], step["seconds"]) for step in run["steps"]] == [
        ("a", "succeeded", 1.0),
        ("b", "succeeded", 1.0),
    ]
    (first, _) = client.get(f"{RUNS}/{DONE}/steps").json()["items"]
    assert first["attempt"] == 1
    assert first["outputs"][0]["name"] == "out"
    assert "path" not in first["outputs"][0]
    step = client.get(STEP).json()
    assert (step["step"]["key"], step["command"][1], step["environment"]) == ("a", "script.py", "env")
    assert client.get(f"{RUNS}/{GOING}").json()["status"] == "running"


def test_metrics(client: Client) -> None:
    found = {one["name"]: one for one in client.get(f"{STEP}/metrics").json()["items"]}
    assert (found["loss"]["value"], found["loss"]["count"], found["odd"]["value"]) == (0.25, 2, "NaN")
    values = client.get(f"{STEP}/metrics?name=loss").json()["items"]
    assert [(one["value"], one["step"]) for one in values] == [(0.5, 1), (0.25, 2)]
    whole = client.get(f"{RUNS}/{DONE}/metrics").json()
    assert [(one["name"], one["value"]) for one in whole["run"]] == [("total", 7)]
    assert list(whole["steps"]) == ["a"]


def test_published_objects(client: Client) -> None:
    (one,) = client.get("/api/v1/pipelines").json()["items"]
    assert (one["id"], one["name"], one["status"]) == (PIPELINE, "train", "Active")
    assert one["endpoint"].endswith(f"/pipelines/v1.0/PipelineRuns/PipelineSubmit/{PIPELINE}")
    every = client.get("/api/v1/pipelines?all=true").json()["items"]
    assert [one["id"] for one in every] == [DISABLED, PIPELINE]
    assert client.get("/api/v1/pipelines?all=true&name=old").json()["items"] == every[:1]
    whole = client.get(f"/api/v1/pipelines/{PIPELINE}").json()
    assert (whole["parameters"], whole["steps"]) == ({"rows": 5}, [{"key": "a", "name": "a"}])
    endpoint = client.get(f"/api/v1/endpoints/{ENDPOINT}").json()
    assert endpoint["versions"] == [{"version": "0", "pipeline": PIPELINE}]
    assert endpoint["endpoint"].endswith(f"/PipelineEndpointSubmit/Id/{ENDPOINT}")


def test_published_objects_are_listed_in_pages(workspace: ServedWorkspace, client: Client) -> None:
    found: list[str] = []
    wanted = {"all": "true", "limit": "1"}
    while True:
        page = client.get("/api/v1/pipelines", params=wanted).json()
        found += [one["id"] for one in page["items"]]
        if page["cursor"] is None:
            break
        wanted["cursor"] = page["cursor"]
    assert found == [DISABLED, PIPELINE]
    endpoints.publish(workspace.store, "newer", PIPELINE)
    first = client.get("/api/v1/endpoints?limit=1").json()
    second = client.get("/api/v1/endpoints", params={"limit": 1, "cursor": first["cursor"]}).json()
    assert [one["name"] for one in first["items"] + second["items"]] == ["newer", "service"]
    assert second["cursor"] is None
    for kind in ("pipelines", "endpoints", "schedules"):
        for query in ("limit=0", "limit=201", "cursor=x", "cursor=Li4v", "cursor=%C3%A9"):
            assert client.get(f"/api/v1/{kind}?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        f"{RUNS}/20260102t030405678z-zzzzzzzzzzzzzzzz",
        f"{RUNS}/latest",
        f"{RUNS}/..%2F..%2Fstore.json",
        f"{RUNS}/{DONE}/steps/c",
        f"{STEP}/logs?attempt=2",
        f"{STEP}/files/nothing",
        f"{STEP}/files?attempt=9",
        f"{RUNS}/{DONE}/outputs/a/out/none.csv",
        f"{RUNS}/{DONE}/outputs/c/out",
        f"{RUNS}/{DONE}/outputs/a",
        "/api/v1/pipelines/none",
        "/api/v1/endpoints/..",
        "/api/v1/pipelines/%2e%2e",
        "/api/v1/schedules/%2e",
        "/api/v1/endpoints/..%00",
        "/api/v1/pipelines/%F0%9F%98%80",
        "/api/v1/schedules/33333333-0000-4000-8000-000000000000",
        "/api/v1/schedules/x%2Fy",
    ],
)
def test_what_does_not_exist_is_told(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_log_as_a_whole_in_parts_and_its_last_lines(client: Client) -> None:
    whole = client.get(f"{STEP}/logs")
    assert (whole.content, whole.headers["content-length"]) == (LOG, str(len(LOG)))
    assert whole.headers["content-type"] == "text/plain; charset=utf-8"
    part = client.get(f"{STEP}/logs", headers={"Range": "bytes=6-11"})
    assert (part.status_code, part.content) == (206, LOG[6:12])
    assert part.headers["content-range"] == f"bytes 6-11/{len(LOG)}"
    assert client.get(f"{STEP}/logs", headers={"Range": "bytes=-5"}).content == b"four\n"
    beyond = client.get(f"{STEP}/logs", headers={"Range": "bytes=19-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */19")
    assert client.get(f"{STEP}/logs?tail=2").content == b"three\nfour\n"
    assert client.get(f"{STEP}/logs?tail=100").content == LOG
    assert client.get(f"{RUNS}/{DONE}/steps/b/logs").content == b""


def test_a_worker_that_a_step_does_not_have(client: Client) -> None:
    assert client.get(f"{STEP}/logs?worker=0").content == LOG
    refused = client.get(f"{STEP}/logs?worker=1")
    assert (refused.status_code, refused.json()["remedy"]) == (404, "its last worker: 0")


def test_a_large_log_is_read_in_blocks_and_a_part_of_it_costs_that_part(
    workspace: ServedWorkspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_chunk(workspace, GOING, "a", b"0123456789abcde\n" * (8 << 16))
    reads: list[int] = []
    read_range = workspace.store.read_range

    def counted(key: str, start: int, length: int, etag: str = "") -> bytes:
        reads.append(length)
        return read_range(key, start, length, etag)

    monkeypatch.setattr(workspace.store, "read_range", counted)
    part = client.get(f"{RUNS}/{GOING}/steps/a/logs", headers={"Range": "bytes=7000000-7000099"})
    assert (len(part.content), sum(reads)) == (100, 100)
    reads.clear()
    assert len(client.get(f"{RUNS}/{GOING}/steps/a/logs").content) == 16 * (8 << 16)
    assert max(reads) == 1 << 20
    reads.clear()
    assert client.get(f"{RUNS}/{GOING}/steps/a/logs?tail=1").content == b"0123456789abcde\n"
    assert sum(reads) < 1 << 20


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_logs, "_PAUSE", 0.01)


def test_a_followed_log_ends_with_the_attempt(workspace: ServedWorkspace, client: Client, impatient: None) -> None:
    follow = f"{RUNS}/{GOING}/steps/a/logs?follow=true"
    with ThreadPoolExecutor(1) as threads:
        followed = threads.submit(client.get, follow)
        try:
            for count in range(2, 6):
                time.sleep(0.05)
                log_chunk(workspace, GOING, "a", b"".join(b"line %d\n" % number for number in range(1, count)))
            log_chunk(workspace, GOING, "a", b"last\n", 2)
            assert not followed.done()
        finally:
            workspace.tell(e.StepFailed(key="a", failure=Failure.USER, reason="", started=b.T0, ended=b.at(3)))
        answer = followed.result(30)
    assert answer.content == b"line 1\nline 2\nline 3\nline 4\nlast\n"
    assert "content-length" not in answer.headers
    assert client.get(f"{follow}&tail=1").content == b"last\n"


def test_a_followed_log_ends_when_nobody_drives_the_run(
    workspace: ServedWorkspace, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_logs, "_SILENCE", -1.0)
    log_chunk(workspace, GOING, "a", b"one\n")
    head.write(workspace.store, workspace.view(GOING).state, b.T0)
    assert other(workspace, "all").get(f"{RUNS}/{GOING}/steps/a/logs?follow=true").content == b"one\n"


def test_followers_are_counted_and_leave_their_places(
    workspace: ServedWorkspace, impatient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_logs, "_VIEWERS_OF_ONE", 0)
    refused = other(workspace, "all").get(f"{STEP}/logs?follow=true")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
    monkeypatch.setattr(read_logs, "_VIEWERS_OF_ONE", 1)
    client = other(workspace, "all")
    for _ in range(3):
        assert client.get(f"{STEP}/logs?follow=true").content == LOG


def test_files_are_listed_in_pages_and_sent_as_attachments(client: Client) -> None:
    names = client.get(f"{STEP}/files").json()
    assert names == {
        "items": [{"name": "logs/a b.txt", "bytes": 10}, {"name": "outputs/report.html", "bytes": 25}],
        "more": False,
    }
    first = client.get(f"{STEP}/files?limit=1").json()
    assert (first["more"], [one["name"] for one in first["items"]]) == (True, ["logs/a b.txt"])
    rest = client.get(f"{STEP}/files", params={"after": "logs/a b.txt"}).json()
    assert [one["name"] for one in rest["items"]] == ["outputs/report.html"]
    page = client.get(f"{STEP}/files/outputs/report.html")
    assert page.content == b"<script>alert(1)</script>"
    assert page.headers["content-type"] == "application/octet-stream"
    assert page.headers["content-disposition"] == "attachment; filename*=UTF-8''report.html"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in page.headers["content-security-policy"]
    assert client.get(f"{RUNS}/{DONE}/files").json()["items"] == [{"name": "summary.txt", "bytes": 11}]
    outputs = client.get(f"{RUNS}/{DONE}/outputs").json()["items"]
    assert [(one["name"], one["bytes"]) for one in outputs] == [
        ("a/out/sub/y.csv", 2),
        ("a/out/x.csv", 4),
        ("b/out", 9),
    ]
    assert client.get(f"{RUNS}/{DONE}/outputs/a/out/sub/y.csv").content == b"y\n"
    assert client.get(f"{RUNS}/{DONE}/outputs?path=b").json()["items"] == [{"name": "b/out", "bytes": 9}]


def test_parts_of_a_file(client: Client) -> None:
    path = f"{STEP}/files/logs/a%20b.txt"
    whole = client.get(path)
    part = client.get(path, headers={"Range": "bytes=2-4", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"234", "bytes 2-4/10")
    changed = client.get(path, headers={"Range": "bytes=2-4", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, b"0123456789")
    assert client.get(path, headers={"Range": "bytes=0-1,3-4"}).status_code == 200
    assert client.get(path, headers={"Range": "bytes=10-"}).status_code == 416


@pytest.mark.parametrize(
    "name",
    ["..%2F..%2Fjournal/00000001.json", "%2e%2e/assignment-1.json", "../../../store.json", "outputs/../../../x",
     "%2Fetc%2Fpasswd", "/etc/passwd", "outputs//report.html", "logs/%2e/a b.txt", "a%00b", "%ff", "outputs%5C..%5Cx",
     "a" * 2000],
)  # fmt: skip
def test_no_name_leaves_the_files_of_the_run(client: Client, name: str) -> None:
    for place in (f"{STEP}/files/", f"{RUNS}/{DONE}/files/", f"{RUNS}/{DONE}/outputs/a/out/"):
        answer = client.get(place + name)
        assert answer.status_code == 404, (place, answer.status_code, answer.text)


def test_a_forged_manifest_opens_no_record_of_runner(workspace: ServedWorkspace, client: Client) -> None:
    workspace.store.put("serve/tokens/1/00000001.json", b"{}")
    view = workspace.view(DONE)
    digest = view.state.steps["a"].outputs["out"].digest
    forged = json.loads(workspace.store.get(f"manifests/{digest}.json"))
    forged["entries"][0]["key"] = "serve/tokens/1/00000001.json"
    data = json.dumps(forged).encode()
    workspace.store.put(f"manifests/{digest_of_bytes(data)}.json", data)
    workspace.store.put(f"manifests/{digest}.json", data)
    for path in ("a/out/sub/y.csv", "a/out/x.csv"):
        answer = client.get(f"{RUNS}/{DONE}/outputs/{path}")
        assert answer.status_code >= 400
        assert answer.content != b"{}"


def test_a_run_is_canceled_by_who_may_submit_its_pipeline(workspace: ServedWorkspace) -> None:
    for token, status in (("reader", 403), ("one", 403), ("", 401), ("all", 202)):
        answer = other(workspace, token).post(f"{RUNS}/{GOING}/cancel")
        assert answer.status_code == status, answer.text
        assert workspace.canceled == ([GOING] if status == 202 else [])
        if status == 202:
            assert answer.json() == {"run": GOING, "status": "canceling"}
    ended = other(workspace, "all").post(f"{RUNS}/{DONE}/cancel")
    assert ended.json() == {"run": DONE, "status": "succeeded"}


@pytest.mark.parametrize(
    ("scope", "status"),
    [(f"submit:{PIPELINE}", 202), (f"submit:{ENDPOINT}", 202), (f"submit:{DISABLED}", 403), ("read", 403)],
)
def test_a_token_of_one_pipeline_or_endpoint_cancels_its_runs_alone(
    workspace: ServedWorkspace, monkeypatch: pytest.MonkeyPatch, scope: str, status: int
) -> None:
    monkeypatch.setitem(CALLERS, "own", Caller(id="t-own", scopes=(scope,)))
    assert other(workspace, "own").post(f"{RUNS}/{GOING}/cancel").status_code == status
    assert workspace.canceled == ([GOING] if status == 202 else [])
    if status == 202:
        assert other(workspace, "own").post(f"{RUNS}/{DONE}/cancel").status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
        ({"Content-Type": "text/plain", "Origin": "https://evil.example"}, 415),
        ({"Origin": URL, "Sec-Fetch-Site": "cross-site"}, 415),
        ({"Origin": "null"}, 415),
        ({"Origin": f"{URL}.evil.example"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 202),
        ({"Origin": URL}, 202),
        ({"Origin": URL, "Sec-Fetch-Site": "same-origin"}, 202),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 202),  # of a page with Referrer-Policy: no-referrer
        ({"Sec-Fetch-Site": "none"}, 202),
    ],
)
def test_no_page_of_another_origin_cancels_runs_with_the_cookie_of_a_proxys_user(
    workspace: ServedWorkspace, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], status: int
) -> None:
    monkeypatch.setitem(CALLERS, "proxy", Caller(id="proxy:ann", scopes=("submit",), by_proxy=True))
    answer = other(workspace, "proxy").post(f"{RUNS}/{GOING}/cancel", headers=headers)
    assert answer.status_code == status, answer.text
    assert workspace.canceled == ([GOING] if status == 202 else [])


@pytest.mark.parametrize("operation", READS)
def test_no_answer_holds_a_secret_or_a_path_of_the_machine(client: Client, operation: str) -> None:
    answer = client.get(READS[operation])
    for hidden in (SECRET, "/work/", 'digest":"0', "rt_"):
        assert hidden not in answer.text
