"""What every `ObjectStore` that is only read promises: the fake, a small Azure Blob service, and Azurite alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from runner.errors import ObjectChanged, ObjectMissing, StoreDenied, StoreError
from runner.ports import ObjectStore
from runner.storage.azure_blob.address import Container
from runner.storage.azure_blob.store import PART, BlobStore
from runner.storage.s3.http import RetryPolicy
from tests.support.azure_writer import AzureWriter
from tests.support.azurite_server import azurite
from tests.support.memory_store import MemoryStore
from tests.support.small_azure import TOKEN, SmallAzure, small_azure

ODD_KEYS = (
    "a b/c d", "a%20b", "a+b", "a.b", "a/b.c", "a/c/d", "a-c", "a0", "B", "é/ü.txt", "z&y=?#", "z'\"<>", "z~*()!",
    "日本/語", " a", "\U0001f600/x",
)  # fmt: skip
BAD_KEYS = ("", "/a", "a/", "a//b", "../a", "a/../b", "a/./b", ".", "..", ".tmp/a", "a\0b", "x" * 256, "\ud800")
ONCE = RetryPolicy(attempts=1)
CALLS: tuple[Callable[[ObjectStore], object], ...] = (
    lambda store: store.get("one"),
    lambda store: list(store.list("")),
    lambda store: store.stat("one"),
)


@dataclass
class Shelf:
    """A store to read, and the way to fill it."""

    store: ObjectStore
    put: Callable[..., None]
    """Takes the key, the bytes, and for Azure the metadata."""
    container: Container | None = None
    token: str = ""


@pytest.fixture(scope="session")
def emulator() -> Iterator[Container]:
    with azurite("contract") as container:
        yield container


@pytest.fixture(params=["memory", "small", pytest.param("azurite", marks=pytest.mark.all_data)])
def shelf(request: pytest.FixtureRequest) -> Iterator[Shelf]:
    if request.param == "memory":
        memory = MemoryStore()
        yield Shelf(memory, memory.put)
    elif request.param == "small":
        server = SmallAzure()
        with small_azure(server) as container:
            at = replace(container, prefix="team a/")
            store = BlobStore(at, ONCE)
            yield Shelf(store, lambda key, *rest: server.put(at.prefix + key, *rest), at, TOKEN)
            store.close()
    else:
        name = f"c{os.urandom(6).hex()}"
        at = replace(request.getfixturevalue("emulator"), container=name, prefix="team a/")
        writer = AzureWriter(at)
        writer.create()
        store = BlobStore(at, ONCE)
        yield Shelf(store, writer.put, at, writer.token())
        store.close()


def test_what_lies_there_is_got(shelf: Shelf) -> None:
    shelf.put("one", b"\x00\xff")
    shelf.put("empty", b"")
    assert (shelf.store.get("one"), shelf.store.get("empty")) == (b"\x00\xff", b"")


def test_an_absent_object_is_missing(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put("there/one", b"1")
    for key in ("nothing", "there", "there/one/below"):
        with pytest.raises(ObjectMissing):
            shelf.store.get(key)
        with pytest.raises(ObjectMissing):
            shelf.store.download(key, tmp_path / "file")
        assert shelf.store.stat(key) is None
    assert list(tmp_path.iterdir()) == []


def test_every_object_is_listed_once_in_the_order_of_the_keys(shelf: Shelf) -> None:
    for key in ODD_KEYS:
        shelf.put(key, key.encode())
    found = list(shelf.store.list(""))
    assert [info.key for info in found] == sorted(ODD_KEYS)
    assert found == [shelf.store.stat(key) for key in sorted(ODD_KEYS)]
    assert [shelf.store.get(info.key) for info in found] == [key.encode() for key in sorted(ODD_KEYS)]


def test_a_listing_begins_where_it_is_told(shelf: Shelf) -> None:
    for key in ODD_KEYS:
        shelf.put(key, b"x")
    for prefix in ("a", "a/", "a b", "é", "nothing"):
        assert [info.key for info in shelf.store.list(prefix)] == sorted(k for k in ODD_KEYS if k.startswith(prefix))
    after = sorted(ODD_KEYS)[6]
    assert [info.key for info in shelf.store.list("", after=after)] == sorted(ODD_KEYS)[7:]


def test_an_etag_changes_with_the_content(shelf: Shelf) -> None:
    etags = set()
    for number in range(5):
        shelf.put("one", b"%02d" % number)
        info = shelf.store.stat("one")
        assert info is not None
        assert info.size == 2
        etags.add(info.etag)
    assert len(etags) == 5


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART + 5])
def test_a_download_of_any_size_is_whole(shelf: Shelf, tmp_path: Path, size: int) -> None:
    data = os.urandom(min(size, 1 << 16)) * (size // (1 << 16) + 1)
    shelf.put("big", data[:size])
    shelf.store.download("big", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == data[:size]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_keys_that_no_store_could_hold_are_refused(shelf: Shelf, tmp_path: Path) -> None:
    for key in BAD_KEYS:
        for call in (shelf.store.get, shelf.store.stat, lambda key: shelf.store.download(key, tmp_path / "file")):
            with pytest.raises(ValueError, match="key"):
                call(key)


def test_the_stores_time_is_about_ours(shelf: Shelf) -> None:
    assert abs(shelf.store.now() - datetime.now(timezone.utc)) < timedelta(minutes=2)


@pytest.fixture
def azure(shelf: Shelf) -> Shelf:
    """The shelf, if it is one of Azure's."""
    if shelf.container is None:
        pytest.skip("of Azure alone")
    return shelf


