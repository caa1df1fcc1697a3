"""The store of a step with scoped keys: what a step does works, across both of its pairs of keys."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cluster.minio_admin import ensure_bucket_user
from runner.errors import ObjectMissing, StoreDenied
from runner.model.credentials import Credentials
from runner.model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from runner.model.grants import own_folders, own_grants, shared_grants
from runner.model.store_endpoint import BucketEndpoint, StepStores
from runner.ports import ObjectStore
from runner.storage.s3.store import BucketStore
from runner.storage.s3.sts import StsMinter
from tests.support import builders as b
from tests.support.minio_server import minio_server

pytestmark = pytest.mark.docker
TASK = b.task("a", outputs=(b.output("out"), b.output("files", datastore=FILE_DATASTORE)))
OTHER_RUN = "20260102t030405678z-bbbbbbbbbbbbbbbb"
OBJECTS = (
    "a-root.csv",
    "raw/1.csv",
    "raw/deep/2.csv",
    "raw-too/3.csv",
    "registry/datasets/x/1.json",
    "snapshots/s.zip",
    "manifests/m.json",
    f"runs/{b.RUN}/journal/1.json",
    f"runs/{OTHER_RUN}/journal/1.json",
    f"azureml/{b.RUN}.b/out/x",
    f"{FILE_DATASTORE}/shared.txt",
    f"{FILE_DATASTORE}/archive/x",
    f"{FILE_DATASTORE}/azureml/{b.RUN}.b/out/x",
)


@pytest.fixture(scope="module")
def user() -> Iterator[BucketEndpoint]:
    with minio_server("confined") as root:
        ensure_bucket_user(
            root.endpoint,
            root.credentials.access_key,
            root.credentials.secret_key,
            bucket="confined",
            user_access="some-user",
            user_secret="some-secret",
        )
        yield replace(root, credentials=Credentials("some-user", "some-secret"))


@pytest.fixture
def endpoint(user: BucketEndpoint) -> BucketEndpoint:
    """A store with objects, as a step is told of it."""
    near = replace(user, prefix=f"{uuid.uuid4().hex}/")
    full = BucketStore(near)
    for key in OBJECTS:
        full.put(key, key.encode())
    minter, end = StsMinter(near), time.time() + 3600
    return replace(
        near,
        credentials=minter.mint(TASK.id, own_grants(TASK, DEFAULT_DATASTORE), end),
        shared=minter.mint(TASK.id, shared_grants(DEFAULT_DATASTORE), end),
        own=own_folders(DEFAULT_DATASTORE),
    )


@pytest.fixture
def store(endpoint: BucketEndpoint) -> ObjectStore:
    return BucketStore(endpoint)


def names(store: ObjectStore, prefix: str, after: str = "") -> list[str]:
    return [info.key for info in store.list(prefix, after=after)]


def test_each_request_takes_the_keys_of_its_place(store: ObjectStore, tmp_path: Path) -> None:
    store.put(f"{TASK.id.folder}/attempt-1.json", b"1")
    assert store.put_if_absent(TASK.id.commit, b"1") is True
    assert store.put_if_absent(TASK.id.commit, b"2") is False
    (tmp_path / "large").write_bytes(bytes(17 << 20))
    for key in (f"azureml/{b.RUN}.a/out/large", "raw/large"):
        store.upload(key, tmp_path / "large")
        store.download(key, tmp_path / key.replace("/", "-"))
        assert (tmp_path / key.replace("/", "-")).stat().st_size == 17 << 20
        store.delete(key)
    assert store.get("snapshots/s.zip") == b"snapshots/s.zip"
    assert store.get(f"runs/{b.RUN}/journal/1.json")
    assert abs(store.now().timestamp() - time.time()) < 60


def test_absent_objects_are_absent(store: ObjectStore) -> None:
    for key in (f"runs/{b.RUN}/cancelled", f"azureml/{b.RUN}.a/out/none", "raw/none", "none", "manifests/none.json"):
        assert store.stat(key) is None
        with pytest.raises(ObjectMissing):
            store.get(key)


def test_a_listing_of_everything_shows_what_the_workspace_shares(store: ObjectStore) -> None:
    shared = ["a-root.csv", "raw-too/3.csv", "raw/1.csv", "raw/deep/2.csv", "registry/datasets/x/1.json"]
    files = [f"{FILE_DATASTORE}/archive/x", f"{FILE_DATASTORE}/shared.txt"]
    assert names(store, "") == [*shared, *files]
    assert names(store, FILE_DATASTORE) == names(store, f"{FILE_DATASTORE}/") == files
    assert names(store, f"{FILE_DATASTORE}/a") == names(store, f"{FILE_DATASTORE}/archive/") == files[:1]
    assert names(store, f"{FILE_DATASTORE}/az") == []
    assert names(store, "ra") == ["raw-too/3.csv", "raw/1.csv", "raw/deep/2.csv"]
    assert names(store, "raw", after="raw/1.csv") == ["raw/deep/2.csv"]
    assert names(store, "a-root.csv") == ["a-root.csv"]
    assert names(store, "raw/") == ["raw/1.csv", "raw/deep/2.csv"]
    assert names(store, f"runs/{b.RUN}/") == [f"runs/{b.RUN}/journal/1.json"]
    assert names(store, "runs") == []


def test_the_file_datastore_in_it_is_confined_too(endpoint: BucketEndpoint) -> None:
    found = StepStores(endpoint).of(FILE_DATASTORE)
    assert isinstance(found, BucketEndpoint)
    assert found.own == ("azureml/",)
    files = BucketStore(found)
    assert files.get("shared.txt")
    assert names(files, "") == ["archive/x", "shared.txt"]
    assert files.stat("none") is None
    files.put("runs/is-a-folder-like-any-other", b"1")
    files.put(f"azureml/{b.RUN}.a/files/x", b"1")
    with pytest.raises(StoreDenied):
        files.get(f"azureml/{b.RUN}.b/out/x")


@pytest.mark.parametrize(
    "key", [f"runs/{OTHER_RUN}/journal/1.json", f"azureml/{b.RUN}.b/out/x", f"runs/{OTHER_RUN}/none", "index/none"]
)
def test_the_places_of_others_are_refused_in_words(store: ObjectStore, key: str) -> None:
    with pytest.raises(StoreDenied, match="the keys of a step open its own data"):
        store.get(key)
    with pytest.raises(StoreDenied, match=r"security\.md"):
        store.put(key, b"1")


def test_a_snapshot_cannot_be_overwritten(store: ObjectStore) -> None:
    with pytest.raises(StoreDenied):
        store.put("snapshots/s.zip", b"1")
    with pytest.raises(StoreDenied):
        names(store, "snapshots/")
