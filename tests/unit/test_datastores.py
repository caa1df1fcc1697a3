from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.config import load
from runner.datastores import BucketConfig, DatastoreConfig, FolderConfig, vantages
from runner.errors import BadInput

BOTH = """
datastores:
  lake: {{type: bucket, bucket: lake, prefix: raw, endpoint: 'http://here:9000', credentials: keys/{0}.json,
          account: contoso, container: raw}}
  shared: {{type: folder, path: '{1}'}}
"""


def read(machine: Path, root: Path) -> dict[str, DatastoreConfig]:
    return dict(load(root, {"RUNNER_CONFIG": str(machine)}).datastores)


def test_paths_are_relative_to_the_file_that_says_them(tmp_path: Path) -> None:
    root, machine = tmp_path / "root", tmp_path / "home" / "config.yaml"
    for path in (root / "runner.yaml", machine):
        path.parent.mkdir()
    machine.write_text(BOTH.format("team", "data"))
    (root / "runner.yaml").write_text("datastores: {own: {type: folder, path: ../data}}")
    found = read(machine, root)
    assert found["own"].place == FolderConfig(str(tmp_path / "data"))
    assert found["shared"].place == FolderConfig(str(tmp_path / "home" / "data"))
    lake = found["lake"]
    assert isinstance(lake.place, BucketConfig)
    assert lake.place.credentials == str(tmp_path / "home" / "keys" / "team.json")
    assert (lake.account, lake.container, lake.where) == ("contoso", "raw", f"{machine}: datastores.lake")


def test_the_workspaces_own_file_wins(tmp_path: Path) -> None:
    (tmp_path / "machine.yaml").write_text("datastores: {a: {type: folder, path: /one}, b: {type: folder, path: /two}}")
    (tmp_path / "runner.yaml").write_text("datastores: {a: {type: folder, path: /three}}")
    found = read(tmp_path / "machine.yaml", tmp_path)
    assert {name: known.place for name, known in found.items()} == {
        "a": FolderConfig("/three"),
        "b": FolderConfig("/two"),
    }


@pytest.mark.parametrize(
    ("written", "where", "said"),
    [
        ("[a]", "datastores", "expected a mapping"),
        ("{a: 1}", "datastores.a", "needs 'type'"),
        ("{a: {type: share}}", "datastores.a", "one of folder, bucket"),
        ("{a: {type: folder}}", "datastores.a", "path"),
        ("{a: {type: folder, path: /x, bucket: b}}", "datastores.a", "bucket"),
        ("{a: {type: bucket, bucket: b, endpoint: 'h:1'}}", "datastores.a.endpoint", "no address"),
        ("{workspaceblobstore: {type: folder, path: /x}}", "datastores.workspaceblobstore", "own store"),
        ("{'a-b': {type: folder, path: /x}}", "datastores.a-b", "cannot name"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, written: str, where: str, said: str) -> None:
    (tmp_path / "runner.yaml").write_text(f"datastores: {written}")
    with pytest.raises(BadInput) as refused:
        read(tmp_path / "none", tmp_path)
    (problem,) = refused.value.problems
    assert said in problem.what
    assert where in problem.where
    assert problem.remedy


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "runner.yaml").write_text("datastores: {a: 1, b: 2}")
    with pytest.raises(BadInput) as refused:
        read(tmp_path / "none", tmp_path)
    assert len(refused.value.problems) == 2


def test_credentials_are_read_and_not_shown(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"access_key": "me", "secret_key": "hidden"}))
    store = BucketConfig("b", "http://h", credentials=str(keys))
    near, _ = vantages(store, "test")
    assert (near.access_key, near.secret_key) == ("me", "hidden")
    assert "hidden" not in repr(near)
    keys.write_text("{}")
    with pytest.raises(BadInput, match="credentials file") as refused:
        vantages(store, "test")
    assert "hidden" not in str(refused.value)
