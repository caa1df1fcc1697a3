"""Files at addresses: of datastores, and of the outputs of a run."""

from __future__ import annotations

import pytest

from runner.errors import BadInput
from runner.model.data import DEFAULT_DATASTORE
from runner.model.digest import digest_of_bytes
from runner.model.names import RESERVED
from runner.operations.files.addresses import parse
from runner.operations.files.finding import Stores, find, found_at
from runner.operations.files.listing import listed
from runner.operations.files.selection import FoundFiles
from tests.support import stored_run
from tests.support.memory_store import MemoryStore


def world(**steps: dict[str, bytes]) -> Stores:
    store = MemoryStore()
    view = stored_run.store_run(store, steps, folders=("deep/empty", "empty")) if steps else None

    def seen(text: str) -> object:
        assert text == "latest"
        return view

    return Stores(store, lambda _: store, seen)  # type: ignore[arg-type] # the run is there where a test asks for it


def at(stores: Stores, text: str) -> FoundFiles:
    return found_at(stores, parse(text, DEFAULT_DATASTORE), text)


@pytest.mark.parametrize("part", RESERVED)
def test_what_runner_keeps_is_not_shown_unless_it_is_named(part: str) -> None:
    stores = world()
    key = f"{part.rstrip('/')}/x"
    stores.workspace.put(key, b"")
    everything = parse("", DEFAULT_DATASTORE)
    assert list(listed(stores.workspace, "")) == []
    assert find(stores, everything).files == find(stores, parse("**", DEFAULT_DATASTORE)).files == ()
    assert [info.key for info in listed(stores.workspace, key)] == [key]
    assert [file.key for file in find(stores, parse(key, DEFAULT_DATASTORE)).files] == [key]
    assert [file.key for file in find(stores, everything, records_too=True).files] == [key]
    assert [file.key for file in find(stores, parse("", "lake")).files] == [key], "another datastore has no records"


def test_the_files_of_a_run_lie_below_step_and_output() -> None:
    stores = world(prep={"a.csv": b"1", "more/b.csv": b"22"}, train={"": b"model"})
    assert [(file.path, file.size) for file in at(stores, "run:latest").files] == [
        ("prep/out/a.csv", 1),
        ("prep/out/more/b.csv", 2),
        ("train/out", 5),
    ]
    assert at(stores, "run:latest/train/out").lone
    assert [file.path for file in at(stores, "run:latest/*/out/**/*.csv").files] == [
        "prep/out/a.csv",
        "prep/out/more/b.csv",
    ]
    (found,) = at(stores, "run:latest/prep/out/more").files
    assert found.key == stored_run.key_of("prep", "more/b.csv")
    assert found.digest == digest_of_bytes(b"22")
    assert at(stores, "run:latest/prep").folders == ("prep/out/deep/empty", "prep/out/empty")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("run:latest/nothing", "has no step 'nothing'\n.*its steps: prep"),
        ("run:latest/prep/other", "has no output 'prep/other'\n.*its outputs: prep/out"),
        ("run:latest/prep/out/none", "nothing lies at"),
        ("none", "nothing lies at 'none'\n.*runner data ls"),
        ("none/*", "nothing lies at"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        at(world(prep={"a.csv": b"1"}), text)


def test_the_place_of_a_committed_output_knows_digests_and_empty_folders() -> None:
    stores = world(prep={"a.csv": b"1"})
    key = stored_run.key_of("prep")
    found = at(stores, key)
    assert [file.digest for file in found.files] == [digest_of_bytes(b"1")]
    assert found.folders == (f"{key}/deep/empty", f"{key}/empty")
    assert at(stores, key.rpartition("/")[0]).folders == found.folders
    assert at(stores, f"{key}/deep").folders == (f"{key}/deep/empty",)
    assert at(stores, f"{key}/*").folders == ()
    assert at(stores, f"lake:{key}").folders == (), "the step wrote to another datastore"


def test_a_file_is_found_though_the_manifest_that_describes_it_is_gone() -> None:
    stores = world(prep={"a.csv": b"1"})
    key = stored_run.key_of("prep", "a.csv")
    assert [file.digest for file in at(stores, key).files] == [digest_of_bytes(b"1")]
    for info in stores.workspace.list("manifests/"):
        stores.workspace.delete(info.key)
    assert [(file.key, file.digest) for file in at(stores, key).files] == [(key, "")]
