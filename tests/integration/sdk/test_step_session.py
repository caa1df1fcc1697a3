"""What a step's process reaches of the workspace: its store, its datastores, other runs, its own pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from runner.model import events as e
from runner.model.context import StepContext, StoreAccess
from runner.model.credentials import Credentials
from runner.model.document import to_document
from runner.model.plan import Plan, Submission
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.runs import index, journal, plans, records
from runner.sdk import Run
from runner.sdk.base import session
from runner.sdk.base.step_session import StepSession
from runner.sdk.runs import run as run_module
from runner.sdk.runs.context_run import ContextRun
from runner.storage.directory import DirectoryStore
from tests.support.builders import RUN, plan, step
from tests.support.scripted_server import Reply, Seen, error, scripted_server

NOW = datetime(2026, 1, 2, tzinfo=timezone.utc)


def journaled(store: DirectoryStore, what: Plan) -> None:
    """Submit a run to the store."""
    said = Submission(plan=plans.save(store, what), experiment="e", tags={"from": "driver"})
    index.add(store, index.IndexEntry(run=RUN, experiment="e", created=NOW))
    journal.Writer(store, RUN, "submit", 0).append([e.RunSubmitted(said), e.AttemptStarted("a", 1, "u")], NOW)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    made = DirectoryStore(tmp_path / "workspace", durable=False)
    journaled(made, plan(step("a")))
    return made


@pytest.fixture
def run(store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ContextRun]:
    """The run object of a step whose store is a folder."""
    access = StoreAccess(folder=str(tmp_path / "workspace"), datastores={"other": str(tmp_path / "other")})
    yield from in_step(tmp_path, monkeypatch, access)


def in_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, access: StoreAccess) -> Iterator[ContextRun]:
    folder = tmp_path / "work" / "step"
    (folder / "reports").mkdir(parents=True)
    (tmp_path / "work" / "code" / "outputs").mkdir(parents=True)
    context = StepContext(run=RUN, key="a", name="A", step_run=f"{RUN}.a", attempt=1, experiment="e", access=access)
    (folder / "context.json").write_text(json.dumps(to_document(context)))
    monkeypatch.setenv("RUNNER_STEP", str(folder))
    monkeypatch.setenv("AZUREML_ARM_WORKSPACE_NAME", "w")
    monkeypatch.setenv("AZUREML_ARM_SUBSCRIPTION", "s")
    monkeypatch.setattr(run_module, "_contexts", {})
    monkeypatch.chdir(tmp_path / "work" / "code")
    session.use(None)
    made = Run.get_context()
    assert isinstance(made, ContextRun)
    yield made
    session.use(None)


def test_its_pipeline_run_can_be_told_and_stopped(run: ContextRun, store: DirectoryStore) -> None:
    parent = run.parent
    parent.tag("k", "v")
    parent.log("m", 1)
    assert parent.id == RUN
    assert parent.get_tags() == {"from": "driver", "k": "v"}
    assert Run.get(run.experiment.workspace, RUN).get_metrics() == {"m": 1}
    assert [child.id for child in parent.get_children()] == [f"{RUN}.a"]
    run.cancel()
    assert not records.canceled(store, RUN)
    parent.cancel()
    assert records.canceled(store, RUN)


def test_a_key_that_is_refused_is_read_again_from_the_mounted_file(tmp_path: Path) -> None:
    file = tmp_path / "stores.json"

    bodies: list[bytes] = []

    def guarded(seen: Seen) -> Reply:
        bodies.append(seen.body)
        new = "Credential=new/" in seen.headers["authorization"]
        return Reply(body=b"" if seen.body else b"content") if new else error(403, "ExpiredToken")

    def told(endpoint: str, key: str) -> str:
        vantage = BucketEndpoint(bucket="b", endpoint=endpoint, credentials=Credentials(key, f"{key}-key"))
        return json.dumps(to_document(StepStores(vantage, {"lake": vantage})))

    with scripted_server(guarded) as server:
        file.write_text(told(server.endpoint, "old"))
        opened = StepSession(StoreAccess(stores=str(file)))
        lake = opened.datastore("lake")
        file.write_text(told(server.endpoint, "new"))
        assert opened.store.get("key") == lake.get("key") == b"content"
        opened.store.put("registry/models/m/1.json", b'{"tags": ["new-key", "old-key"]}')
    assert bodies[-1] == b'{"tags": ["***", "***"]}'
