"""Mounted inputs: a folder of the test stands for what a mount shows."""

from __future__ import annotations

import errno
import os
import time
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from runner.data import dataset, integrity, manifest, mounts, packing, snapshot
from runner.data.attempt_outputs import AttemptOutputs
from runner.data.work_dir import Launch, Staging, WorkDir
from runner.errors import DataChanged, StoreError
from runner.model.data import DataRef, DatastorePath, Entry, Kind, Manifest, Mode
from runner.model.delivery import Delivery
from runner.model.record import AttemptRecord, Failure
from runner.model.task import InputBinding
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

NAME = "workspaceblobstore"


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """Return what a mount shows: two files, one of them in a folder."""
    source = tmp_path / "mount"
    (source / "deep").mkdir(parents=True)
    (source / "a.txt").write_text("12345")
    (source / "deep" / "b.txt").write_text("123")
    return source


def folder(*paths: str, size: int = 5, folders: tuple[str, ...] = ()) -> Manifest:
    return Manifest(Kind.FOLDER, tuple(Entry(path, size, "etag:1") for path in paths), folders)


WHOLE = Manifest(Kind.FOLDER, (Entry("a.txt", 5, "etag:1"), Entry("deep/b.txt", 3, "etag:1")))


def files(path: Path) -> dict[str, str]:
    return {relative: file.read_text() for relative, file in manifest.files_below(path)}


def test_a_whole_folder_is_one_link(mount: Path, tmp_path: Path) -> None:
    mounts.show(mount, WHOLE, tmp_path / "x", "input 'x'")
    assert (tmp_path / "x").readlink() == mount
    assert files(tmp_path / "x") == {"a.txt": "12345", "deep/b.txt": "123"}


def test_a_part_of_a_folder_is_a_tree_of_links(mount: Path, tmp_path: Path) -> None:
    mounts.show(mount, folder("a.txt"), tmp_path / "x", "input 'x'")
    assert files(tmp_path / "x") == {"a.txt": "12345"}
    assert (tmp_path / "x" / "a.txt").readlink() == mount / "a.txt"
    assert not (tmp_path / "x").is_symlink()


def test_empty_folders_are_made_beside_the_links(mount: Path, tmp_path: Path) -> None:
    mounts.show(mount, replace(WHOLE, folders=("empty/one",)), tmp_path / "x", "input 'x'")
    assert (tmp_path / "x" / "empty" / "one").is_dir()
    assert files(tmp_path / "x") == {"a.txt": "12345", "deep/b.txt": "123"}


def test_a_path_that_is_a_folder_already_is_filled_with_links(mount: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.txt").write_text("the snapshot's")
    mounts.show(mount, WHOLE, tmp_path / "x", "input 'x'")
    assert files(tmp_path / "x") == {"a.txt": "12345", "deep/b.txt": "123"}


def test_a_lone_file_is_a_link_of_its_own_name(mount: Path, tmp_path: Path) -> None:
    mounts.show(mount, Manifest(Kind.FILE, (Entry("", 5, "etag:1"),)), tmp_path / "a.txt", "input 'x'")
    assert (tmp_path / "a.txt").readlink() == mount / "a.txt"


@pytest.mark.parametrize(
    ("pinned", "name", "words"),
    [
        (folder("a.txt", "c.txt", "d.txt"), "x", "c.txt and 1 more"),
        (folder("a.txt", size=6), "x", "a.txt"),
        (folder("deep", size=5), "x", "deep"),
        (folder("none/a.txt"), "x", "none/a.txt"),
        (Manifest(Kind.FILE, (Entry("", 5, "etag:1"),)), "gone.txt", "gone.txt"),
        (Manifest(Kind.FILE, (Entry("", 4, "etag:1"),)), "a.txt", "a.txt"),
    ],
)
def test_a_mount_that_shows_something_else_is_the_stores_failure(
    mount: Path, tmp_path: Path, pinned: Manifest, name: str, words: str
) -> None:
    with pytest.raises(StoreError, match=f"the mount of input 'x' does not show what its store has: {words}$"):
        mounts.show(mount, pinned, tmp_path / name, "input 'x'")


def test_of_many_files_the_sizes_of_some_are_compared(
    mount: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mounts, "SIZES", 1)
    assert mounts.compare(mount, WHOLE) == mounts.Shown((), exact=True)
    assert mounts.compare(mount, folder("a.txt", "deep/b.txt")) == mounts.Shown((), exact=True)  # only the first
    assert mounts.compare(mount, folder("a.txt", "deep/c.txt")).wrong == ("deep/c.txt",)


def test_no_mount_is_waited_for_without_end() -> None:
    blocked = Event()
    with pytest.raises(StoreError, match=r"^the mount has not answered within 0\.01 s$"):
        mounts.within(0.01, "the mount", blocked.wait)
    blocked.set()


def test_what_a_mount_raises_is_the_stores_failure() -> None:
    def dead() -> None:
        raise OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))

    with pytest.raises(StoreError, match=r"^the mount cannot be read: Transport endpoint is not connected$"):
        mounts.within(5, "the mount", dead)


