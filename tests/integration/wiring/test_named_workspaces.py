from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runner.errors import BadInput, StoreDenied
from runner.model.store_endpoint import BucketEndpoint
from runner.runs import store_format
from runner.storage.s3.store import BucketStore
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace
from tests.support.memory_store import MemoryStore

TARGET = "targets: {kind: {type: kubernetes, store: {bucket: bkt, prefix: team/, endpoint: 'http://near:1'}}}\n"


def opened(root: Path, text: str = "", target: str = "kind") -> OpenWorkspace:
    (root / "machine.yaml").write_text(TARGET)
    if text:
        (root / "runner.yaml").write_text(text)
    return OpenWorkspace(config=load(root, {"RUNNER_CONFIG": str(root / "machine.yaml")}), override=target)


def v1_names(root: Path, name: str, place: str = ".azureml/config.json") -> None:
    (root / place).parent.mkdir(exist_ok=True)
    names = {"subscription_id": "0", "resource_group": "rg", "workspace_name": name}
    (root / place).write_text(json.dumps(names))


def prefix_of(session: OpenWorkspace, datastore: str = "workspaceblobstore") -> str:
    store = session.datastore(datastore)
    assert isinstance(store, BucketStore)
    return store._prefix


def test_the_name_is_of_runner_yaml_then_of_config_json_then_the_folders(tmp_path: Path) -> None:
    root = tmp_path / "Proj"
    root.mkdir()
    assert opened(root).config.workspace == "Proj"
    v1_names(root, "of-v1")
    assert (opened(root).config.workspace, opened(root).config.named_in) == ("of-v1", f"{root}/.azureml/config.json")
    named = opened(root, "name: penguins")
    assert named.config.workspace == "penguins"
    assert named.workspace_facts.apart
    assert not opened(root, target="").workspace_facts.apart


def test_v1s_other_places_count_where_they_name_a_workspace(tmp_path: Path) -> None:
    root = tmp_path / "proj"
    root.mkdir()
    (root / "config.json").write_text('{"lr": 0.1}')
    assert opened(root).config.workspace == "proj"
    v1_names(tmp_path, "above", "config.json")
    assert opened(root).config.workspace == "above"
    (root / ".azureml").mkdir()
    (root / ".azureml" / "config.json").write_text("{}")
    with pytest.raises(BadInput, match="workspace_name") as refused:
        opened(root)
    assert refused.value.problems[0].where == f"{root}/.azureml/config.json"


def test_each_name_has_its_own_place_in_the_bucket_for_all_that_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_format, "check", lambda _store, _where: "")  # no such server is there
    session = opened(tmp_path, "name: Penguins")
    assert prefix_of(session) == "team/workspaces/!penguins/"
    assert prefix_of(session, "workspacefilestore") == "team/workspaces/!penguins/workspacefilestore/"
    session.base_store = MemoryStore()
    settings = session.config.get("kind")
    told = session.step_stores("kind")
    assert told.workspace.prefix == "team/workspaces/!penguins/"
    filed = told.of("workspacefilestore")
    assert isinstance(filed, BucketEndpoint)
    assert filed.prefix == "team/workspaces/!penguins/workspacefilestore/"
    host = settings.controllers(str)
    assert host is not None
    inside = host.inside().store
    assert inside is not None
    assert inside.prefix == "team/", "a detached controller takes `told`"


def test_a_name_that_no_key_can_hold_is_refused_on_a_cluster(tmp_path: Path) -> None:
    session = opened(tmp_path, f"name: {'日' * 30}")
    with pytest.raises(BadInput, match="too long") as refused:
        session.store.get("x")
    assert refused.value.problems[0].where == str(tmp_path / "runner.yaml")
    assert opened(tmp_path, target="").store.stat("x") is None


def test_the_machine_wide_file_names_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "machine.yaml").write_text("name: everybody")
    with pytest.raises(BadInput, match="cannot name the workspace"):
        load(tmp_path, {"RUNNER_CONFIG": str(tmp_path / "machine.yaml")})


SHARED = "name: mine\ndatastores: {team: {type: workspace, workspace: Team}}"


def test_a_datastore_reads_another_workspace_and_never_writes_it(tmp_path: Path) -> None:
    session = opened(tmp_path, SHARED)
    session.base_store = MemoryStore()
    assert prefix_of(session, "team") == "team/workspaces/!team/"
    facts = session.datastore_facts()["team"]
    assert (facts.kind, facts.read_only, facts.place) == (
        "bucket",
        True,
        "bkt/team/workspaces/!team at http://near:1",
    )
    pods = session.datastores.for_steps(here=False)["team"]
    assert isinstance(pods, BucketEndpoint)
    assert (pods.prefix, pods.read_only) == ("team/workspaces/!team/", True)
    store = session.datastore("team")
    (tmp_path / "file").write_bytes(os.urandom(10))
    for write in (
        lambda: store.put("x", b"1"),
        lambda: store.put_if_absent("x", b"1"),
        lambda: store.delete("x"),
        lambda: store.upload("x", tmp_path / "file"),
    ):
        with pytest.raises(StoreDenied, match="read-only"):
            write()


def test_another_workspace_needs_a_target_with_a_bucket(tmp_path: Path) -> None:
    local = opened(tmp_path, SHARED, target="")
    assert local.datastore_facts()["team"].place == "workspace 'Team'"
    with pytest.raises(BadInput, match="target 'local' has none") as refused:
        local.datastore("team")
    assert "--target" in refused.value.problems[0].remedy
    fixed = SHARED.replace("Team}", "Team, target: kind}")
    assert prefix_of(opened(tmp_path, fixed, target=""), "team") == "team/workspaces/!team/"
