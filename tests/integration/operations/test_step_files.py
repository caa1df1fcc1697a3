from __future__ import annotations

from collections.abc import Mapping

import pytest

from runner.errors import BadInput
from runner.model.task import TaskId
from runner.operations.step_files import FileEntry, StepFiles, StoredFile
from tests.support.hostile_run import HOSTILE, STEP, store_hostile_run
from tests.support.memory_store import MemoryStore
from tests.support.served_run import ServedWorkspace
from tests.support.stored_run import RUN, key_of, store_run

FILES = {"a.txt": b"1", "sub/b.txt": b"22", "sub/deep/c.txt": b"3", "z.txt": b"4"}


def files(folders: tuple[str, ...] = (), more: Mapping[str, bytes] | None = None) -> StepFiles:
    store = MemoryStore()
    view = store_run(store, {"a": {**FILES, **(more or {})}, "b": {"": b"lone"}}, folders=folders)
    return StepFiles(store, view, "a", TaskId(RUN, "a"))


def names(entries: tuple[FileEntry, ...]) -> list[str]:
    return [f"{entry.name}/" if entry.is_folder else entry.name for entry in entries]


def test_a_folder_has_files_and_each_subfolder_once() -> None:
    page = files(folders=("empty",)).page("outputs/out")
    assert names(page.entries) == ["a.txt", "empty/", "sub/", "z.txt"]
    assert [entry.place for entry in page.entries][2] == "outputs/out/sub"
    assert names(files().page("outputs/out/sub").entries) == ["b.txt", "deep/"]


def test_a_folder_of_very_many_files_comes_in_pages() -> None:
    many = files(more={**{f"p/{number:06d}": b"" for number in range(2000)}, "q.txt": b""})
    assert names(many.page("outputs/out").entries) == ["a.txt", "p/", "q.txt", "sub/", "z.txt"]
    found, after = [], ""
    while True:
        page = many.page("outputs/out/p", after, limit=700)
        found += names(page.entries)
        after = page.after
        if not after:
            break
    assert found == [f"{number:06d}" for number in range(2000)]


def test_files_that_the_script_kept_are_listed_from_the_store() -> None:
    workspace = ServedWorkspace()
    store_hostile_run(workspace.store)
    kept = StepFiles(workspace.store, workspace.view(HOSTILE), STEP, TaskId(HOSTILE, STEP))
    assert names(kept.page("files").entries) == ["outputs/"]
    first = kept.page("files/outputs", limit=3)
    second = kept.page("files/outputs", first.after)
    assert len(first.entries) == 3
    assert not set(names(first.entries)) & set(names(second.entries))


def test_a_file_is_found_by_its_place() -> None:
    assert files().find("outputs/out/sub/b.txt") == StoredFile("workspaceblobstore", key_of("a", "sub/b.txt"))
    assert files().find("outputs/out/none") is None


@pytest.mark.parametrize(
    "place", ["outputs/out/../../x", "files/../x", "/files/x", "files//x", "files/./x", "files/a/", ""]
)
def test_a_place_that_leaves_the_tree_is_no_file(place: str) -> None:
    assert files().find(place) is None


def test_an_unknown_tree_is_told() -> None:
    with pytest.raises(BadInput, match="has no 'outputs/none'"):
        files().page("outputs/none")


def test_an_output_that_is_one_file_is_found_by_itself() -> None:
    store = MemoryStore()
    view = store_run(store, {"b": {"": b"lone"}})
    lone = StepFiles(store, view, "b", TaskId(RUN, "b"))
    assert lone.find("outputs/out") == lone.find("outputs/out/out") == StoredFile("workspaceblobstore", key_of("b"))
    assert [entry.bytes for entry in lone.page("outputs/out").entries] == [4]


def test_a_manifest_that_names_a_record_of_runner_gives_no_file() -> None:
    workspace = ServedWorkspace()
    store_hostile_run(workspace.store)
    found = StepFiles(workspace.store, workspace.view(HOSTILE), STEP, TaskId(HOSTILE, STEP))
    assert found.find("outputs/out/stolen.json") is None
    assert found.find("inputs/data/stolen.json") is None
    assert found.find("outputs/out/page.html") is not None
