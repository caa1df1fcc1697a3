"""The calls that change runs: retry and tags. Cancel is in test_reading."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.model import events as e
from runner.model.status import RunStatus
from runner.runs import journal
from tests.support.served_run import DONE, GOING, ServedWorkspace, served
from tests.support.served_workspace import TRAIN
from tests.support.served_workspace import ServedWorkspace as WholeWorkspace
from tests.support.serving import Client, client_of, context_of

RUNS = "/api/v1/runs"
SUBMIT = f"/pipelines/v1.0/PipelineRuns/PipelineSubmit/{TRAIN}"


@pytest.fixture
def whole(tmp_path: Path) -> WholeWorkspace:
    return WholeWorkspace(tmp_path / "w")


@pytest.fixture
def failed(whole: WholeWorkspace) -> str:
    """The id of a run whose only step did not succeed."""
    client = client_of(context_of(whole.opened))
    run = str(client.post(SUBMIT, json={"ExperimentName": "nightly"}).json()["Id"])
    state = whole.opened().view(run).state
    assert state.created is not None
    events: list[e.Event] = [e.StepCanceled("a", ""), e.RunEnded(RunStatus.FAILED)]
    journal.Writer(whole.store, run, "c", state.number).append(events, state.created)
    return run


def test_a_retry_with_a_key_makes_one_run(whole: WholeWorkspace, failed: str) -> None:
    client = client_of(context_of(whole.opened))
    answers = [
        client.post(f"{RUNS}/{failed}/retry", json={}, headers={"Idempotency-Key": "again"}).json() for _ in range(3)
    ]
    (new,) = {one["run"] for one in answers}
    assert {one["origin"] for one in answers} == {failed}
    assert set(whole.submissions()) == {failed, new}
    other = client.post(f"{RUNS}/{failed}/retry", json={"scope": "failed"}, headers={"Idempotency-Key": "again"})
    assert other.status_code == 422
    assert client.post(f"{RUNS}/{failed}/retry", json={}).json()["run"] not in {new, failed}


def test_a_retry_from_a_step_names_it(whole: WholeWorkspace, failed: str) -> None:
    client = client_of(context_of(whole.opened))
    new = client.post(f"{RUNS}/{failed}/retry", json={"scope": "from", "steps": ["a"]}).json()["run"]
    assert whole.submissions()[new].forced == ("a",)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"scope": "from"}, 400), ({"scope": "failed", "steps": ["a"]}, 400), ({"scope": "odd"}, 400),
        ({"steps": "a"}, 400), ({"steps": [1]}, 400), ({"other": 1}, 400), ([], 400),
        ({"scope": "only", "steps": ["nothing"]}, 404),
    ],
)  # fmt: skip
def test_a_wrong_part_is_refused_in_words(whole: WholeWorkspace, failed: str, body: object, status: int) -> None:
    answer = client_of(context_of(whole.opened)).post(f"{RUNS}/{failed}/retry", json=body)
    assert (answer.status_code, bool(answer.json()["detail"])) == (status, True)
    assert set(whole.submissions()) == {failed}


def test_a_run_that_goes_on_cannot_be_retried(whole: WholeWorkspace) -> None:
    client = client_of(context_of(whole.opened))
    run = client.post(SUBMIT, json={"ExperimentName": "nightly"}).json()["Id"]
    answer = client.post(f"{RUNS}/{run}/retry", json={})
    assert (answer.status_code, "has not ended" in answer.json()["detail"]) == (400, True)


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(lambda: workspace))


def test_tags_are_set_and_removed_and_lists_see_it(client: Client) -> None:
    made = client.post(f"{RUNS}/{DONE}/tags", json={"set": {"model": "xgb", "note": ""}}).json()
    assert made == {"run": DONE, "tags": {"model": "xgb", "note": ""}}
    left = client.post(f"{RUNS}/{DONE}/tags", json={"set": {"model": "lgb"}, "remove": ["note", "none"]}).json()
    assert left["tags"] == {"model": "lgb"}
    assert [one["run"] for one in client.get(f"{RUNS}?tag=model=lgb").json()["runs"]] == [DONE]
    assert client.get(f"{RUNS}?tag=note").json()["runs"] == []


@pytest.mark.parametrize(
    "body",
    [{"set": {"": "x"}}, {"set": {"a": 1}}, {"set": []}, {"remove": "a"}, {"sets": {}}, {"set": {"a": "x" * 9000}}],
)
def test_wrong_tags_are_refused_in_words(client: Client, body: object) -> None:
    answer = client.post(f"{RUNS}/{DONE}/tags", json=body)
    assert (answer.status_code, bool(answer.json()["detail"])) == (400, True)


@pytest.mark.parametrize("what", ["retry", "tags", "cancel"])
@pytest.mark.parametrize(("token", "status"), [("reader", 403), ("one", 403), ("", 401)])
def test_only_those_who_may_submit_change_a_run(workspace: ServedWorkspace, what: str, token: str, status: int) -> None:
    answer = client_of(context_of(lambda: workspace), token).post(f"{RUNS}/{GOING}/{what}", json={})
    assert (answer.status_code, bool(answer.json()["remedy"])) == (status, True)


def test_a_cancel_asks_for_a_controller_that_ends_the_run(client: Client, workspace: ServedWorkspace) -> None:
    assert client.post(f"{RUNS}/{GOING}/cancel").status_code == 202
    assert (workspace.canceled, workspace.seen_to) == ([GOING], [GOING])
    assert client.post(f"{RUNS}/{DONE}/cancel").status_code == 202
    assert workspace.seen_to == [GOING]
