"""The report of a run at its address: kept, or made for the one who asks."""

from __future__ import annotations

import pytest

from runner.operations import run_tags, stored_reports
from runner.pages.report import is_report
from tests.support.served_run import DONE, GOING, ServedWorkspace, served
from tests.support.serving import Client, client_of, context_of


@pytest.fixture
def workspace() -> ServedWorkspace:
    return served()


@pytest.fixture
def client(workspace: ServedWorkspace) -> Client:
    return client_of(context_of(lambda: workspace))


def test_a_kept_report_is_shown_in_a_sandbox(client: Client) -> None:
    found = client.get(f"/runs/{DONE}/report?kept=true")
    assert found.text == "<p>the report of the run</p>"
    policy = found.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert "content-disposition" not in found.headers


@pytest.mark.parametrize("run", [DONE, GOING])
def test_a_report_is_made_at_the_moment_and_not_kept(workspace: ServedWorkspace, client: Client, run: str) -> None:
    run_tags.set_tags(workspace.store, workspace.view(run), {"later": "a tag of now"})
    before = stored_reports.kept(workspace.store, run)
    found = client.get(f"/runs/{run}/report?download=true")
    assert is_report(found.content)
    assert found.headers["content-disposition"] == f'attachment; filename="{run}.html"'
    assert "a tag of now" in found.text
    assert stored_reports.kept(workspace.store, run) == before


def test_a_report_that_is_not_kept_is_told(client: Client) -> None:
    assert f"/runs/{GOING}/report" in client.get(f"/runs/{GOING}/report?kept=true").text
    assert client.get(f"/runs/{GOING}/report?kept=true").status_code == 404


def test_the_kept_report_can_be_had_by_rest(workspace: ServedWorkspace, client: Client) -> None:
    found = client.get(f"/api/v1/runs/{DONE}/report")
    assert found.content == b"<p>the report of the run</p>"
    assert found.headers["content-disposition"].endswith(f"{DONE}.html")
    workspace.store.delete(stored_reports.key_of(DONE))
    missing = client.get(f"/api/v1/runs/{DONE}/report")
    assert missing.status_code == 404
    assert "runner report" in missing.text


def test_a_run_that_is_not_there_has_no_report(client: Client) -> None:
    assert client.get("/runs/20260203t040506789z-cccccccccccccccc/report").status_code == 404
