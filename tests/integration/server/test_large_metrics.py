from __future__ import annotations

import pytest

from runner.model.task import TaskId
from runner.operations import metrics
from tests.support.served_run import DONE, GOING, ServedWorkspace, served
from tests.support.serving import Client, client_of, context_of

NOTE = "the first MiB and the last 3 MiB are shown"
PAGES = (
    f"/runs/{DONE}?tab=metrics",
    f"/runs/{DONE}/steps/b/metrics",
    f"/compare?run={DONE}&run={GOING}",
    "/experiments/experiment",
)


@pytest.fixture
def workspace() -> ServedWorkspace:
    made = served()
    lines = (b'{"name": "loss", "value": %d, "kind": "scalar"}\n' % number for number in range(2000))
    made.store.put(f"{TaskId(DONE, 'b', 1).reports}metrics.jsonl", b"".join(lines))
    return made


@pytest.fixture
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(lambda: workspace))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_that_it_read_a_part_of_very_many_values(
    client: Client, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "of its last" not in client.get(path).text
    assert NOTE not in client.get(path).text
    monkeypatch.setattr(metrics, "BYTES", 8000)
    monkeypatch.setattr(metrics, "_HEAD", 2000)
    answer = client.get(path)
    assert answer.status_code == 200
    text = answer.text
    assert NOTE in text or "of its last 3 MiB" in text


def test_the_rest_interface_counts_every_value(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "BYTES", 8000)
    monkeypatch.setattr(metrics, "_HEAD", 2000)
    (loss,) = client.get(f"/api/v1/runs/{DONE}/steps/b/metrics").json()["items"]
    assert (loss["count"], loss["value"]) == (2000, 1999)
    values = client.get(f"/api/v1/runs/{DONE}/steps/b/metrics?name=loss").json()["items"]
    assert [one["value"] for one in values] == list(range(2000))
