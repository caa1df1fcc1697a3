"""What every `ObjectStore` promises, told by the fake, the folder, the overlay and a real MinIO alike."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, cast

import pytest

from runner.cluster.minio_admin import ensure_bucket, ensure_bucket_user
from runner.data import addressed, manifest
from runner.data.file_digest import digest_of_file
from runner.errors import (
    BadInput,
    ObjectChanged,
    ObjectDamaged,
    ObjectMissing,
    StoreDenied,
    StoreError,
    StoreUnreachable,
)
from runner.model.credentials import Credentials
from runner.model.data import Kind, Manifest
from runner.model.digest import md5_of_bytes
from runner.model.store_endpoint import BucketEndpoint
from runner.model.task import manifest_key
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from runner.storage.overlay import OverlayStore
from runner.storage.probe import refuses_overwrite
from runner.storage.s3 import copying
from runner.storage.s3.bucket import Bucket
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.store import BucketStore
from tests.support.memory_store import MemoryStore
from tests.support.minio_server import minio_server
from tests.support.s3_servers import KEYS, versity_server

ODD_KEYS = (
    "a b/c d", "a%20b", "a+b", "a.b", "a/b", "a/b.c", "a/c/d", "a0", "é/ü.txt", "z&y=?#", "z'\"<>", "z~*()!", "日本/語",
)  # fmt: skip
BAD_KEYS = ("", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".", "..", ".tmp/a", "a\0b", "x" * 256, "\ud800")
MIB = 1 << 20


@pytest.fixture(scope="session")
def minio() -> Iterator[BucketEndpoint]:
    with minio_server("contract") as bucket_endpoint:
        yield bucket_endpoint


@pytest.fixture(scope="session")
def versity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketEndpoint]:
    with versity_server(tmp_path_factory.mktemp("versity"), "contract") as endpoint:
        yield BucketEndpoint(bucket="contract", endpoint=endpoint, credentials=KEYS)


BUCKETS = [
    pytest.param("minio", marks=pytest.mark.docker),
    pytest.param("versity", marks=pytest.mark.all_data),
]


@pytest.fixture(params=BUCKETS)
def server(request: pytest.FixtureRequest) -> BucketEndpoint:
    """A bucket of each server that the adapter is for."""
    return cast("BucketEndpoint", request.getfixturevalue(request.param))


@pytest.fixture(params=["memory", "directory", "overlay", *BUCKETS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    if request.param in ("minio", "versity"):
        bucket_endpoint = request.getfixturevalue(request.param)
        bucket = BucketStore(replace(bucket_endpoint, prefix=f"{uuid.uuid4().hex}/"))
        yield bucket
        bucket.close()
    elif request.param == "directory":
        yield DirectoryStore(tmp_path / "store")
    else:
        yield MemoryStore() if request.param == "memory" else OverlayStore(MemoryStore())


def keys(store: ObjectStore, prefix: str = "", after: str = "") -> list[str]:
    return [info.key for info in store.list(prefix, after=after)]


def test_what_is_put_is_got(store: ObjectStore) -> None:
    store.put("runs/one", b"\x00\xff")
    assert store.get("runs/one") == b"\x00\xff"
    store.put("runs/one", b"")
    assert store.get("runs/one") == b""


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, 6, b"abcdef"),
        (0, 1, b"a"),
        (2, 3, b"cde"),
        (5, 1, b"f"),
        (4, 99, b"ef"),
        (6, 1, b""),
        (99, 9, b""),
        (3, 0, b""),
    ],
)
@pytest.mark.parametrize("checked", [False, True])
def test_a_range_is_cut_off_at_the_end(
    store: ObjectStore, start: int, length: int, expected: bytes, *, checked: bool
) -> None:
    store.put("a b/one", b"abcdef")
    assert store.read_range("a b/one", start, length, _etag(store, "a b/one") if checked else "") == expected


def test_an_empty_object_has_empty_ranges(store: ObjectStore) -> None:
    store.put("none", b"")
    for start, length in ((0, 0), (0, 1), (7, 7)):
        assert store.read_range("none", start, length, _etag(store, "none")) == b""


@pytest.mark.parametrize(("start", "length"), [(0, 1), (0, 0), (3, 5), (99, 1)])
def test_no_range_of_an_absent_or_overwritten_object(store: ObjectStore, start: int, length: int) -> None:
    for key in ("nothing", "nothing/below"):
        with pytest.raises(ObjectMissing):
            store.read_range(key, start, length)
    store.put("one", b"first")
    before = _etag(store, "one")
    store.put("one", b"other")
    with pytest.raises(ObjectChanged, match="one"):
        store.read_range("one", start, length, before)
    store.delete("one")
    with pytest.raises(ObjectMissing):
        store.read_range("one", start, length, before)


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, -1), (-2, -2)])
def test_a_range_is_not_negative(store: ObjectStore, start: int, length: int) -> None:
    store.put("one", b"1")
    with pytest.raises(ValueError):
        store.read_range("one", start, length)


def test_ranges_of_an_uploaded_file_make_the_whole(store: ObjectStore, tmp_path: Path) -> None:
    content = os.urandom(17 * MIB)
    (tmp_path / "file").write_bytes(content)
    store.upload("large", tmp_path / "file")
    etag = _etag(store, "large")
    parts = [store.read_range("large", start, 5 * MIB, etag) for start in range(0, len(content), 5 * MIB)]
    assert b"".join(parts) == content


def _etag(store: ObjectStore, key: str) -> str:
    info = store.stat(key)
    assert info is not None
    return info.etag


def test_an_absent_object_is_missing(store: ObjectStore) -> None:
    store.put("there/one", b"1")
    for key in ("nothing", "there", "there/one/below"):
        with pytest.raises(ObjectMissing):
            store.get(key)
        assert store.stat(key) is None
        store.delete(key)


def test_the_second_put_if_absent_is_refused(store: ObjectStore) -> None:
    assert store.put_if_absent("journal/1", b"mine")
    assert not store.put_if_absent("journal/1", b"theirs")
    assert not store.put_if_absent("journal/1", b"mine")
    assert store.get("journal/1") == b"mine"


def test_a_deleted_key_may_be_claimed_again(store: ObjectStore) -> None:
    store.put("one", b"1")
    store.delete("one")
    assert keys(store) == []
    assert store.put_if_absent("one", b"2")
    assert store.get("one") == b"2"


def test_of_many_that_race_for_a_key_one_wins(store: ObjectStore) -> None:
    barrier = threading.Barrier(16)

    def claim(number: int) -> bool:
        barrier.wait()
        return store.put_if_absent("race/key", b"writer %d" % number)

    for _ in range(3):
        with ThreadPoolExecutor(16) as threads:
            won = list(threads.map(claim, range(16)))
        assert won.count(True) == 1
        assert store.get("race/key") == b"writer %d" % won.index(True)
        store.delete("race/key")


def test_the_probe_trusts_it(store: ObjectStore) -> None:
    assert refuses_overwrite(store, "4f2a")
    assert keys(store) == []


def test_facts_agree_with_the_content(store: ObjectStore) -> None:
    store.put("a/one", b"12345")
    info = store.stat("a/one")
    assert info is not None
    assert (info.key, info.size) == ("a/one", 5)
    assert list(store.list("a/")) == [info]


def test_an_etag_changes_with_the_content(store: ObjectStore) -> None:
    etags = set()
    for number in range(20):
        store.put("one", b"%02d" % number)
        info = store.stat("one")
        assert info is not None
        etags.add(info.etag)
    assert len(etags) == 20


def test_an_object_named_by_its_digest_is_recognised_and_put_right(store: ObjectStore) -> None:
    value = Manifest(Kind.FOLDER)
    digest = manifest.save(store, value)
    key, right = manifest_key(digest), store.get(manifest_key(digest))
    assert addressed.holds(store, key, right)
    if isinstance(store, BucketStore):
        found = store.stat(key)
        assert found is not None
        assert found.etag == md5_of_bytes(right), "a HEAD is enough to know it"
    for wrong in (right[:-1] + b" ", right[:-1], b""):
        store.put(key, wrong)
        assert not addressed.holds(store, key, right)
        with pytest.raises(ObjectDamaged):
            manifest.load(store, digest)
        assert manifest.save(store, value) == digest
        assert manifest.load(store, digest) == value
    assert not addressed.holds(store, f"{key}.none", right)


def test_odd_keys_are_listed_in_order(store: ObjectStore) -> None:
    chosen = sorted(key for key in ODD_KEYS if key != "a/b")  # a/b.c and a/b live in one folder; a/b/… would not
    for key in reversed(chosen):
        store.put(key, key.encode())
    assert keys(store) == chosen
    assert [store.get(key).decode() for key in chosen] == chosen


@pytest.mark.parametrize(
    "prefix", ["", "a", "a/", "a/b", "a b/", "a+", "a%", "é/", "日", "z", "none", "none/there", "a/c/d"]
)
def test_a_listing_keeps_to_its_prefix(store: ObjectStore, prefix: str) -> None:
    for key in ODD_KEYS:
        store.put(key, b"")
    assert keys(store, prefix) == sorted(key for key in ODD_KEYS if key.startswith(prefix))


@pytest.mark.parametrize(
    "after", ["", "a", "a/", "a/b", "a/b.", "a/zzz", "a.b", "a+b", "a0", "z", "日本/語", "日本/語0"]
)
def test_a_listing_starts_after_a_key(store: ObjectStore, after: str) -> None:
    for key in ODD_KEYS:
        store.put(key, b"")
    assert keys(store, after=after) == sorted(key for key in ODD_KEYS if key > after)
    assert keys(store, "a/", after) == sorted(key for key in ODD_KEYS if key > after and key.startswith("a/"))


def test_a_listing_goes_on_past_a_page(store: ObjectStore) -> None:
    names = [f"many/{number:05d}" for number in range(1003)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: store.put(name, b""), names))
    assert keys(store, "many/") == names
    assert keys(store, "many/", "many/00999") == names[1000:]


@pytest.mark.parametrize("size", [0, 1, 16 * MIB, 40 * MIB + 1])
def test_a_file_goes_up_and_comes_down_unchanged(store: ObjectStore, tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "source", tmp_path / "new" / "target"
    block = os.urandom(MIB + 7)
    source.write_bytes((block * (size // len(block) + 1))[:size])
    target.parent.mkdir()
    store.upload("data/file", source)
    store.download("data/file", target)
    assert target.read_bytes() == source.read_bytes()
    info = store.stat("data/file")
    assert info is not None
    assert info.size == size
    assert [path.name for path in target.parent.iterdir()] == ["target"]


def test_a_downloaded_file_is_a_copy(store: ObjectStore, tmp_path: Path) -> None:
    store.put("one", b"kept")
    store.download("one", tmp_path / "mine")
    (tmp_path / "mine").write_bytes(b"changed")
    assert store.get("one") == b"kept"


@pytest.mark.parametrize("name", ["n" * 255, "é" * 127, "x"])
def test_a_file_of_any_name_is_downloaded(store: ObjectStore, tmp_path: Path, name: str) -> None:
    store.put(f"long/{name}", b"content")
    (tmp_path / "into").mkdir()
    store.download(f"long/{name}", tmp_path / "into" / name)
    assert {path.name: path.read_bytes() for path in (tmp_path / "into").iterdir()} == {name: b"content"}


def test_a_download_of_nothing_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    with pytest.raises(ObjectMissing):
        store.download("nothing", folder / "file")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("there", [b"", b"before"])
def test_bytes_that_were_not_described_are_not_written(store: ObjectStore, tmp_path: Path, there: bytes) -> None:
    """A process that writes on into a file must not bring other bytes into the store than its manifest says."""
    path = tmp_path / "file"
    path.write_bytes(b"described")
    described = digest_of_file(path)
    if there:
        store.put("one", there)
    path.write_bytes(b"different")
    with pytest.raises(StoreError, match="changed while"):
        store.upload("one", path, described)
    assert (store.get("one") if there else store.stat("one")) == (there or None)
    path.write_bytes(b"described")
    store.upload("one", path, described)
    assert store.get("one") == b"described"
    store.upload("one", path, described)


def test_an_absent_file_is_not_uploaded(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as failure:
        store.upload("one", tmp_path / "absent")
    assert "absent" in str(failure.value)
    assert keys(store) == []


@pytest.mark.parametrize("key", ["one", *ODD_KEYS])
def test_a_copy_holds_the_same_and_stands_alone(store: ObjectStore, key: str) -> None:
    store.put(key, b"first")
    store.put("to/here", b"what was there before")
    store.copy(key, "to/here")
    assert store.get("to/here") == b"first"
    store.put(key, b"second")
    assert store.get("to/here") == b"first"
    store.delete(key)
    assert keys(store) == ["to/here"]
    info = store.stat("to/here")
    assert info is not None
    assert info == next(iter(store.list("")))
    assert (info.key, info.size) == ("to/here", 5)


def test_a_large_object_is_copied(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(os.urandom(17 * MIB))
    store.upload("large", tmp_path / "large")
    store.copy("large", "again")
    store.download("again", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "large").read_bytes()


def test_a_copy_onto_itself_changes_nothing(store: ObjectStore) -> None:
    store.put("one", b"1")
    store.copy("one", "one")
    assert store.get("one") == b"1"


def test_a_copy_of_nothing_leaves_the_target(store: ObjectStore) -> None:
    store.put("folder/one", b"1")
    for source in ("nothing", "folder", "folder/one/below"):
        with pytest.raises(ObjectMissing):
            store.copy(source, "folder/one")
    with pytest.raises(ObjectMissing):
        store.copy("nothing", "nothing")
    assert store.get("folder/one") == b"1"


@pytest.mark.parametrize("key", BAD_KEYS)
def test_no_copy_from_or_to_a_key_that_is_no_path(store: ObjectStore, key: str) -> None:
    store.put("one", b"1")
    for source, target in (("one", key), (key, "one"), (key, key)):
        with pytest.raises(ValueError):
            store.copy(source, target)
    assert keys(store) == ["one"]


@pytest.mark.parametrize("size", [5 * MIB + 1, 17 * MIB])
def test_a_bucket_copies_in_parts(server: BucketEndpoint, tmp_path: Path, size: int) -> None:
    bucket_endpoint = replace(server, prefix="parts/")
    store, bucket = BucketStore(bucket_endpoint), Bucket(bucket_endpoint, RetryPolicy())
    (tmp_path / "large").write_bytes(os.urandom(size))
    store.upload("a large/one+", tmp_path / "large")
    source = store.stat("a large/one+")
    assert source is not None
    with ThreadPoolExecutor(2) as workers:
        copying.copy(bucket, source, "again", lambda: workers, whole=5 * MIB)
        store.download("again", tmp_path / "again")
        assert (tmp_path / "again").read_bytes() == (tmp_path / "large").read_bytes()
        store.put("a large/one+", bytes(size))
        with pytest.raises(StoreError, match="overwritten"):
            copying.copy(bucket, source, "again", lambda: workers, whole=5 * MIB)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "large").read_bytes()
    for one in (store, bucket):
        one.close()


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_no_path_is_refused(store: ObjectStore, tmp_path: Path, key: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    for call in (store.get, store.stat, store.delete):
        with pytest.raises(ValueError):
            call(key)
    for write in (store.put, store.put_if_absent):
        with pytest.raises(ValueError):
            write(key, b"")
    for move in (store.upload, store.download):
        with pytest.raises(ValueError):
            move(key, tmp_path / "file")
    with pytest.raises(ValueError):
        store.read_range(key, 0, 1)


@pytest.mark.parametrize("prefix", ["/", "../", "a/../b", "a//", ".tmp/"])
def test_a_prefix_that_no_key_has_is_refused(store: ObjectStore, prefix: str) -> None:
    with pytest.raises(ValueError):
        store.list(prefix)


def test_it_tells_its_time(store: ObjectStore) -> None:
    assert store.now().tzinfo is not None
    assert abs(store.now() - datetime.now(timezone.utc)) < timedelta(seconds=5)


@pytest.fixture
def confined(minio: BucketEndpoint) -> BucketEndpoint:
    """A bucket's own user, made twice: the second time changes nothing."""
    for _ in range(2):
        ensure_bucket(minio.endpoint, minio.credentials.access_key, minio.credentials.secret_key, "confined")
        ensure_bucket_user(
            minio.endpoint,
            minio.credentials.access_key,
            minio.credentials.secret_key,
            bucket="confined",
            user_access="confined-user",
            user_secret="confined-secret",
        )
    return replace(minio, bucket="confined", credentials=Credentials("confined-user", "confined-secret"))


