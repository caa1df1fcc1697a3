from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.cli.capture import DryWorkspace
from runner.data.named_datastores import NamedDatastore, give_name, set_default
from runner.errors import BadInput
from runner.model.store_endpoint import BucketEndpoint
from runner.ports import FolderStore
from runner.storage.s3.store import BucketStore
from runner.wiring.configuration import load
from runner.wiring.workspace import OpenWorkspace

CONFIG = """
datastores:
  shared: {type: folder, path: shared, account: contoso, container: raw}
  lake: {type: bucket, bucket: lake, prefix: raw, endpoint: 'http://near', cluster_endpoint: 'http://far',
         credentials: keys.json}
targets:
  kind: {type: kubernetes, store: {bucket: own, prefix: team, endpoint: 'http://own'}}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "runner.yaml").write_text(CONFIG)
    (tmp_path / "keys.json").write_text(json.dumps({"access_key": "me", "secret_key": "hidden"}))
    (tmp_path / "keys.json").chmod(0o600)
    return tmp_path


def workspace(root: Path, target: str = "") -> OpenWorkspace:
    return OpenWorkspace(config=load(root, {"RUNNER_CONFIG": str(root / "none")}), override=target)


def test_every_datastore_is_opened_where_it_lies(root: Path) -> None:
    session = workspace(root)
    assert session.datastore_names() == ("workspaceblobstore", "shared", "lake", "workspacefilestore")
    places = {name: session.datastore(name) for name in session.datastore_names()}
    folders = {name: store.path("x") for name, store in places.items() if isinstance(store, FolderStore)}
    assert folders == {
        "workspaceblobstore": root / ".runner" / "x",
        "shared": root / "shared" / "x",
        "workspacefilestore": root / ".runner" / "workspacefilestore" / "x",
    }
    assert isinstance(places["lake"], BucketStore)
    assert session.datastore("shared") is places["shared"]


def test_on_a_cluster_the_built_in_ones_lie_in_its_bucket(root: Path) -> None:
    store = workspace(root, "kind").datastore("workspacefilestore")
    assert isinstance(store, BucketStore)
    assert not isinstance(store, FolderStore)


def test_an_unknown_one_is_told(root: Path) -> None:
    with pytest.raises(BadInput, match="known: workspaceblobstore, shared, lake") as refused:
        workspace(root).datastore("lakes")
    assert refused.value.problems[0].remedy


def test_pods_get_the_keys_to_every_bucket_and_to_nothing_else(root: Path) -> None:
    session = workspace(root)
    give_name(session.store, "raw", NamedDatastore("lake", "contoso", "raw"))
    give_name(session.store, "gone", NamedDatastore("no_more"))
    found = session.datastores.for_steps(here=False)
    assert set(found) == {"lake", "raw"}
    assert found["raw"] == found["lake"]
    lake = found["lake"]
    assert isinstance(lake, BucketEndpoint)
    assert (lake.bucket, lake.endpoint, lake.prefix, lake.credentials.secret_key) == (
        "lake",
        "http://far",
        "raw/",
        "hidden",
    )
    assert "hidden" not in repr(session.datastore_facts())
    (root / "keys.json").unlink()
    assert workspace(root).datastores.for_steps(here=False) == {}


def test_a_registered_name_means_the_configured_one(root: Path) -> None:
    session = workspace(root)
    give_name(session.store, "mine", NamedDatastore("shared", "fabrikam", "box"))
    assert session.datastore("mine") is session.datastore("shared")
    facts = session.datastore_facts()["mine"]
    assert (facts.configured, facts.account, facts.container) == ("shared", "fabrikam", "box")


def test_the_default_comes_first_for_every_later_session(root: Path) -> None:
    set_default(workspace(root).store, "lake")
    assert workspace(root).datastore_names()[0] == "lake"
    (root / "runner.yaml").write_text("")
    with pytest.raises(BadInput, match="'lake' is no longer configured") as refused:
        workspace(root).datastore_names()
    assert "set_default_datastore" in refused.value.problems[0].remedy


def test_a_dry_run_writes_to_none_of_them(root: Path) -> None:
    dry = DryWorkspace(config=workspace(root).config)
    for name in ("workspaceblobstore", "shared", "workspacefilestore"):
        dry.datastore(name).put("data/x", b"1")
        assert dry.datastore(name).get("data/x") == b"1"
    assert not (root / ".runner").exists()
    assert not (root / "shared").exists()
