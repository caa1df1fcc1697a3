from __future__ import annotations

from pathlib import Path

import pytest

from runner.data import manifest
from runner.errors import BadInput
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.digest import canonical_json, digest_of_bytes
from runner.model.document import to_document
from runner.model.names import RESERVED, is_reserved
from runner.model.record import CommitRecord
from runner.operations.objects import Copied, empty_folders, fetch, listed, store_files
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


@pytest.mark.parametrize("part", RESERVED)
def test_what_runner_keeps_is_neither_overwritten_nor_shown(part: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = MemoryStore()
    for key in (part, f"/{part.strip('/')}", f"{part.rstrip('/')}/x/y"):
        with pytest.raises(BadInput, match=f"'{part}' is reserved.*\n.*another target_path"):
            store_files(store, tmp_path / "file", key)
    store.put(f"{part.rstrip('/')}/x", b"")
    assert list(listed(store, "")) == []


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("key", ["azureml", "azureml/", "/azureml/20260102t030405678z-aaaaaaaaaaaaaaaa.one-1/out/x"])
def test_the_outputs_of_runs_are_not_overwritten_in_any_datastore(tmp_path: Path, key: str, *, own: bool) -> None:
    (tmp_path / "file").touch()
    store = MemoryStore()
    with pytest.raises(BadInput, match="the outputs of runs lie there"):
        store_files(store, tmp_path / "file", key, own=own)
    assert not store.objects
    store_files(store, tmp_path / "file", "azureml-of-mine/x", own=own)


@pytest.mark.parametrize("key", ["../x", "a//b", "a/../../x", "./a"])
def test_what_is_no_key_is_told_as_such(key: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = MemoryStore()
    for act in (
        lambda: list(listed(store, f"{key}/")),
        lambda: fetch(store, key, tmp_path),
        lambda: store_files(store, tmp_path / "file", key),
    ):
        with pytest.raises(BadInput, match="is no place in a datastore"):
            act()


def test_users_have_every_other_key() -> None:
    free = ("datasets/x", "models/x", "azureml/run/x", "store.json.bak", "runs-of-mine/x", "data/runs/x")
    assert not [key for key in free if is_reserved(key)]


def test_the_guide_lists_what_is_reserved() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "configuration.md").read_text(encoding="utf-8")
    assert ", ".join(f"`{part}`" for part in RESERVED) in " ".join(guide.split())


def test_empty_folders_of_an_output_come_along_from_a_bucket_too(tmp_path: Path) -> None:
    store, key = MemoryStore(), f"azureml/{b.RUN}.a/out"
    store.put(f"{key}/file", b"x")
    known = Manifest(Kind.FOLDER, (Entry("file", 1, digest_of_bytes(b"x")),), ("deep/empty", "empty"))
    ref = DataRef(datastore="workspaceblobstore", key=key, digest=manifest.save(store, known))
    commit = CommitRecord(attempt=1, record=b.task_id().record, outputs={"out": ref})
    store.put(b.task_id().commit, canonical_json(to_document(commit)))
    folders = empty_folders(store, "workspaceblobstore", f"{key}/")
    assert folders == ("deep/empty", "empty")
    assert empty_folders(store, "workspaceblobstore", f"azureml/{b.RUN}.a") == ("out/deep/empty", "out/empty")
    assert empty_folders(store, "workspaceblobstore", f"{key}/deep") == ("empty",)
    assert empty_folders(store, "another", key) == empty_folders(store, "workspaceblobstore", "data") == ()
    assert fetch(store, key, tmp_path / "got", folders) == Copied(1, 1)
    assert manifest.describe(tmp_path / "got") == known
