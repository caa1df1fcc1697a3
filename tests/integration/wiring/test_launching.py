"""The workspace in which a controller in a pod submits what steps ask for."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from runner.config.after_run import AfterRunConfig, MlflowConfig
from runner.config.controllers import ControllerHost
from runner.model.access import Access
from runner.wiring import OpenWorkspace, open_session
from runner.wiring.in_cluster import CONFIGURATION
from runner.wiring.launching import launching_files, written
from tests.support.memory_store import MemoryStore

CONFIG = """\
name: penguins
target: team
targets:
  team: {type: kubernetes, namespace: ml, registry: here/x,
         store: {bucket: work, endpoint: 'http://near', credentials: KEYS}}
secrets: {mine: {env: MINE}, other: {env: OTHER}}
datastores:
  lake: {type: bucket, bucket: lake, endpoint: 'http://near', credentials: keys.json}
  other: {type: bucket, bucket: others, endpoint: 'http://near', credentials: keys.json}
"""


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenWorkspace:
    monkeypatch.setenv("RUNNER_CONFIG", "/dev/null")
    monkeypatch.setenv("MINE", "open sesame")
    monkeypatch.setenv("OTHER", "not for this run")
    root = tmp_path / "laptop"
    root.mkdir()
    (root / "runner.yaml").write_text(CONFIG.replace("KEYS", str(root / "keys.json")))
    (root / "keys.json").write_text(json.dumps({"access_key": "me", "secret_key": "the key"}))
    (root / "keys.json").chmod(0o600)
    found = open_session(root)
    found.base_store = MemoryStore()
    return found


def host_of(session: OpenWorkspace) -> ControllerHost:
    found = session.config.get("team").controllers(lambda: "store-1")
    assert found is not None
    return found


def test_a_controller_gets_what_the_ends_of_the_runs_need_that_it_submits(session: OpenWorkspace) -> None:
    wanted = AfterRunConfig(mlflow=MlflowConfig(tracking_uri="https://m", token="${other}"))
    session.config = replace(session.config, after_run=wanted)
    files = launching_files(session, host_of(session), "controller:1", Access())
    assert files["secret-other"] == "not for this run"
    assert "open sesame" not in str(files)


def test_a_controller_gets_what_its_run_uses_and_no_more(session: OpenWorkspace, tmp_path: Path) -> None:
    files = launching_files(session, host_of(session), "controller:1", Access(("mine",), ("lake",)))
    assert "open sesame" in str(files)
    assert "not for this run" not in str(files)
    assert json.loads(files[CONFIGURATION]).keys() >= {"name", "target", "detach", "targets"}
    folder = written(files, tmp_path / "pod")
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    there = open_session(folder)
    assert (there.target_in_force, there.config.workspace) == ("team", "penguins")
    assert set(there.config.datastores) == {"lake"}
    assert there.secret_names() == ("mine",)
    assert there.secret("mine") == "open sesame"
    assert written(files, folder) == folder  # another pod of the Job may find the folder of one before


def test_without_keys_for_pods_nothing_is_handed_over(session: OpenWorkspace, tmp_path: Path) -> None:
    said: list[str] = []
    session.notify = said.append
    (tmp_path / "laptop" / "keys.json").unlink()
    assert launching_files(session, host_of(session), "controller:1", Access()) == {}
    assert "cannot submit published pipelines" in said[0]
