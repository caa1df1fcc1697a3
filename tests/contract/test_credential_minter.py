"""What every `CredentialMinter` promises, told by the fake and a real MinIO alike: what is not granted is refused."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException

from runner.cluster.minio_admin import ensure_bucket_user
from runner.errors import BadInput, ObjectMissing, StoreDenied
from runner.model.credentials import Credentials
from runner.model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from runner.model.grants import Grants, own_grants, shared_grants
from runner.model.store_endpoint import BucketEndpoint
from runner.ports import CredentialMinter, ObjectStore
from runner.storage.s3.store import BucketStore
from runner.storage.s3.sts import StsMinter
from tests.support import builders as b
from tests.support.fake_minter import FakeMinter
from tests.support.memory_store import MemoryStore
from tests.support.minio_server import minio_server

MIB = 1 << 20
HOUR = 3600.0
GRANTS = Grants(reads=("in/*", "lone"), writes=("out/*",), lists=("in/*", "out/*"))


@dataclass
class World:
    """A store with objects, and what mints keys for it."""

    minter: CredentialMinter
    store: ObjectStore
    """With all rights."""
    opened: Callable[[Credentials], ObjectStore]
    now: Callable[[], float]
    advance: Callable[[float], None]

    def keys(self, grants: Grants = GRANTS, seconds: float = HOUR) -> Credentials:
        return self.minter.mint(b.task_id(), grants, self.now() + seconds)

    def confined(self, grants: Grants = GRANTS) -> ObjectStore:
        return self.opened(self.keys(grants))


@pytest.fixture(scope="module")
def minio() -> Iterator[BucketEndpoint]:
    """A bucket as its own user sees it, as runs do."""
    with minio_server("minting") as root:
        keys = root.credentials
        ensure_bucket_user(
            root.endpoint,
            keys.access_key,
            keys.secret_key,
            bucket="minting",
            user_access="minting-user",
            user_secret="minting-secret",
        )
        yield replace(root, credentials=Credentials("minting-user", "minting-secret"))


def _in_memory() -> World:
    minter = FakeMinter(MemoryStore())
    now = minter.clock.now
    return World(minter, minter.store, minter.opened, lambda: now().timestamp(), minter.clock.advance)


def _in_bucket(endpoint: BucketEndpoint) -> World:
    near = replace(endpoint, prefix=f"{uuid.uuid4().hex}/team/")
    return World(
        StsMinter(near),
        BucketStore(near),
        lambda keys: BucketStore(replace(near, credentials=keys)),
        time.time,
        time.sleep,
    )


@pytest.fixture(params=["fake", pytest.param("minio", marks=pytest.mark.docker)])
def world(request: pytest.FixtureRequest) -> World:
    made = _in_memory() if request.param == "fake" else _in_bucket(request.getfixturevalue("minio"))
    for key in ("in/a", "in/b/c", "lone", "lonely", "out/old", "secret/x"):
        made.store.put(key, key.encode())
    return made


def refused(act: Callable[[], object]) -> None:
    with pytest.raises(StoreDenied):
        act()


def names(store: ObjectStore, prefix: str) -> list[str]:
    return [info.key for info in store.list(prefix)]


def test_what_is_granted_can_be_read_written_and_listed(world: World, tmp_path: Path) -> None:
    store = world.confined()
    assert store.get("in/a") == b"in/a"
    assert store.get("lone") == b"lone"
    assert store.stat("in/b/c") is not None
    assert names(store, "in/") == ["in/a", "in/b/c"]
    store.put("out/new", b"1")
    assert store.put_if_absent("out/first", b"1") is True
    assert store.put_if_absent("out/first", b"2") is False
    store.copy("in/a", "out/copy")
    store.delete("out/old")
    assert names(store, "out/") == ["out/copy", "out/first", "out/new"]
    store.download("out/copy", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"in/a"
    assert abs(store.now().timestamp() - time.time()) < 60


def test_a_large_file_is_sent_in_parts(world: World, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(17 * MIB))
    world.confined().upload("out/large", tmp_path / "large")
    found = world.store.stat("out/large")
    assert found is not None
    assert found.size == 17 * MIB


def test_what_is_absent_is_absent(world: World) -> None:
    store = world.confined()
    assert store.stat("in/none") is None
    with pytest.raises(ObjectMissing):
        store.get("out/none")


def test_all_else_is_refused(world: World, tmp_path: Path) -> None:
    store = world.confined()
    (tmp_path / "file").write_bytes(b"1")
    refused(lambda: store.get("secret/x"))
    refused(lambda: store.stat("secret/x"))
    refused(lambda: store.get("lonely"))
    refused(lambda: store.put("in/a", b"changed"))
    refused(lambda: store.put_if_absent("secret/new", b"1"))
    refused(lambda: store.upload("lone", tmp_path / "file"))
    refused(lambda: store.delete("in/a"))
    refused(lambda: store.copy("secret/x", "out/x"))
    refused(lambda: store.copy("out/old", "in/a"))
    for prefix in ("", "secret/", "i", "outer"):
        refused(lambda prefix=prefix: names(store, prefix))  # type: ignore[misc]  # mypy cannot infer the lambda
    assert world.store.get("in/a") == b"in/a"


def test_what_is_denied_stays_closed_whatever_else_opens_it(world: World) -> None:
    store = world.confined(
        Grants(writes=("*",), lists=("*/*",), closed=("secret/*",), fixed=("lone",), unlisted=("out/*",))
    )
    store.put("anything/else", b"1")
    refused(lambda: store.get("secret/x"))
    refused(lambda: store.put("secret/x", b"1"))
    refused(lambda: names(store, "secret/"))
    refused(lambda: names(store, "s"))
    assert store.get("lone") == b"lone"
    refused(lambda: store.put("lone", b"1"))
    refused(lambda: store.delete("lone"))
    assert store.get("out/old") == b"out/old"
    refused(lambda: names(store, "out/"))
    assert names(store, "in/") == ["in/a", "in/b/c"]


def test_odd_names_are_granted_as_they_are(world: World) -> None:
    for place in ("é ü/日本", "a?b${c}", 'q"\\'):
        world.store.put(f"{place}/x", b"1")
        store = world.confined(Grants(reads=(f"{place}/*",), lists=(f"{place}/*",)))
        assert names(store, f"{place}/") == [f"{place}/x"]
        assert store.get(f"{place}/x") == b"1"
        refused(lambda store=store: store.get("secret/x"))  # type: ignore[misc]  # mypy cannot infer the lambda


def test_they_end_at_their_time(world: World) -> None:
    keys = world.keys(seconds=2)
    store = world.opened(keys)
    assert store.get("lone") == b"lone"
    assert world.now() < keys.expires <= world.now() + 2
    world.advance(2.5)
    refused(lambda: store.get("lone"))
    refused(lambda: store.put("out/late", b"1"))


def test_long_ones_last_at_least_as_long_as_asked(world: World) -> None:
    keys = world.keys(seconds=5 * HOUR)
    assert keys.expires >= world.now() + 5 * HOUR - 2
    assert keys.session_token
    assert keys.session_token not in repr(keys)


def test_the_rules_of_an_attempt_open_what_it_needs_and_nothing_of_its_neighbours(world: World) -> None:
    task = b.task("a", outputs=(b.output("out"),), inputs=(b.binding("made", ref=b.ref(f"azureml/{b.RUN}.made/out")),))
    places = {
        "own": f"{task.id.folder}/attempt-1.json",
        "journal": "runs/20260102t030405678z-bbbbbbbbbbbbbbbb/journal/00000001.json",
        "commit": f"runs/{b.RUN}/ab/committed.json",
        "input": f"azureml/{b.RUN}.made/out/x",
        "neighbour": f"azureml/{b.RUN}.made/other/x",
        "output": f"azureml/{b.RUN}.a/out/x",
        "other step": f"azureml/{b.RUN}.ab/out/x",
        "snapshot": f"snapshots/{'s' * 64}.zip",
        "data": "raw/x.csv",
    }
    for key in places.values():
        world.store.put(key, b"1")
    own = world.confined(own_grants(task, DEFAULT_DATASTORE))
    shared = world.confined(shared_grants(DEFAULT_DATASTORE))
    own.put(places["own"], b"2")
    own.put(places["output"], b"2")
    assert own.get(places["input"]) == shared.get(places["snapshot"]) == own.get(places["commit"]) == b"1"
    for place in ("journal", "neighbour", "other step", "data"):
        refused(lambda place=place: own.get(places[place]))  # type: ignore[misc]  # mypy cannot infer the lambda
    for place in ("commit", "snapshot", "input", "journal", "other step", "data"):
        refused(lambda place=place: own.put(places[place], b"2"))  # type: ignore[misc]  # mypy cannot infer it
    refused(lambda: shared.put(places["snapshot"], b"2"))
    shared.put(places["data"], b"2")
    for place in set(places) - {"data", "snapshot"}:
        refused(lambda place=place: shared.get(places[place]))  # type: ignore[misc]  # mypy cannot infer the lambda
    beginnings = (f"{FILE_DATASTORE}/azureml/"[:end] for end in range(len(FILE_DATASTORE), len(FILE_DATASTORE) + 10))
    for prefix in ("", "runs/", "azureml/", *beginnings):
        refused(lambda prefix=prefix: names(own, prefix))  # type: ignore[misc]  # mypy cannot infer the lambda
        refused(lambda prefix=prefix: names(shared, prefix))  # type: ignore[misc]  # mypy cannot infer the lambda


@pytest.mark.docker
def test_minted_keys_make_no_others(minio: BucketEndpoint) -> None:
    minted = StsMinter(minio).mint(b.task_id(), GRANTS, time.time() + HOUR)
    with pytest.raises(StoreDenied, match="refuses to make temporary keys"):
        StsMinter(replace(minio, credentials=minted)).mint(b.task_id(), Grants(writes=("*",)), time.time() + HOUR)
    provider = StaticProvider(minted.access_key, minted.secret_key, minted.session_token)
    admin = MinioAdmin(endpoint=minio.endpoint.partition("://")[2], credentials=provider, secure=False)
    with pytest.raises(MinioAdminException, match="AccessDenied"):
        admin.add_service_account()


@pytest.mark.docker
def test_what_keeps_a_server_from_minting_is_told(minio: BucketEndpoint) -> None:
    wrong = replace(minio, credentials=Credentials("minting-user", "wrong-secret"))
    with pytest.raises(StoreDenied, match="refuses to make temporary keys") as denied:
        StsMinter(wrong).mint(b.task_id(), GRANTS, time.time() + HOUR)
    assert "wrong-secret" not in str(denied.value)
    with pytest.raises(BadInput, match="is too long"):
        StsMinter(replace(minio, prefix="p" * 900 + "/")).mint(b.task_id(), GRANTS, time.time() + HOUR)
