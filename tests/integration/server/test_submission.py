from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest

from runner.config.serve import ServeConfig, ServeLimits
from runner.errors import StoreUnreachable, TargetUnreachable
from runner.model.data import DatasetDefinition, DatastorePath
from runner.runs import journal
from runner.sdk.runs.logged_store import children
from runner.server.late_starts import LateStarts
from tests.support.served_workspace import IDLE, TRAIN, ServedSession, ServedWorkspace
from tests.support.serving import CALLERS, Client, client_of, context_of, live

PREFIX = "/pipelines/v1.0/PipelineRuns"
PIPELINE = f"{PREFIX}/PipelineSubmit/{TRAIN}"
BODY = {"ExperimentName": "nightly"}
ABSENT = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def workspace(tmp_path: Path) -> ServedWorkspace:
    return ServedWorkspace(tmp_path / "w")


@pytest.fixture
def audit() -> list[dict[str, object]]:
    return []


@pytest.fixture
def client(workspace: ServedWorkspace, audit: list[dict[str, object]]) -> Client:
    return client_of(context_of(workspace.opened, audit=lambda line: audit.append(dict(line))))


def test_a_pipeline_runs_with_the_values_of_the_body(
    workspace: ServedWorkspace, client: Client, audit: list[dict[str, object]]
) -> None:
    answer = client.post(
        PIPELINE,
        json={
            **BODY,
            "ParameterAssignments": {"epochs": "5", "rate": 1, "1": "united"},
            "DataPathAssignments": {"where": {"DataStoreName": "workspaceblobstore", "RelativePath": "raw/7"}},
            "DataSetDefinitionValueAssignments": {"table": {"SavedDataSetReference": {"Id": workspace.dataset}}},
            "RunSource": "SDK",
            "Tags": {"build": 12},
            "ContinueRunOnStepFailure": True,
            "RegenerateOutputs": True,
        },
    )
    assert answer.status_code == 200, answer.text
    run = answer.json()["Id"]
    (made,) = workspace.submissions().values()
    assert workspace.started == [run]
    assert made.parameters == {"epochs": 5, "rate": 1}
    assert (made.experiment, made.published, made.source, dict(made.tags)) == ("nightly", TRAIN, "SDK", {"build": "12"})
    assert (made.continue_on_step_failure, made.regenerate_outputs) == (True, True)
    where, table = (each.source for each in workspace.plan_of(made).step("a").inputs)
    assert where == DatastorePath("workspaceblobstore", "raw/7")
    assert isinstance(table, DatasetDefinition)
    assert table.id == workspace.dataset
    assert answer.headers["location"] == answer.json()["Links"]["Run"]
    (line,) = audit
    assert (line["run"], line["pipeline"], line["status"], line["ignored"]) == (run, TRAIN, 200, ["1"])
    assert "united" not in str(line)


@pytest.mark.parametrize(
    "path", ["Id/{id}", "Id/{id}/0", "Name?name=Nightly%20one", "Name?name=Nightly%20one&pipelineVersion=0"]
)
def test_an_endpoint_runs_by_id_and_by_name(workspace: ServedWorkspace, client: Client, path: str) -> None:
    answer = client.post(f"{PREFIX}/PipelineEndpointSubmit/{path.format(id=workspace.endpoint.id)}", json=BODY)
    assert answer.status_code == 200, answer.text
    assert answer.json()["PipelineId"] == TRAIN
    assert list(workspace.submissions()) == [answer.json()["Id"]]


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        (f"PipelineSubmit/{ABSENT}", 404, "no published pipeline of id"),
        ("PipelineSubmit/train", 404, "in the path"),
        ("PipelineSubmit/..%2F..%2Fetc", 404, "nothing at this path"),
        (f"PipelineSubmit/{IDLE}", 409, "is disabled"),
        (f"PipelineEndpointSubmit/Id/{ABSENT}", 404, "no pipeline endpoint of id"),
        ("PipelineEndpointSubmit/Id/{id}/7", 404, "version"),
        ("PipelineEndpointSubmit/Id/{id}/1", 409, "is disabled"),
        ("PipelineEndpointSubmit/Id/{id}/x", 404, "in the path"),
        ("PipelineEndpointSubmit/Name?name=Nightly", 404, "did you mean 'Nightly one'"),
        ("PipelineEndpointSubmit/Name", 400, "it is missing"),
        ("PipelineEndpointSubmit/Name?name=Nightly%20one&pipelineVersion=9", 404, "version"),
        ("PipelineEndpointSubmit/Name?name=Nightly%20one&version=0", 400, "unknown query parameter"),
    ],
)
def test_what_cannot_be_run_is_refused_in_words(
    workspace: ServedWorkspace, client: Client, path: str, status: int, part: str
) -> None:
    before = dict(workspace.store.objects)
    answer = client.post(f"{PREFIX}/{path.replace('{id}', workspace.endpoint.id)}", json=BODY)
    assert (answer.status_code, part in answer.text) == (status, True), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert workspace.store.objects == before


