from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.data import manifest
from runner.data.dataset import fixed_part, found_at, glob_rule, match, pin, pin_dataset
from runner.errors import BadInput
from runner.model.data import DatasetDefinition, DatastorePath, Kind
from runner.model.transforms import Skip
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore

KEYS = (
    "data/a.csv",
    "data/b.csv",
    "data/deep/c.csv",
    "data/deep/er/d.csv",
    "data/notes.txt",
    "data2/e.csv",
    "f[1].csv",
)


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    for key in KEYS:
        made.put(key, key.encode())
    return made


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("data/a.csv", {"a.csv": "data/a.csv"}),
        ("/data/a.csv", {"a.csv": "data/a.csv"}),
        ("data/deep", {"c.csv": "data/deep/c.csv", "er/d.csv": "data/deep/er/d.csv"}),
        ("data/deep/", {"c.csv": "data/deep/c.csv", "er/d.csv": "data/deep/er/d.csv"}),
        ("data/*.csv", {"a.csv": "data/a.csv", "b.csv": "data/b.csv"}),
        ("data/?.csv", {"a.csv": "data/a.csv", "b.csv": "data/b.csv"}),
        ("data/*/c.csv", {"deep/c.csv": "data/deep/c.csv"}),
        ("data/**/*.csv", {key[len("data/") :]: key for key in KEYS[:4]}),
        ("data/deep/**", {"c.csv": "data/deep/c.csv", "er/d.csv": "data/deep/er/d.csv"}),
        ("*/e.csv", {"data2/e.csv": "data2/e.csv"}),
        ("f[1].csv", {"f[1].csv": "f[1].csv"}),
        ("dat", {}),
        ("none/*", {}),
    ],
)
def test_what_a_path_means(store: MemoryStore, pattern: str, expected: dict[str, str]) -> None:
    assert {path: info.key for path, info in match(store, pattern)} == expected


@pytest.mark.parametrize(
    ("pattern", "fixed"), [("a/b", "a/b"), ("a/*/b", "a"), ("*", ""), ("a/b*/c", "a"), ("a/[x]", "a")]
)
def test_the_fixed_part(pattern: str, fixed: str) -> None:
    assert fixed_part(pattern) == fixed


def test_letters_of_a_pattern_are_themselves() -> None:
    assert glob_rule("a.b+c").fullmatch("a.b+c")
    assert not glob_rule("a.b").fullmatch("aXb")


def paths(*names: str, datastore: str = "s") -> tuple[DatastorePath, ...]:
    return tuple(DatastorePath(datastore, name) for name in names)


def test_a_lone_file_is_pinned_as_a_file(store: MemoryStore) -> None:
    ref = pin(store, lambda _: store, paths("data/a.csv"), "it")
    described = manifest.load(store, ref.digest)
    assert (ref.datastore, ref.key, ref.files, ref.bytes) == ("s", "data/a.csv", 1, 10)
    assert described.kind is Kind.FILE
    assert [(entry.path, entry.key) for entry in described.entries] == [("", "")]
    assert described.entries[0].digest.startswith("etag:")


def test_a_glob_of_one_file_is_a_folder(store: MemoryStore) -> None:
    described = manifest.load(store, pin(store, lambda _: store, paths("data/a*.csv"), "it").digest)
    assert (described.kind, [entry.path for entry in described.entries]) == (Kind.FOLDER, ["a.csv"])


def test_several_paths_are_named_below_what_they_share_each_file_once(store: MemoryStore) -> None:
    ref = pin(store, lambda _: store, paths("data/*.csv", "data/a.csv", "data2"), "it")
    described = manifest.load(store, ref.digest)
    assert [entry.path for entry in described.entries] == ["data/a.csv", "data/b.csv", "data2/e.csv"]
    assert ref.key == ""


