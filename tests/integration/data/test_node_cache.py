"""The cache of a node: what is whole comes from it, what is not comes from the store, and it keeps to its limit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.data import node_cache
from runner.data.cache_room import Room, kept_files
from runner.data.node_cache import NodeCache, of_node
from runner.data.transfers import trees
from runner.errors import StoreError
from runner.model.data import Entry, Kind, Manifest
from tests.support.memory_store import MemoryStore

LIMIT = 1000


def entry(data: bytes, path: str = "f", md5: bool = False) -> Entry:
    digest = trees.PINNED + hashlib.md5(data).hexdigest() if md5 else hashlib.sha256(data).hexdigest()
    return Entry(path, len(data), digest)


class Node:
    """A cache, and steps that bring files through it."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit
        self.fetched: list[bytes] = []
        self.number = 0

    def step(self, *contents: bytes, md5: bool = False) -> tuple[str, ...]:
        """Bring files; each must have its content. Return what is said of it."""
        cache = NodeCache(self.folder / "cache", self.limit)
        entries = [entry(data, str(number), md5) for number, data in enumerate(contents)]
        cache.expect(entries)
        for one, data in zip(entries, contents, strict=True):
            self.number += 1
            path = self.folder / f"input-{self.number}"
            cache.bring(one, path, self.fetch(data, path))
            assert path.read_bytes() == data
        return cache.close()

    def fetch(self, data: bytes, path: Path) -> Callable[[], None]:
        def fetch() -> None:
            self.fetched.append(data)
            path.write_bytes(data)

        return fetch

    @property
    def kept(self) -> list[bytes]:
        return sorted(one.path.read_bytes() for one in kept_files(self.folder / "cache"))

    def left(self, name: str) -> list[str]:
        return [path.name for path in (self.folder / "cache" / name).iterdir()]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.mark.parametrize("md5", [False, True])
def test_the_second_step_fetches_nothing(node: Node, md5: bool) -> None:
    assert node.step(b"one", b"two", md5=md5) == ()
    assert node.step(b"one", b"two", b"three", md5=md5) == ("from the cache of the node: 2 files, 0.0 MB",)
    assert (node.fetched, node.kept) == ([b"one", b"two", b"three"], [b"one", b"three", b"two"])
    assert (node.left("drafts"), node.left("reserved")) == ([], [])


def test_a_step_gets_a_copy_of_its_own(node: Node) -> None:
    node.step(b"one")
    node.step(b"one")
    (node.folder / "input-1").write_bytes(b"1")
    (node.folder / "input-2").write_bytes(b"2")
    assert node.kept == [b"one"]


