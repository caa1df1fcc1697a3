from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from runner.data import manifest
from runner.data.transfers import trees
from runner.data.transfers.trees import copy, deliver, fetch, key_of, target_of
from runner.errors import BadInput, DataChanged, ObjectMissing, StoreError
from runner.model.data import Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.model.document import to_document
from runner.override import override
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    for name in ("b", "a/x", "a.txt"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(name)
    return made


def test_a_folder_is_described_in_order(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("b")
    os.mkfifo(folder / "pipe")
    described = manifest.describe(folder)
    assert described.kind is Kind.FOLDER
    assert [(entry.path, entry.size) for entry in described.entries] == [
        ("a.txt", 5),
        ("a/x", 3),
        ("b", 1),
        ("link", 1),
    ]
    assert described.entries[2].digest == digest_of_bytes(b"b")
    assert described.folders == ("empty",)


def test_empty_folders_are_known_and_what_is_neither_file_nor_folder_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("empty", "deep/er/empty", "pipes", "a/inner"):
        (folder / name).mkdir(parents=True)
    (folder / "to_empty").symlink_to("empty")
    os.mkfifo(folder / "pipes" / "pipe")
    (folder / "gone").symlink_to("nowhere")
    (folder / "round").symlink_to("round")
    with socket.socket(socket.AF_UNIX) as listening:
        monkeypatch.chdir(folder)  # the path of a socket has 107 bytes at most (unix(7))
        listening.bind("socket")
    tree = manifest.survey(folder)
    assert tree.folders == ("a/inner", "deep/er/empty", "empty", "pipes", "to_empty")
    assert tree.others == (
        "gone (a link that leads nowhere)",
        "pipes/pipe (a named pipe)",
        "round (a link that leads nowhere)",
        "socket (a socket)",
    )
    assert [relative for relative, _ in tree.files] == ["a.txt", "a/x", "b"]
    assert manifest.survey(folder / "gone").others == ("gone (a link that leads nowhere)",)
    assert manifest.survey(folder / "absent").others == ()


def test_a_manifest_without_empty_folders_keeps_its_digest(folder: Path) -> None:
    """Fingerprints of earlier runs hold it."""
    described = manifest.describe(folder)
    assert set(to_document(described)) == {"kind", "entries"}
    assert manifest.save(MemoryStore(), described) == "f398c980df29a5ad31f1c24b89355b08f48d0a2cff6949ee5a283ac0631ad11d"


@pytest.mark.parametrize("in_folder", [True, False])
def test_empty_folders_are_brought_back(folder: Path, tmp_path: Path, *, in_folder: bool) -> None:
    """Also from a bucket, which has no folders, and from where the output was copied to."""
    store = DirectoryStore(tmp_path / "store", durable=False) if in_folder else MemoryStore()
    for name in ("empty", "deep/er/empty"):
        (folder / name).mkdir(parents=True)
    described = manifest.describe(folder)
    deliver(store, folder, "place", described)
    copy(store, "place", described, "other")
    for key in ("place", "other"):
        fetch(store, key, described, tmp_path / key)
        assert manifest.describe(tmp_path / key) == described
        if in_folder:
            assert (tmp_path / "store" / key / "deep" / "er" / "empty").is_dir()


@pytest.mark.parametrize("path", ["../out", "/out", "a/../../out"])
def test_no_folder_is_made_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(StoreError, match="outside its folder"):
        fetch(MemoryStore(), "place", Manifest(Kind.FOLDER, folders=(path,)), tmp_path / "into")
    assert not (tmp_path / "out").exists()


def test_a_lone_file_and_nothing_at_all(folder: Path) -> None:
    assert manifest.describe(folder / "b") == Manifest(Kind.FILE, (Entry("", 1, digest_of_bytes(b"b")),))
    assert manifest.describe(folder / "none") == Manifest(Kind.FOLDER)


def test_a_manifest_is_kept_under_its_digest(folder: Path) -> None:
    store, described = MemoryStore(), manifest.describe(folder)
    digest = manifest.save(store, described)
    assert manifest.save(store, described) == digest
    assert manifest.load(store, digest) == described
    with pytest.raises(ObjectMissing):
        manifest.load(store, "none")


@pytest.mark.parametrize("name", ["", "b"])
def test_what_is_delivered_is_fetched(folder: Path, tmp_path: Path, name: str) -> None:
    store, source = MemoryStore(), folder / name
    described = manifest.describe(source)
    deliver(store, source, "place", described)
    fetch(store, "place", described, tmp_path / "deep" / "er")
    assert manifest.describe(tmp_path / "deep" / "er") == described


def test_an_empty_folder_is_a_folder(tmp_path: Path) -> None:
    fetch(MemoryStore(), "place", Manifest(Kind.FOLDER), tmp_path / "into")
    assert (tmp_path / "into").is_dir()


def test_an_entry_may_lie_elsewhere(tmp_path: Path) -> None:
    store = MemoryStore()
    store.put("far/away", b"x")
    entry = Entry("near", 1, "", "far/away")
    fetch(store, "place", Manifest(Kind.FOLDER, (entry,)), tmp_path / "into")
    assert (tmp_path / "into" / "near").read_bytes() == b"x"
    assert [key_of("k", one) for one in (entry, Entry("p", 1, ""), Entry("", 1, ""))] == ["far/away", "k/p", "k"]


@pytest.mark.parametrize("path", ["../out", "/out", "a/../../out"])
def test_no_file_is_put_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(StoreError, match="outside its folder"):
        target_of(tmp_path, Entry(path, 1, ""))
    store = MemoryStore()
    store.put("place/x", b"x")
    entries = Entry("in", 1, "", "place/x"), Entry(path, 1, "", "place/x")
    with pytest.raises(StoreError, match="outside its folder"):
        fetch(store, "place", Manifest(Kind.FOLDER, entries), tmp_path / "into")
    assert not (tmp_path / "out").exists()


def test_a_changed_size_is_noticed(tmp_path: Path) -> None:
    store = MemoryStore()
    store.put("place/x", b"longer")
    with pytest.raises(DataChanged, match=r"place/x was changed .*: it has 6 bytes where its manifest says 1"):
        fetch(store, "place", Manifest(Kind.FOLDER, (Entry("x", 1, ""),)), tmp_path / "into")


def test_a_file_that_is_gone_was_changed(tmp_path: Path) -> None:
    with pytest.raises(DataChanged, match=r"place was changed .*: it is no longer there"):
        fetch(MemoryStore(), "place", Manifest(Kind.FILE, (Entry("", 1, ""),)), tmp_path / "into")


def test_the_way_of_bringing_can_be_chosen(tmp_path: Path) -> None:
    brought: list[str] = []

    def bring(key: str, path: Path) -> None:
        brought.append(key)
        path.write_bytes(b"x")

    entries = tuple(Entry(name, 1, "") for name in "abc")
    fetch(MemoryStore(), "k", Manifest(Kind.FOLDER, entries), tmp_path / "into", place=bring)
    assert sorted(brought) == ["k/a", "k/b", "k/c"]


def test_links_to_folders_are_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "y").write_text("y")
    (folder / "near").symlink_to("a")
    (folder / "elsewhere").symlink_to(tmp_path / "far")
    paths = [entry.path for entry in manifest.describe(folder).entries]
    assert paths == ["a.txt", "a/x", "b", "elsewhere/y", "near/x"]


@pytest.mark.parametrize("target", [".", "..", "../..", "../../folder"])
def test_links_that_lead_in_circles_are_named(folder: Path, target: str) -> None:
    (folder / "a" / "loop").symlink_to(target)
    with pytest.raises(BadInput, match=r"the link a/loop.* leads to a folder around it"):
        manifest.describe(folder)


def test_links_that_lead_to_each_other_are_named(folder: Path) -> None:
    (folder / "c").mkdir()
    (folder / "c" / "to_a").symlink_to("../a")
    (folder / "a" / "to_c").symlink_to("../c")
    with pytest.raises(BadInput, match="leads to a folder around it"):
        manifest.describe(folder)


def pinned(store: MemoryStore, key: str) -> Manifest:
    info = store.stat(key)
    assert info is not None
    return Manifest(Kind.FILE, (Entry("", info.size, f"etag:{info.etag}", key),))


def test_what_was_changed_since_it_was_pinned_is_refused(tmp_path: Path) -> None:
    store = MemoryStore()
    store.put("data/x", b"one")
    known = pinned(store, "data/x")
    fetch(store, "data/x", known, tmp_path / "good")
    store.put("data/x", b"two")
    with pytest.raises(StoreError, match="data/x was changed after the step's inputs were pinned"):
        fetch(store, "data/x", known, tmp_path / "bad")
    entries = Entry("x", 3, known.entries[0].digest, "data/x"), Entry("y", 3, "", "data/x")
    with pytest.raises(StoreError, match="data/x was changed"):
        fetch(store, "data", Manifest(Kind.FOLDER, entries), tmp_path / "folder")


class Spoiling(MemoryStore):
    """A store that sends other bytes than it has, so many times."""

    times = 1

    @override
    def download(self, key: str, path: Path) -> None:
        super().download(key, path)
        if self.times:
            self.times -= 1
            path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("times", [1, 2])
def test_what_was_damaged_on_its_way_is_fetched_again_once(folder: Path, tmp_path: Path, times: int) -> None:
    store = Spoiling()
    (folder / "b").write_bytes(b"content")
    described = manifest.describe(folder / "b")
    deliver(store, folder / "b", "k", described)
    store.times = times
    if times > 1:
        with pytest.raises(StoreError, match="other content than its manifest"):
            fetch(store, "k", described, tmp_path / "into")
    else:
        fetch(store, "k", described, tmp_path / "into")
        assert (tmp_path / "into").read_bytes() == b"content"


def test_after_a_failure_no_more_is_begun_and_nothing_comes_after_it(folder: Path, tmp_path: Path) -> None:
    begun: list[str] = []

    def bring(key: str, path: Path) -> None:
        begun.append(key)
        if key == "k/0":
            raise StoreError("away")
        threading.Event().wait(0.1)

    entries = tuple(Entry(f"{n}", 1, "") for n in range(500))
    with pytest.raises(StoreError, match="away"):
        fetch(MemoryStore(), "k", Manifest(Kind.FOLDER, entries), tmp_path / "into", place=bring)
    assert len(begun) < 100


def test_the_step_that_wrote_a_changed_file_is_named(tmp_path: Path) -> None:
    store = MemoryStore()
    key = "azureml/20260102t030405678z-aaaaaaaaaaaaaaaa.first-1.2/out"
    store.put(key, b"new")
    entry = Entry("", 3, digest_of_bytes(b"old"))
    words = r"first-1.2/out, which step 'first-1' of run 20260102t030405678z-aaaaaaaaaaaaaaaa wrote, was changed"
    with pytest.raises(DataChanged, match=words):
        fetch(store, key, Manifest(Kind.FILE, (entry,)), tmp_path / "into")
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize("unchanged", [True, False])
def test_much_data_is_read_again_only_if_the_store_cannot_vouch_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, unchanged: bool
) -> None:
    monkeypatch.setattr(trees, "READ_AGAIN", 3)
    store = DirectoryStore(tmp_path / "store", durable=False)
    for name in "ab":
        store.put(f"k/{name}", b"new")
    entries = tuple(Entry(name, 3, digest_of_bytes(b"old")) for name in "ab")

    def get() -> None:
        fetch(store, "k", Manifest(Kind.FOLDER, entries), tmp_path / "into", unchanged=lambda: unchanged)

    if unchanged:
        get()
    else:
        with pytest.raises(DataChanged, match="k/a was changed"):
            get()