@pytest.mark.docker
def test_a_bucket_user_may_use_its_bucket_only(confined: BucketEndpoint, tmp_path: Path) -> None:
    own, other = BucketStore(confined), BucketStore(replace(confined, bucket="contract"))
    (tmp_path / "large").write_bytes(bytes(17 * MIB))
    own.upload("large", tmp_path / "large")
    assert refuses_overwrite(own, "4f2a")
    assert keys(own) == ["large"]
    assert own.now().tzinfo is not None
    with pytest.raises(StoreDenied, match="AccessDenied"):
        other.put("one", b"")
    with pytest.raises(StoreDenied):
        keys(other)
    own.close()
    other.close()


@pytest.mark.docker
def test_administration_tells_what_is_wrong(minio: BucketEndpoint) -> None:
    def ensure_user(endpoint: str, access: str, secret: str, bucket: str) -> None:
        ensure_bucket_user(endpoint, access, secret, bucket=bucket, user_access="some-user", user_secret="some-secret")

    access, secret = minio.credentials.access_key, minio.credentials.secret_key
    for ensure in (ensure_bucket, ensure_user):
        with pytest.raises(StoreDenied):
            ensure(minio.endpoint, access, "wrong-secret", "one")
        with pytest.raises(StoreUnreachable, match="is it running"):
            ensure("http://127.0.0.1:1", access, secret, "one")
        with pytest.raises(BadInput, match="http://host:port"):
            ensure("127.0.0.1:1", access, secret, "one")
    with pytest.raises(BadInput, match="settings"):
        ensure_bucket(minio.endpoint, access, secret, "No Bucket!")


@pytest.mark.docker
@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"access_key": "nobody"}, StoreDenied, "InvalidAccessKeyId"),
        ({"secret_key": "wrong"}, StoreDenied, "SignatureDoesNotMatch"),
        ({"bucket": "absent"}, StoreError, "no bucket 'absent'"),
    ],
)
def test_a_wrong_setting_is_told_by_every_call(
    minio: BucketEndpoint, tmp_path: Path, change: dict[str, Any], error: type[StoreError], says: str
) -> None:
    if "bucket" not in change:
        change = {"credentials": replace(minio.credentials, **change)}
    store = BucketStore(replace(minio, **change))
    (tmp_path / "file").write_bytes(bytes(17 * MIB))
    calls = (
        lambda: store.get("one"),
        lambda: store.read_range("one", 0, 1),
        lambda: store.put("one", b"1"),
        lambda: store.put_if_absent("one", b"1"),
        lambda: store.stat("one"),
        lambda: keys(store),
        lambda: store.upload("one", tmp_path / "file"),
        lambda: store.download("one", tmp_path / "target"),
        lambda: store.copy("one", "two"),
        store.now,
    )
    for call in calls:
        with pytest.raises(error, match=says):
            call()
    store.close()