def flip(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def to_link(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to("other")


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("spoil", [flip, lambda path: path.write_bytes(b""), to_pipe, to_link, to_folder])
def test_what_is_damaged_comes_from_the_store(node: Node, spoil: Callable[[Path], object]) -> None:
    node.step(b"abc")
    (one,) = kept_files(node.folder / "cache")
    spoil(one.path)
    node.step(b"abc")
    assert node.fetched == [b"abc", b"abc"]


def test_a_damaged_file_is_replaced(node: Node) -> None:
    node.step(b"abc")
    (one,) = kept_files(node.folder / "cache")
    flip(one.path)
    node.step(b"abc")
    node.step(b"abc")
    assert (len(node.fetched), node.kept) == (2, [b"abc"])


def test_an_object_whose_etag_is_no_md5_is_not_kept(node: Node) -> None:
    cache = NodeCache(node.folder / "cache", LIMIT)
    odd = [Entry("f", 3, f"{trees.PINNED}{'0' * 32}"), Entry("f", 3, f"{trees.PINNED}{'0' * 32}-2")]
    cache.expect(odd)
    for number, one in enumerate(odd):
        path = node.folder / f"odd-{number}"
        cache.bring(one, path, node.fetch(b"odd", path))
    assert (cache.close(), node.kept, node.left("drafts")) == ((), [], [])


def test_a_fetch_that_fails_keeps_nothing(node: Node) -> None:
    cache = NodeCache(node.folder / "cache", LIMIT)
    cache.expect([entry(b"abc")])

    def fail() -> None:
        raise StoreError("no")

    with pytest.raises(StoreError):
        cache.bring(entry(b"abc"), node.folder / "f", fail)
    assert (cache.close(), node.kept) == ((), [])


def test_the_oldest_files_make_room(node: Node) -> None:
    first, second, third = b"1" * 400, b"2" * 400, b"3" * 400
    node.step(first)
    node.step(second)
    for number, one in enumerate(sorted(kept_files(node.folder / "cache"), key=lambda one: one.path.read_bytes())):
        os.utime(one.path, (number, number))
    node.step(first)  # which makes it the newest
    node.step(third)
    assert node.kept == [first, third]
    node.step(b"4" * 1001)  # larger than all of it
    assert b"4" * 1001 not in node.kept


@given(st.lists(st.lists(st.integers(0, 12), max_size=6), max_size=6))
def test_the_limit_holds_whatever_comes(tmp_path_factory: pytest.TempPathFactory, steps: list[list[int]]) -> None:
    node = Node(tmp_path_factory.mktemp("node"))
    for sizes in steps:
        node.step(*(bytes([65 + size]) * size * 40 for size in sizes))
        assert sum(map(len, node.kept)) <= LIMIT


def test_rooms_of_two_steps_together_keep_to_the_limit(tmp_path: Path) -> None:
    one, other = Room(tmp_path, LIMIT), Room(tmp_path, LIMIT)
    assert (one.reserve(700), other.reserve(700)) == (700, 300)
    assert (other.take(301), other.take(300), other.take(1)) == (False, True, False)
    other.give_back(300, written=False)
    one.close()
    assert other.reserve(700) == 700
    other.close()


DIES = """
import os, sys
from pathlib import Path
from runner.data.cache_room import Room
room = Room(Path(sys.argv[1]), 1000)
assert room.reserve(900) == 900
Path(sys.argv[1], "drafts", f"{room.name}-1").write_bytes(b"half")
os._exit(9)
"""


def test_what_a_killed_step_has_reserved_is_free_again(node: Node) -> None:
    killed = subprocess.run([sys.executable, "-c", DIES, str(node.folder / "cache")], check=False)
    assert (killed.returncode, len(node.left("drafts")), len(node.left("reserved"))) == (9, 1, 1)
    node.step(b"1" * 900)
    assert (node.kept, node.left("drafts"), node.left("reserved")) == ([b"1" * 900], [], [])


def test_of_steps_that_want_a_large_file_together_one_fetches_it(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_cache, "TOGETHER", 1)
    node.limit, begun = 1 << 20, threading.Event()
    caches = [NodeCache(node.folder / "cache", node.limit) for _ in range(4)]
    for cache in caches:
        cache.expect([entry(b"large")])

    def bring(number: int) -> None:
        path = node.folder / f"together-{number}"

        def fetch() -> None:
            begun.set()
            node.fetch(b"large", path)()

        if number:
            assert begun.wait(10)
        caches[number].bring(entry(b"large"), path, fetch)
        assert path.read_bytes() == b"large"

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bring, range(4)))
    assert node.fetched == [b"large"]
    for cache in caches:
        cache.close()


def test_who_waits_for_a_step_that_hangs_fetches_by_itself(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_cache, "TOGETHER", 1)
    monkeypatch.setattr(node_cache, "_WAIT", 0.05)
    cache, other = (NodeCache(node.folder / "cache", LIMIT) for _ in range(2))
    cache.expect([entry(b"abc")])
    other.expect([entry(b"abc")])
    with cache._alone(entry(b"abc")):
        other.bring(entry(b"abc"), node.folder / "f", node.fetch(b"abc", node.folder / "f"))
    assert node.fetched == [b"abc"]
    other.close()
    cache.close()


def test_a_cache_that_cannot_be_used_fails_nothing_and_is_named(node: Node) -> None:
    (node.folder / "cache").write_text("a file")
    (line,) = node.step(b"abc", b"def")
    assert (node.fetched, line.startswith("the cache of the node cannot be used: ")) == ([b"abc", b"def"], True)


def test_a_link_in_the_place_of_a_folder_is_not_followed(node: Node) -> None:
    node.step(b"abc")
    outside = node.folder / "outside"
    (outside / "ab").mkdir(parents=True)
    victim = outside / "ab" / ("ab" * 32)
    victim.write_bytes(b"v" * 5000)
    (node.folder / "cache" / "objects").rename(node.folder / "away")
    (node.folder / "cache" / "objects").symlink_to(outside)
    (line,) = node.step(b"1" * 900)
    assert ("cannot be used" in line, victim.exists()) == (True, True)


def test_a_fetched_manifest_goes_through_it(tmp_path: Path) -> None:
    store, files = MemoryStore(), {"a": b"one", "b/c": b"two", "empty": b""}
    for name, data in files.items():
        store.put(f"in/{name}", data)
    whole = Manifest(Kind.FOLDER, tuple(entry(data, name) for name, data in files.items()))
    lines: list[str] = []
    for number in (1, 2):
        cache = of_node(f"{LIMIT}:{tmp_path / 'cache'}")
        assert cache is not None
        trees.fetch(store, "in", whole, tmp_path / f"got-{number}", cache=cache)
        assert {name: (tmp_path / f"got-{number}" / name).read_bytes() for name in files} == files
        store.delete("in/a")  # by now in the cache
        lines += cache.close()
    assert lines == ["from the cache of the node: 2 files, 0.0 MB"]
    assert of_node("") is None