def test_nothing_is_ever_written(azure: Shelf, tmp_path: Path) -> None:
    azure.put("one", b"1")
    (tmp_path / "file").write_bytes(b"2")
    store = azure.store
    for write in (
        lambda: store.put("one", b"2"),
        lambda: store.put_if_absent("two", b"2"),
        lambda: store.delete("one"),
        lambda: store.upload("two", tmp_path / "file"),
        lambda: store.copy("one", "two"),
    ):
        with pytest.raises(StoreDenied, match="only reads Azure Blob Storage"):
            write()
    assert [(info.key, store.get(info.key)) for info in store.list("")] == [("one", b"1")]


def test_what_stands_for_a_folder_is_no_object(azure: Shelf) -> None:
    azure.put("folder/one", b"1")
    azure.put("folder", b"", {"hdi_isfolder": "true"})
    assert [info.key for info in azure.store.list("")] == ["folder/one"]
    assert azure.store.stat("folder") is None


def test_a_range_is_read_of_the_content_that_is_meant(shelf: Shelf) -> None:
    shelf.put("one", b"0123456789")
    store = shelf.store
    info = store.stat("one")
    assert info is not None
    assert store.read_range("one", 2, 3, info.etag) == b"234"
    parts = {(start, length): store.read_range("one", start, length) for start, length in ((8, 5), (10, 5), (3, 0))}
    assert parts == {(8, 5): b"89", (10, 5): b"", (3, 0): b""}
    for length in (0, 3):
        with pytest.raises(ObjectChanged):
            store.read_range("one", 2, length, "0x8BADF00D")
        with pytest.raises(ObjectMissing):
            store.read_range("two", 0, length)
    for start, length in ((-1, 2), (0, -1)):
        with pytest.raises(ValueError, match="range"):
            store.read_range("one", start, length)


def test_who_has_no_right_is_refused_in_words(azure: Shelf) -> None:
    assert azure.container is not None
    azure.put("one", b"1")
    wrong = {
        "the key is": replace(azure.container, account_key="d3Jvbmc="),
        "it is not public": replace(azure.container, account_key=""),
        "ended at 2020-01-01": replace(
            azure.container, account_key="", sas_token="sv=2021-12-02&se=2020-01-01T00%3A00%3A00Z&sr=c&sp=rl&sig=YWJj"
        ),
    }
    for words, container in wrong.items():
        for call in CALLS:
            with pytest.raises(StoreDenied, match=words) as refused:
                call(BlobStore(container, ONCE))
            assert not {"d3Jvbmc=", "YWJj"} & set(str(refused.value).replace("'", " ").split())


def test_a_token_of_the_container_opens_it(azure: Shelf, tmp_path: Path) -> None:
    assert azure.container is not None
    azure.put("a b/one", b"1")
    store = BlobStore(replace(azure.container, account_key="", sas_token=azure.token), ONCE)
    store.download("a b/one", tmp_path / "file")
    assert ((tmp_path / "file").read_bytes(), store.get("a b/one")) == (b"1", b"1")
    assert [info.key for info in store.list("a b/")] == ["a b/one"]
    assert store.stat("a b/one") == next(iter(azure.store.list("")))


def test_an_absent_container_is_named(azure: Shelf) -> None:
    assert azure.container is not None
    store = BlobStore(replace(azure.container, container="nothing-here"), ONCE)
    for call in CALLS:
        with pytest.raises(StoreError, match="there is no container 'nothing-here'"):
            call(store)
