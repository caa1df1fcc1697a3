"""Two runs compared, and one checked against what it committed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import packing
from runner.data.snapshot import take
from runner.errors import BadInput
from runner.model.digest import canonical_json
from runner.model.document import to_document
from runner.model.task import TaskId, manifest_key, snapshot_key
from runner.operations.files.comparison import DataDifference, FileDifference, compare
from runner.operations.files.finding import Stores
from runner.operations.files.verification import Finding, verify
from runner.operations.values import RunView
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support import stored_run
from tests.support.memory_store import MemoryStore

FILES = {"a": b"1", "b": b"22", "c": b"333"}


def differing(store: ObjectStore, first: RunView, second: RunView, step: str = "") -> list[DataDifference]:
    return [each for each in compare(store, first, second, step) if not each.same]


def test_equal_runs_do_not_differ() -> None:
    store = MemoryStore()
    first = stored_run.store_run(store, {"prep": FILES, "train": {"": b"m"}})
    second = stored_run.store_run(store, {"prep": FILES, "train": {"": b"m"}}, stored_run.LATER)
    assert differing(store, first, second) == []
    assert [(each.step, each.kind, each.name) for each in compare(store, first, second)] == [
        ("prep", "output", "out"),
        ("train", "output", "out"),
    ]


def test_every_file_that_differs_is_named() -> None:
    store = MemoryStore()
    first = stored_run.store_run(store, {"prep": FILES, "train": {"": b"m"}, "old": {}})
    later = {"prep": {"a": b"1", "b": b"2!", "d": b"4444"}, "train": {"": b"mm"}, "new": {}}
    second = stored_run.store_run(store, later, stored_run.LATER)
    assert differing(store, first, second) == [
        DataDifference(
            step="prep",
            kind="output",
            name="out",
            same=False,
            files=(FileDifference("b", 2, 2), FileDifference("c", 3, None), FileDifference("d", None, 4)),
        ),
        DataDifference(step="train", kind="output", name="out", same=False, files=(FileDifference("", 1, 2),)),
        DataDifference(step="old", kind="output", name="out", same=False, note="only the first run has it"),
        DataDifference(step="new", kind="output", name="out", same=False, note="only the second run has it"),
    ]
    assert [each.step for each in differing(store, first, second, "train")] == ["train"]
    with pytest.raises(BadInput, match=r"neither run has a step 'x'\n.*prep, train, old, new"):
        differing(store, first, second, "x")


def test_inputs_are_compared_as_the_steps_read_them() -> None:
    store = MemoryStore()
    first = stored_run.store_run(store, {"prep": FILES, "train": {"": b"m"}})
    second = stored_run.store_run(store, {"prep": {**FILES, "a": b"9"}, "train": {"": b"m"}}, stored_run.LATER)
    for view in (first, second):
        ref = view.state.steps["prep"].outputs["out"]
        step = TaskId(view.state.run, "train")
        task = replace(b.task("train"), id=step, inputs=(b.binding("data", ref=ref),))
        store.put(step.assignment, canonical_json(to_document(task)))
    assert differing(store, first, second, "train") == [
        DataDifference(step="train", kind="input", name="data", same=False, files=(FileDifference("a", 1, 1),))
    ]


def test_a_lost_manifest_is_told_and_the_rest_compared() -> None:
    store = MemoryStore()
    first = stored_run.store_run(store, {"prep": FILES, "train": {"": b"m"}})
    second = stored_run.store_run(store, {"prep": {}, "train": {"": b"n"}}, stored_run.LATER)
    store.delete(manifest_key(first.state.steps["prep"].outputs["out"].digest))
    lost, other = differing(store, first, second)
    assert lost.note.startswith("it cannot be compared: ")
    assert other.files == (FileDifference("", 1, 1),)


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return MemoryStore() if request.param == "memory" else DirectoryStore(tmp_path / "store")


def check(store: ObjectStore, view: RunView, step: str = "", *, quick: bool = False) -> tuple[Finding, ...]:
    stores = Stores(store, lambda _: store, lambda _: view)
    return verify(stores, view, step, quick=quick).findings


def snapshot_in(store: ObjectStore, folder: Path) -> str:
    folder.mkdir()
    (folder / "train.py").write_text("print()")
    return packing.keep(store, take(folder))


def test_a_run_as_it_was_committed_has_no_findings(store: ObjectStore, tmp_path: Path) -> None:
    large = bytes(9 << 20)
    view = stored_run.store_run(
        store, {"prep": FILES, "train": {"": large}}, snapshot=snapshot_in(store, tmp_path / "source")
    )
    found = verify(Stores(store, lambda _: store, lambda _: view), view)
    assert (found.outputs, found.files, found.bytes, found.findings) == (2, 4, 6 + len(large), ())
    store.put(stored_run.key_of("train"), large[:-1] + b"!")
    assert check(store, view) == (Finding("train/out", "has other content"),)


def test_everything_that_is_wrong_is_found(store: ObjectStore, tmp_path: Path) -> None:
    digest = snapshot_in(store, tmp_path / "source")
    view = stored_run.store_run(store, {"prep": FILES, "train": {"": b"m"}, "last": {"": b"l"}}, snapshot=digest)
    store.put(stored_run.key_of("prep", "a"), b"2")
    store.put(stored_run.key_of("prep", "b"), b"longer")
    store.delete(stored_run.key_of("prep", "c"))
    store.delete(manifest_key(view.state.steps["train"].outputs["out"].digest))
    store.put(snapshot_key(digest), b"no zip")
    quick = (
        Finding(
            "train/out",
            f"its manifest {view.state.steps['train'].outputs['out'].digest[:12]} is gone, so its "
            "files cannot be checked",
        ),
        Finding("prep/out/b", "has 6 bytes, not 2"),
        Finding("prep/out/c", "is gone"),
    )
    assert check(store, view, quick=True) == quick
    found = check(store, view)
    assert sorted(found, key=str) == sorted(
        (
            *quick,
            Finding("prep/out/a", "has other content"),
            Finding("the source of step 'last'", f"its snapshot {digest[:12]} is damaged"),
        ),
        key=str,
    )
    assert check(store, view, "last", quick=True) == ()