def test_a_disabled_endpoint_is_refused(workspace: ServedWorkspace, client: Client) -> None:
    workspace.disable_endpoint()
    answer = client.post(f"{PREFIX}/PipelineEndpointSubmit/Id/{workspace.endpoint.id}", json=BODY)
    assert (answer.status_code, "is disabled" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ({}, "ExperimentName is missing"),
        ({**BODY, "ParameterAssignments": {"epochs": "many"}}, "'epochs' is a int"),
        ({**BODY, "ParameterAssignments": {"where": "raw/7"}}, "where"),
        ({**BODY, "DataPathAssignments": {"table": {"DataStoreName": "workspaceblobstore"}}}, "TabularDataset"),
        ({**BODY, "DataPathAssignments": {"where": {"DataStoreName": "nowhere", "RelativePath": "a"}}}, "nowhere"),
        (
            {**BODY, "DataSetDefinitionValueAssignments": {"table": {"SavedDataSetReference": {"Id": "../../x"}}}},
            "no registered dataset has the id",
        ),
        ({**BODY, "ParentRunId": "../x"}, "is no id of a run"),
        ({**BODY, "ParentRunId": "20260101t000000000z-aaaaaaaaaaaaaaaa"}, "20260101t000000000z"),
    ],
)
@pytest.mark.parametrize("key", ["", "k-1"])
def test_a_body_that_does_not_fit_changes_nothing(
    workspace: ServedWorkspace, client: Client, body: dict[str, object], part: str, key: str
) -> None:
    before = {name for name in workspace.store.objects if not name.startswith("serve/keys/")}
    answer = client.post(PIPELINE, json=body, headers={"Idempotency-Key": key} if key else {})
    assert (answer.status_code, part in answer.text) == (400, True), answer.text
    assert answer.json()["detail"]
    assert {name for name in workspace.store.objects if not name.startswith("serve/keys/")} == before
    assert workspace.submissions() == {}


def test_a_run_becomes_the_child_of_its_parent(workspace: ServedWorkspace, client: Client) -> None:
    parent = client.post(PIPELINE, json=BODY).json()["Id"]
    child = client.post(PIPELINE, json={**BODY, "ParentRunId": parent}).json()["Id"]
    assert workspace.submissions()[child].parent == parent
    assert list(children(workspace.store, parent)) == [child]


def test_the_run_of_a_step_may_be_the_parent(workspace: ServedWorkspace, client: Client) -> None:
    parent = client.post(PIPELINE, json=BODY).json()["Id"] + ".a"
    child = client.post(PIPELINE, json={**BODY, "ParentRunId": parent}).json()["Id"]
    assert list(children(workspace.store, parent)) == [child]


@pytest.mark.parametrize(
    "rest", [".x/../../../serve/tokens/abc", "./x//y", "." + "é" * 200, ".", ".b", ".a.2", ".a/", "/a", "\n"]
)
def test_a_parent_that_is_none_makes_no_run(workspace: ServedWorkspace, client: Client, rest: str) -> None:
    parent = client.post(PIPELINE, json=BODY).json()["Id"]
    before = dict(workspace.store.objects)
    answer = client.post(PIPELINE, json={**BODY, "ParentRunId": parent + rest})
    assert answer.status_code == 400, answer.text
    assert workspace.store.objects == before


