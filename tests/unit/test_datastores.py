from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runner.config.store import DatastoreConfig
from runner.datastores import BucketConfig, bucket_endpoints, loopback_problem
from runner.errors import BadInput
from runner.storage.local_folder import FolderConfig
from runner.wiring.configuration import load

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
        ("{a: {type: folder, path: /x, bucket: bkt}}", "datastores.a", "bucket"),
        ("{a: {type: bucket, bucket: bkt, endpoint: 'h:1'}}", "datastores.a.endpoint", "no address"),
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
    keys.chmod(0o600)
    store = BucketConfig(bucket="b", endpoint="http://h", credentials=str(keys))
    near, _ = bucket_endpoints(store, "test")
    assert (near.credentials.access_key, near.credentials.secret_key) == ("me", "hidden")
    assert near.credentials.session_token == ""
    assert "hidden" not in repr(near)
    keys.write_text(json.dumps({"access_key": "me", "secret_key": "hidden", "session_token": "token"}))
    assert bucket_endpoints(store, "test")[1].credentials.session_token == "token"
    keys.chmod(0o640)
    with pytest.raises(BadInput, match=r"can be read by others \(mode 0640\)") as refused:
        bucket_endpoints(store, "test")
    assert refused.value.problems[0].remedy == f"chmod 600 {keys}"
    keys.chmod(0o600)
    keys.write_text("{}")
    with pytest.raises(BadInput, match="credentials file") as refused:
        bucket_endpoints(store, "test")
    assert "hidden" not in str(refused.value)


NO_KEYS = {
    "text": "canary",
    "list": '["canary"]',
    "number": '{"access_key": "canary", "secret_key": 1}',
    "token": '{"access_key": "canary", "secret_key": "canary", "session_token": 1}',
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("kind", ["absent", "folder", "pipe", *NO_KEYS])
def test_a_file_that_holds_no_keys_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    keys = tmp_path / "keys.json"
    if kind == "folder":
        keys.mkdir()
    elif kind == "pipe":
        os.mkfifo(keys, 0o600)
    elif kind != "absent":
        keys.write_text(NO_KEYS[kind])
        keys.chmod(0o600)
    with pytest.raises(BadInput, match=r"credentials file .* cannot be used") as refused:
        bucket_endpoints(BucketConfig(bucket="b", endpoint="http://h", credentials=str(keys)), "the target")
    (problem,) = refused.value.problems
    assert problem.where == "the target"
    assert problem.remedy
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://me:canary@h:9000",
        "https://canary@h",
        "http://me:canary@h:abc",
        "http://h:9000/?key=canary",
        "http://h/canary",
    ],
)
@pytest.mark.parametrize("field", ["endpoint", "cluster_endpoint"])
def test_an_address_with_a_key_is_refused_and_never_shown(tmp_path: Path, endpoint: str, field: str) -> None:
    store = {"bucket": "bkt", "endpoint": "http://h", field: endpoint}
    (tmp_path / "runner.yaml").write_text(f"datastores: {{a: {json.dumps({'type': 'bucket', **store})}}}")
    with pytest.raises(BadInput) as refused:
        read(tmp_path / "none", tmp_path)
    (problem,) = refused.value.problems
    assert problem.where.endswith(f"datastores.a.{field}")
    assert "canary" not in str(problem)


@pytest.mark.parametrize(
    ("near", "far", "wrong"),
    [
        ("http://localhost:9000", "", True),
        ("http://127.0.0.1:9000", "", True),
        ("http://[::1]:9000", "", True),
        ("http://localhost:9000", "http://minio.storage.svc:9000", False),
        ("https://s3.example.org", "", False),
        ("https://s3.example.org", "http://127.1.2.3:9000", True),
    ],
)
def test_an_address_that_means_the_pod_itself(near: str, far: str, *, wrong: bool) -> None:
    found = loopback_problem(BucketConfig(bucket="b", endpoint=near, cluster_endpoint=far), "targets.t.store")
    assert (found is not None) is wrong
    if found:
        assert "cluster_endpoint" in found.remedy