def test_a_mount_that_answers_is_not_lost(mount: Path) -> None:
    assert mounts.lost({"x": mount}, "ValueError: no") == ""
    assert mounts.lost({}, "OSError: [Errno 5] Input/output error") == ""


def test_a_mount_that_does_not_answer_is_lost(mount: Path, tmp_path: Path) -> None:
    found = mounts.lost({"x": mount, "y": tmp_path / "gone"}, "")
    assert found == "the mount of input 'y' cannot be read: No such file or directory"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOTCONN, errno.ESTALE])
def test_a_mount_that_has_come_back_is_told_by_the_scripts_words(mount: Path, number: int) -> None:
    said = mounts.lost({"x": mount}, f"Traceback …\nOSError: [Errno {number}] {os.strerror(number)}\n")
    assert said == f"a mounted input could not be read ({os.strerror(number)})"


class Bench:
    """One attempt of a step with a mounted input, ``data``; the mount shows the folder `source`."""

    def __init__(self, at: Path, store: MemoryStore, ref: DataRef, source: Path) -> None:
        (at / "source").mkdir()
        taken = snapshot.take(at / "source")
        packing.keep(store, taken)
        place = WorkDir(at / "work")
        self.path = place.inputs / "data"
        self.mounted = InputBinding(
            name="data", ref=ref, mode=Mode.MOUNT, delivery=Delivery(Mode.MOUNT, ref.bytes, "as asked", ref.key)
        )
        staging = Staging(
            workspace=store,
            datastores=lambda _: store,
            input_place=lambda it, _kind: place.inputs / it.name,
            output_place=lambda it: place.outputs / it.name,
            mount=lambda _binding: source,
        )
        task = b.task(snapshot=taken.digest, inputs=(self.mounted,), outputs=(b.output("out", folder=True),))
        self.outputs = AttemptOutputs(task=task, place=place, staging=staging, begun=time.time())

    def launch(self) -> Launch:
        launch = self.outputs.staged("python")
        assert isinstance(launch, Launch), launch
        return launch

    def failure(self) -> AttemptRecord:
        record = self.outputs.staged("python")
        assert isinstance(record, AttemptRecord)
        return record


def stored(mount: Path) -> tuple[MemoryStore, DataRef]:
    store = MemoryStore()
    for relative, path in manifest.files_below(mount):
        store.upload(f"raw/{relative}", path)
    return store, dataset.pin(store, lambda _: store, (DatastorePath(NAME, "raw"),), "data")


def test_a_script_reads_through_the_link(mount: Path, tmp_path: Path) -> None:
    bench = Bench(tmp_path, *stored(mount), mount)
    launch = bench.launch()
    assert bench.path.is_symlink()
    assert files(bench.path) == {"a.txt": "12345", "deep/b.txt": "123"}
    assert bench.outputs.delivered(launch.outputs).failure is None