@pytest.mark.parametrize("key", ["", "k-1"])
@pytest.mark.parametrize("broken", ["controller", "children", "plans"])
def test_nothing_after_the_submission_fails_the_call(
    workspace: ServedWorkspace, client: Client, monkeypatch: pytest.MonkeyPatch, key: str, broken: str
) -> None:
    """A client that gets an error calls again, and would make a second run."""
    parent = client.post(PIPELINE, json=BODY).json()["Id"]
    put, get, submitted = workspace.store.put, workspace.store.get, journal.Writer.append

    def start(_self: ServedSession, _run: str) -> None:
        raise TargetUnreachable("the cluster does not answer")

    def failing_put(name: str, data: bytes) -> None:
        if name.startswith("logged/children/"):
            raise StoreUnreachable("the store does not answer")
        put(name, data)

    def failing_get(name: str) -> bytes:
        if name.startswith("plans/"):
            raise StoreUnreachable("the store does not answer")
        return get(name)

    def append(*args: Any) -> Any:
        done = submitted(*args)
        if broken == "plans":
            monkeypatch.setattr(workspace.store, "get", failing_get)
        return done

    monkeypatch.setattr(journal.Writer, "append", append)
    if broken == "controller":
        monkeypatch.setattr(ServedSession, "start_controller", start)
    elif broken == "children":
        monkeypatch.setattr(workspace.store, "put", failing_put)
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(PIPELINE, json={**BODY, "ParentRunId": parent}, headers=headers)
    monkeypatch.undo()
    assert answer.status_code == 200, answer.text
    assert set(workspace.submissions()) == {parent, answer.json()["Id"]}


