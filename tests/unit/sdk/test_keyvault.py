"""Secrets in v1's words: in the driver, in a local step, in a pod."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.model.context import STEP_VARIABLE, StepContext, StoreAccess
from runner.model.document import to_document
from runner.model.secret import SecretSource
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.sdk import Run, Workspace
from runner.sdk.base import session as seam
from runner.sdk.base.exceptions import NotOffered, UserErrorException
from tests.support.fake_session import FakeSession


def test_the_driver_reads_them(ws: Workspace, session: FakeSession) -> None:
    session.secrets = {"db": "1", "api": "2"}
    vault = ws.get_default_keyvault()
    assert (vault.list_secrets(), vault.get_secret("db")) == (["api", "db"], "1")
    assert vault.get_secrets(["db", "api"]) == session.secrets
    with pytest.raises(UserErrorException, match="no secret 'nope'"):
        vault.get_secrets(["db", "nope"])


def test_nothing_is_written(ws: Workspace, session: FakeSession) -> None:
    vault = ws.get_default_keyvault()
    changes: tuple[Callable[[], object], ...] = (
        lambda: vault.set_secret("x", "canary-1"),
        lambda: vault.set_secrets({"x": "canary-1"}),
        lambda: vault.delete_secret("x"),
        lambda: vault.delete_secrets(["x"]),
    )
    for change in changes:
        with pytest.raises(NotOffered, match="reads secrets and keeps none") as refused:
            change()
        assert "canary" not in str(refused.value)
    assert not list(session.store.list(""))


def in_step(folder: Path, access: StoreAccess, monkeypatch: pytest.MonkeyPatch) -> Run:
    context = StepContext(run="r", key="k-1", name="k", step_run="r.k-1", attempt=1, experiment="e", access=access)
    (folder / "reports").mkdir()
    (folder / "context.json").write_text(json.dumps(to_document(context)))
    monkeypatch.setenv(STEP_VARIABLE, str(folder))
    seam.use(None)
    from runner.sdk.runs.context_run import ContextRun

    return ContextRun.of_this_process()


def test_a_local_step_reads_them_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary-2\n")
    secret.chmod(0o600)
    monkeypatch.setenv("MY_API", "canary-3")
    sources = {"db": SecretSource(file=str(secret)), "api": SecretSource(env="MY_API")}
    step = tmp_path / "step"
    step.mkdir()
    run = in_step(step, StoreAccess(folder=str(tmp_path / "store"), secrets=sources), monkeypatch)
    assert run.get_secrets(["db", "api"]) == {"db": "canary-2", "api": "canary-3"}
    assert b"canary" not in (step / "context.json").read_bytes()
    with pytest.raises(UserErrorException, match="known: api, db"):
        run.get_secret("nope")
    seam.use(None)


def test_a_pod_reads_them_from_its_mounted_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stores = StepStores(BucketEndpoint(bucket="b", endpoint="http://x"), secrets={"db": "canary-4"})
    assert "canary" not in repr(stores)
    (tmp_path / "stores.json").write_text(json.dumps(to_document(stores)))
    step = tmp_path / "step"
    step.mkdir()
    run = in_step(step, StoreAccess(stores=str(tmp_path / "stores.json")), monkeypatch)
    assert run.get_secret("db") == "canary-4"
    assert run.experiment.workspace.get_default_keyvault().list_secrets() == ["db"]
    seam.use(None)
