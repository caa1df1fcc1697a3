"""What scripts do to their inputs: written back where v1 mounts writable, an error where it mounts read-only."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from runner.data import dataset, manifest, packing, snapshot
from runner.data.attempt_outputs import AttemptOutputs
from runner.data.work_dir import Launch, Staging, WorkDir
from runner.errors import StoreDenied
from runner.model.data import DataRef, DatasetDefinition, DatastorePath, Kind, Mode
from runner.model.record import AttemptRecord, Failure
from runner.model.task import InputBinding
from runner.override import override
from runner.ports import ObjectStore
from runner.runs import records
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

NAME = "workspaceblobstore"
if TYPE_CHECKING:
    Script = Callable[[Path], object]


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return DirectoryStore(tmp_path / "store") if request.param == "folder" else MemoryStore()


class Bench:
    """One attempt of a step with one input, ``data``."""

    def __init__(self, folder: Path, store: ObjectStore, binding: InputBinding) -> None:
        (folder / "source").mkdir(exist_ok=True)
        taken = snapshot.take(folder / "source")
        packing.keep(store, taken)
        place = WorkDir(folder / "work")

        def input_place(it: InputBinding, kind: Kind) -> Path:
            below = place.named(it.path_on_compute) or place.inputs / it.name
            return below / it.ref.key.rpartition("/")[2] if kind is Kind.FILE else below

        staging = Staging(
            workspace=store,
            datastores=lambda _: store,
            input_place=input_place,
            output_place=lambda it: place.outputs / it.name,
        )
        task = b.task(snapshot=taken.digest, inputs=(binding,), outputs=(b.output("out", folder=True),))
        self.store = store
        self.remains = AttemptOutputs(task=task, place=place, staging=staging, begun=time.time())
        launch = self.remains.staged("python")
        assert isinstance(launch, Launch), launch
        self.launch = launch
        context = json.loads((place.step / "context.json").read_text())
        self.path = Path(context["inputs"]["data"]["path"])

    def delivered(self) -> AttemptRecord:
        return self.remains.delivered(self.launch.outputs)


def pinned(store: ObjectStore, path: str, **changes: Any) -> InputBinding:
    ref = dataset.pin(store, lambda _: store, (DatastorePath(NAME, path),), "data", may_be_absent=True)
    return replace(InputBinding(name="data", ref=ref, writable=True), **changes)


def run(folder: Path, store: ObjectStore, binding: InputBinding, script: Script) -> AttemptRecord:
    bench = Bench(folder, store, binding)
    script(bench.path)
    return bench.delivered()


def add(path: Path) -> None:
    (path / "more").mkdir()
    (path / "more" / "new.txt").write_text("new")
    (path / "old.txt").write_text("changed")


def test_new_and_changed_files_of_a_writable_input_go_to_the_store(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/old.txt", b"old")
    store.put("ref/same.txt", b"same")
    record = run(tmp_path, store, pinned(store, "ref"), add)
    assert record.failure is None
    assert {key: store.get(f"ref/{key}") for key in ("old.txt", "same.txt", "more/new.txt")} == {
        "old.txt": b"changed",
        "same.txt": b"same",
        "more/new.txt": b"new",
    }
    assert record.warnings == (f"input 'data': 2 files (more/new.txt, old.txt) written to {NAME}/ref",)
    assert not record.reusable


def test_done_again_after_a_crash_it_ends_the_same(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/old.txt", b"old")
    bench = Bench(tmp_path, store, pinned(store, "ref"))
    add(bench.path)
    first, second = bench.delivered(), bench.delivered()
    assert (first.warnings, first.reusable) == (second.warnings, second.reusable)
    assert store.get("ref/old.txt") == b"changed"


def test_a_script_that_reads_only_leaves_the_step_reusable(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/old.txt", b"old")
    record = run(tmp_path, store, pinned(store, "ref"), lambda path: (path / "old.txt").read_text())
    assert (record.failure, record.warnings, record.reusable) == (None, (), True)


def test_the_same_bytes_written_again_are_no_change_on_this_machine(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    store.put("ref/old.txt", b"old")
    record = run(tmp_path, store, pinned(store, "ref"), lambda path: (path / "old.txt").write_text("old"))
    assert (record.warnings, record.reusable) == ((), True)


def test_a_path_where_nothing_lies_is_an_empty_folder(store: ObjectStore, tmp_path: Path) -> None:
    bench = Bench(tmp_path, store, pinned(store, "not/there"))
    assert list(bench.path.iterdir()) == []
    line = f"input 'data': nothing lies at {NAME}/not/there"
    assert bench.launch.notes == (f"{line}: it is an empty folder",)
    assert bench.delivered().warnings == (f"{line}: it was an empty folder",)
    (bench.path / "x").write_text("x")
    assert bench.delivered().warnings == (f"input 'data': x written to {NAME}/not/there",)
    assert store.get("not/there/x") == b"x"


def test_a_lone_file_is_written_back_and_so_are_its_new_neighbours(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/one.txt", b"1")

    def script(path: Path) -> None:
        path.write_text("2")
        path.with_name("two.txt").write_text("2")

    assert run(tmp_path, store, pinned(store, "ref/one.txt"), script).failure is None
    assert (store.get("ref/one.txt"), store.get("ref/two.txt")) == (b"2", b"2")


def test_a_lone_file_beside_the_script_is_alone(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/one.txt", b"1")
    binding = pinned(store, "ref/one.txt", path_on_compute=".")

    def script(path: Path) -> None:
        path.write_text("2")
        path.with_name("scratch.txt").write_text("-")

    record = run(tmp_path, store, binding, script)
    assert record.warnings == (f"input 'data': one.txt written to {NAME}/ref/one.txt",)
    assert store.stat("ref/scratch.txt") is None


def test_what_the_script_deleted_stays_in_the_store(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/old.txt", b"old")
    record = run(tmp_path, store, pinned(store, "ref"), lambda path: (path / "old.txt").unlink())
    assert record.warnings == (f"input 'data': old.txt deleted by the script, stays in {NAME}/ref",)
    assert store.get("ref/old.txt") == b"old"


def test_what_no_store_can_hold_is_named(store: ObjectStore, tmp_path: Path) -> None:
    record = run(tmp_path, store, pinned(store, "ref"), lambda path: (path / "dead").symlink_to("nowhere"))
    assert "input 'data': not kept, since it is neither a file nor a folder: dead" in record.warnings[0]


def test_an_upload_reads_nothing_and_keeps_what_is_there_unless_told(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/old.txt", b"old")
    ref = dataset.pin_nothing(store, DatastorePath(NAME, "ref"))
    binding = InputBinding(name="data", ref=ref, mode=Mode.UPLOAD, writable=True, keep_existing=True)
    bench = Bench(tmp_path, store, binding)
    assert list(bench.path.iterdir()) == []
    add(bench.path)
    assert bench.delivered().warnings == (
        f"input 'data': more/new.txt written to {NAME}/ref",
        f"input 'data': old.txt in {NAME}/ref already, not overwritten (overwrite=False)",
    )
    assert store.get("ref/old.txt") == b"old"
    over = replace(binding, keep_existing=False)
    task = replace(bench.remains.task, inputs=(over,))
    assert replace(bench.remains, task=task).delivered(bench.launch.outputs).failure is None
    assert store.get("ref/old.txt") == b"changed"


def test_another_step_may_write_there_before_this_one_is_staged(store: ObjectStore, tmp_path: Path) -> None:
    store.put("ref/old.txt", b"old")
    store.put("ref/gone.txt", b"gone")
    binding = pinned(store, "ref")
    store.put("ref/old.txt", b"by another")
    store.delete("ref/gone.txt")
    bench = Bench(tmp_path, store, binding)
    assert {path.name: path.read_text() for path in bench.path.iterdir()} == {"old.txt": "by another"}
    record = bench.delivered()
    assert record.failure is None
    assert "was changed after it had been pinned" in record.warnings[0]
    assert not record.reusable


def test_a_datastore_that_may_not_be_written_fails_the_step_for_good(tmp_path: Path) -> None:
    class ReadOnly(MemoryStore):
        @override
        def upload(self, key: str, path: Path, digest: str = "") -> None:
            if key.startswith("ref/"):
                raise StoreDenied("read-only")
            super().upload(key, path, digest)

    store = ReadOnly()
    store.put("ref/old.txt", b"old")
    record = run(tmp_path, store, pinned(store, "ref"), add)
    assert record.failure is Failure.INPUT
    assert "input 'data': what the script wrote cannot be kept: read-only" in record.reason


def test_a_step_that_wrote_is_never_another_ones_equal(store: ObjectStore, tmp_path: Path) -> None:
    bench = Bench(tmp_path, store, pinned(store, "ref"))
    (bench.path / "x").write_text("x")
    task = bench.remains.task
    assert records.finish(store, task, bench.delivered()) is not None
    assert records.equal_of(store, task.fingerprint) is None


@pytest.mark.parametrize("key", ["runs/x/y", "store.json", "azureml/x"])
def test_runners_own_places_cannot_be_written_through_a_whole_store(tmp_path: Path, key: str) -> None:
    store = MemoryStore()

    def script(path: Path) -> None:
        (path / key).parent.mkdir(parents=True, exist_ok=True)
        (path / key).write_text("mine")

    record = run(tmp_path, store, pinned(store, ""), script)
    assert record.failure is Failure.INPUT
    assert f"the script wrote '{key}' below its input 'data', where runner keeps its own files" in record.reason
    assert store.stat(key) is None


def read_only(store: ObjectStore, **changes: Any) -> InputBinding:
    store.put("data/old.txt", b"old")
    definition = DatasetDefinition(kind="file", paths=(DatastorePath(NAME, "data"),))
    ref = dataset.pin_dataset(store, lambda _: store, definition)
    return replace(InputBinding(name="data", ref=ref, dataset=definition), **changes)


def test_a_write_into_a_mounted_dataset_is_an_error_that_names_it(store: ObjectStore, tmp_path: Path) -> None:
    record = run(tmp_path, store, read_only(store), add)
    assert record.failure is Failure.INPUT
    assert record.reason == (
        f"the script wrote into its input 'data' (dataset at {NAME}/data), which is read-only: "
        "2 files (more/new.txt, old.txt)"
    )
    assert "as_download()" in record.remedy
    assert store.get("data/old.txt") == b"old"
    assert store.stat("data/more/new.txt") is None


def test_so_it_is_with_what_another_step_has_made(store: ObjectStore, tmp_path: Path) -> None:
    store.put("azureml/x/out/old.txt", b"old")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "old.txt").write_text("old")
    digest = manifest.save(store, manifest.describe(tmp_path / "made"))
    binding = InputBinding(
        name="data", ref=DataRef(datastore=NAME, key="azureml/x/out", digest=digest, files=1, bytes=3)
    )
    assert run(tmp_path, store, binding, add).failure is Failure.INPUT


@pytest.mark.parametrize("mode", [Mode.DOWNLOAD, Mode.DIRECT])
def test_a_download_is_the_scripts_own(store: ObjectStore, tmp_path: Path, mode: Mode) -> None:
    record = run(tmp_path, store, read_only(store, mode=mode), add)
    assert (record.failure, record.warnings) == (None, ())
    assert store.get("data/old.txt") == b"old"


def test_what_changes_no_data_is_no_write(store: ObjectStore, tmp_path: Path) -> None:
    store.put("azureml/x/out/old.txt", b"old")
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "old.txt").write_text("old")
    digest = manifest.save(store, manifest.describe(tmp_path / "made"))

    def script(path: Path) -> None:
        os.utime(path / "old.txt", (1, 1))
        (path / "old.txt").chmod(0o600)
        (path / "__pycache__").mkdir()
        (path / "__pycache__" / "module.pyc").write_bytes(b"code")

    assert (
        run(
            tmp_path,
            store,
            InputBinding(
                name="data", ref=DataRef(datastore=NAME, key="azureml/x/out", digest=digest, files=1, bytes=3)
            ),
            script,
        ).failure
        is None
    )


def test_an_output_inside_an_input_is_an_output(store: ObjectStore, tmp_path: Path) -> None:
    bench = Bench(tmp_path, store, read_only(store))
    inside = bench.path / "result"
    inside.mkdir()
    (inside / "x").write_text("x")
    record = bench.remains.delivered({"out": inside})
    assert record.failure is None
    assert store.get(f"{record.outputs['out'].key}/x") == b"x"


def test_facts_that_are_gone_are_no_success(tmp_path: Path) -> None:
    store = MemoryStore()
    bench = Bench(tmp_path, store, pinned(store, "ref"))
    (bench.remains.place.root / "inputs.json").unlink()
    record = bench.delivered()
    assert record.failure is Failure.STORE
    assert "the facts of its staged inputs cannot be read" in record.reason