def test_a_controller_that_could_not_be_started_is_started_later(
    workspace: ServedWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, audit = ServedSession.start_controller, list[Mapping[str, object]]()
    tries: list[str] = []
    done = Event()

    def start(session: ServedSession, run: str) -> None:
        tries.append(run)
        if len(tries) < 4:
            raise TargetUnreachable("the cluster does not answer") if len(tries) % 2 else OSError("no process is left")
        started(session, run)
        done.set()

    monkeypatch.setattr(ServedSession, "start_controller", start)
    context = replace(context_of(workspace.opened, audit=audit.append), late=LateStarts((0.01, 0.05)))
    run = client_of(context).post(PIPELINE, json=BODY).json()["Id"]
    assert (audit[0]["run"], audit[0]["controller"]) == (run, "starts later")
    assert done.wait(30)
    assert (tries, workspace.started) == ([run] * 4, [run])


def test_a_submission_that_fails_makes_no_run(
    workspace: ServedWorkspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def append(*_args: Any) -> None:
        raise StoreUnreachable("the store does not answer")

    monkeypatch.setattr(journal.Writer, "append", append)
    answer = client.post(PIPELINE, json=BODY)
    monkeypatch.undo()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert workspace.submissions() == {}


def test_one_key_makes_one_run(workspace: ServedWorkspace, client: Client) -> None:
    headers = {"Idempotency-Key": "nightly 2026-11-29"}
    first = client.post(PIPELINE, json=BODY, headers=headers)
    again = client.post(PIPELINE, json=BODY, headers=headers)
    assert first.json() == again.json()
    assert len(workspace.submissions()) == 1
    other = client.post(PIPELINE, json={**BODY, "Tags": {"a": 1}}, headers=headers)
    assert (other.status_code, "another body" in other.json()["detail"]) == (422, True)
    new = client.post(PIPELINE, json=BODY, headers={"Idempotency-Key": "another"})
    assert new.json()["Id"] != first.json()["Id"]
    assert len(workspace.submissions()) == 2


def test_two_callers_with_the_same_key_make_two_runs(
    workspace: ServedWorkspace, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CALLERS, "other", CALLERS["all"].__class__(id="t-other", scopes=("submit",)))
    other = client_of(context_of(workspace.opened), token="other")
    for each in (client, other):
        assert each.post(PIPELINE, json=BODY, headers={"Idempotency-Key": "k"}).status_code == 200
    assert len(workspace.submissions()) == 2


@pytest.mark.parametrize("key", ["", " x", "x" * 256, "\u00e9"])
def test_a_key_that_cannot_be_used_is_refused(client: Client, key: str) -> None:
    answer = client.post(PIPELINE, json=BODY, headers=[(b"Idempotency-Key", key.encode("latin-1"))])
    assert answer.status_code == 400


def test_a_server_that_dies_after_its_claim_makes_no_second_run(workspace: ServedWorkspace, client: Client) -> None:
    headers = {"Idempotency-Key": "k"}
    run = client.post(PIPELINE, json=BODY, headers=headers).json()["Id"]
    for name in [name for name in workspace.store.objects if run in name]:
        workspace.store.delete(name)  # as if it had died between the claim and the submission
    assert workspace.submissions() == {}
    assert client.post(PIPELINE, json=BODY, headers=headers).json()["Id"] == run
    assert list(workspace.submissions()) == [run]


@pytest.mark.parametrize(
    ("token", "status"), [("", 401), ("wrong", 401), ("reader", 403), ("one", 200), ("other", 403), ("endpoint", 403)]
)
def test_the_token_decides_what_may_be_run(
    workspace: ServedWorkspace, monkeypatch: pytest.MonkeyPatch, token: str, status: int
) -> None:
    made = CALLERS["all"].__class__
    monkeypatch.setitem(CALLERS, "one", made(id="t1", scopes=(f"submit:{TRAIN}",)))
    monkeypatch.setitem(CALLERS, "other", made(id="t2", scopes=(f"submit:{IDLE}",)))
    monkeypatch.setitem(CALLERS, "endpoint", made(id="t3", scopes=(f"submit:{workspace.endpoint.id}",)))
    client = client_of(context_of(workspace.opened), token=token)
    assert client.post(PIPELINE, json=BODY).status_code == status
    if token == "endpoint":
        assert client.post(f"{PREFIX}/PipelineEndpointSubmit/Id/{workspace.endpoint.id}", json=BODY).status_code == 200
        assert client.post(f"{PREFIX}/PipelineEndpointSubmit/Name?name=no", json=BODY).status_code == 403


def test_a_user_of_a_proxy_has_to_declare_json(workspace: ServedWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    made = CALLERS["all"].__class__
    monkeypatch.setitem(CALLERS, "proxy", made(id="proxy:ann", scopes=("submit",), by_proxy=True))
    client = client_of(context_of(workspace.opened), token="proxy")
    form = {"Content-Type": "text/plain"}
    assert client.post(PIPELINE, content=json.dumps(BODY), headers=form).status_code == 415
    assert client.post(PIPELINE, json=BODY).status_code == 200


def test_submissions_of_one_token_are_limited(workspace: ServedWorkspace) -> None:
    settings = ServeConfig(limits=ServeLimits(submissions_per_second=0.2))
    client = client_of(context_of(workspace.opened, settings))
    answers = [client.post(PIPELINE, json=BODY) for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] == "5"
    assert len(workspace.submissions()) == 2


@pytest.fixture
def two_servers(workspace: ServedWorkspace) -> Iterator[list[str]]:
    settings = ServeConfig(limits=ServeLimits(submissions_per_second=1000))
    with live(context_of(workspace.opened, settings)) as one, live(context_of(workspace.opened, settings)) as two:
        yield [one, two]


def test_two_servers_at_once_lose_and_double_nothing(workspace: ServedWorkspace, two_servers: list[str]) -> None:
    def call(at: int) -> str:
        headers = {"Authorization": "Bearer all", "Idempotency-Key": f"k{at % 10}"}
        answer = httpx.post(two_servers[at % 3 % 2] + PIPELINE, json=BODY, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["Id"])

    with ThreadPoolExecutor(12) as pool:
        runs = list(pool.map(call, range(40)))
    assert len(set(runs)) == 10
    assert set(workspace.submissions()) == set(runs)