def test_a_glob_over_all_of_the_default_datastore_leaves_runners_own_records_out(store: MemoryStore) -> None:
    store.put("runs/x/work.csv", b"record")
    store.put("work/a.csv", b"copy")
    every = DatasetDefinition(kind="file", paths=paths("**/*.csv", datastore="workspaceblobstore"))
    described = manifest.load(store, pin_dataset(store, lambda _: store, every).digest)
    assert all(entry.path.startswith("data") for entry in described.entries[:5])
    assert not any("work" in entry.path for entry in described.entries)
    elsewhere = pin_dataset(store, lambda _: store, DatasetDefinition(kind="file", paths=paths("**/*.csv")))
    assert elsewhere.files == len(described.entries) + 2


def test_a_changed_file_is_another_pin(store: MemoryStore) -> None:
    before = pin(store, lambda _: store, paths("data"), "it")
    assert pin(store, lambda _: store, paths("data"), "it") == before
    store.put("data/a.csv", b"other text")
    assert pin(store, lambda _: store, paths("data"), "it").digest != before.digest


def test_files_of_one_folder_are_named_within_it(store: MemoryStore) -> None:
    ref = pin(store, lambda _: store, paths("data/deep/c.csv", "data/*.csv"), "it")
    assert [entry.path for entry in manifest.load(store, ref.digest).entries] == ["a.csv", "b.csv", "deep/c.csv"]
    assert ref.key == "data"


def test_a_file_datasets_operations_choose_what_is_pinned(store: MemoryStore) -> None:
    chosen = DatasetDefinition(kind="file", paths=paths("data"), transforms=(Skip(3),))
    described = manifest.load(store, pin_dataset(store, lambda _: store, chosen).digest)
    assert [entry.path for entry in described.entries] == ["deep/er/d.csv", "notes.txt"]
    rows = DatasetDefinition(kind="tabular", paths=paths("data"), format="delimited", transforms=chosen.transforms)
    assert pin_dataset(store, lambda _: store, rows).files == 5


def test_equal_bytes_elsewhere_or_touched_have_an_equal_content(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    for key in ("one/a.csv", "two/a.csv", "three/b.csv"):
        store.put(key, b"same")
    store.put("four/a.csv", b"else")
    pins = {name: pin(store, lambda _: store, paths(name), "it") for name in ("one", "two", "three", "four")}
    assert pins["one"].content == pins["two"].content
    assert len({ref.content for ref in pins.values()}) == 3
    os.utime(tmp_path / "one/a.csv", (1, 1))
    touched = pin(store, lambda _: store, paths("one"), "it")
    assert touched.content == pins["one"].content
    assert touched.digest != pins["one"].digest


def test_no_files_are_a_problem_of_the_users(store: MemoryStore) -> None:
    with pytest.raises(BadInput, match="dataset 'raw' has no files: nothing lies at s/none"):
        pin_dataset(store, lambda _: store, DatasetDefinition(kind="file", paths=paths("none"), name="raw"))
    with pytest.raises(BadInput, match="the dataset has no files"):
        pin_dataset(store, lambda _: store, DatasetDefinition(kind="file", paths=paths("none")))


def test_one_dataset_lies_in_one_datastore(store: MemoryStore) -> None:
    both = (*paths("a"), *paths("b", datastore="t"))
    with pytest.raises(BadInput, match="it spans the datastores s, t"):
        pin(store, lambda _: store, both, "it")


def test_the_records_of_another_workspace_are_none_of_its_data() -> None:
    """A whole-store input over a datastore of `type: workspace`."""
    store = MemoryStore()
    for key in ("runs/r/head.json", "plans/p.json", "data/a.csv", "azureml/r.s/out/b.csv"):
        store.put(key, b"x")
    everywhere = DatastorePath("theirs", "**")
    assert [info.key for _, info in found_at(store, everywhere)] == [
        "data/a.csv",
        "plans/p.json",
        "runs/r/head.json",
    ]
    store.put("store.json", b"{}")
    assert [info.key for _, info in found_at(store, everywhere)] == ["data/a.csv"]
    assert [info.key for _, info in found_at(store, DatastorePath("theirs", "data"))] == ["data/a.csv"]