def test_what_a_script_writes_beside_the_links_fails_the_step(mount: Path, tmp_path: Path) -> None:
    store, ref = stored(mount)
    (mount / "later.txt").write_text("nobody pinned it")
    bench = Bench(tmp_path, store, ref, mount)
    launch = bench.launch()
    assert files(bench.path) == {"a.txt": "12345", "deep/b.txt": "123"}
    (bench.path / "deep" / "mine.txt").write_text("mine")
    (bench.path / "a.txt").unlink()
    (bench.path / "a.txt").write_text("replaced")
    record = bench.outputs.delivered(launch.outputs)
    assert record.failure is Failure.INPUT
    assert "read-only: 2 files (a.txt, deep/mine.txt)" in record.reason
    assert (mount / "a.txt").read_text() == "12345"


def test_an_empty_mount_is_the_stores_failure_before_the_script_starts(mount: Path, tmp_path: Path) -> None:
    """Whoever answers 404 for a server makes a mount an empty folder."""
    bench = Bench(tmp_path, *stored(mount), tmp_path / "nothing")
    record = bench.failure()
    assert record.failure is Failure.STORE
    assert "the mount of input 'data' does not show what its store has" in record.reason


def test_pinned_files_that_were_changed_since_are_pinned_anew_by_another_attempt(mount: Path, tmp_path: Path) -> None:
    store, ref = stored(mount)
    store.put("raw/a.txt", b"54321")
    record = Bench(tmp_path, store, ref, mount).failure()
    assert record.failure is Failure.STORE
    assert f"input 'data' ({NAME}/raw) was changed after it was pinned" in record.reason


def committed(store: MemoryStore, mount: Path) -> DataRef:
    made = manifest.describe(mount)
    etag = integrity.etag_of(store, "raw", made.entries)
    return DataRef(datastore=NAME, key="raw", digest=manifest.save(store, made), files=2, bytes=8, etag=etag)


def test_a_committed_output_that_was_changed_is_no_input(mount: Path, tmp_path: Path) -> None:
    store, _ = stored(mount)
    ref = committed(store, mount)
    integrity.check_unchanged(store, ref, manifest.load(store, ref.digest), "it")
    store.put("raw/a.txt", b"54321")
    with pytest.raises(DataChanged, match=r"it .*/raw. was changed in the store after its commit"):
        integrity.check_unchanged(store, ref, manifest.load(store, ref.digest), "it")
    assert Bench(tmp_path, store, ref, mount).failure().failure is Failure.INPUT


def test_data_that_were_changed_while_the_script_could_read_them_give_no_outputs(mount: Path, tmp_path: Path) -> None:
    """Its outputs would stand for inputs that they do not come from."""
    store, ref = stored(mount)
    bench = Bench(tmp_path, store, ref, mount)
    launch = bench.launch()
    store.put("raw/a.txt", b"54321")
    record = bench.outputs.delivered(launch.outputs)
    assert record.failure is Failure.STORE
    assert record.reason.endswith(f"input 'data' ({NAME}/raw) was changed after it was pinned")


def test_an_output_of_another_step_that_was_changed_meanwhile_fails_the_step(mount: Path, tmp_path: Path) -> None:
    store, _ = stored(mount)
    bench = Bench(tmp_path, store, committed(store, mount), mount)
    launch = bench.launch()
    store.put("raw/a.txt", b"54321")
    record = bench.outputs.delivered(launch.outputs)
    assert record.failure is Failure.INPUT
    assert record.reason.endswith("was changed in the store after its commit, while the script could read it")
    assert "runner retry" in record.remedy


def test_a_lone_pinned_file_is_compared_by_its_own_facts(mount: Path) -> None:
    store, _ = stored(mount)
    ref = dataset.pin(store, lambda _: store, (DatastorePath(NAME, "raw/a.txt"),), "data")
    known = manifest.load(store, ref.digest)
    store.put("raw/a.txt.old", b"beside")
    integrity.check_unchanged(store, ref, known, "it")
    store.delete("raw/a.txt")
    with pytest.raises(StoreError, match="was changed after it was pinned"):
        integrity.check_unchanged(store, ref, known, "it")
