"""Which file of a copy goes where, and what is refused before anything is copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.errors import BadInput
from runner.model.data import DEFAULT_DATASTORE
from runner.model.names import RESERVED
from runner.operations.files import copying, getting, putting, removing
from runner.operations.files.addresses import DatastoreAddress
from runner.operations.files.copied import Copied
from runner.operations.files.finding import Stores
from runner.operations.files.selection import FoundFile, FoundFiles, chosen
from tests.support.memory_store import MemoryStore

FILES = [FoundFile(path=path, datastore="lake", key=path, size=1) for path in ("raw/a", "raw/deep/b", "other/a")]


def found(*paths: str) -> list[FoundFiles]:
    return [chosen(path, FILES, ("raw/empty",)) for path in paths]


def downloads(destination: str, *paths: str) -> list[str]:
    wanted = getting.plan(found(*paths), destination)
    return [str(wanted.into / name) for name in (*wanted.files, *wanted.folders)]


def test_a_download_goes_to_the_destination_or_below_it(tmp_path: Path) -> None:
    new, there = f"{tmp_path}/new", str(tmp_path)
    assert downloads(new, "raw/a") == [new]
    assert downloads(there, "raw/a") == downloads(f"{there}/", "raw/a") == [f"{there}/a"]
    assert downloads(new, "raw") == [f"{new}/a", f"{new}/deep/b", f"{new}/empty"]
    assert downloads(there, "raw") == [f"{there}/a", f"{there}/deep/b", f"{there}/empty"]
    assert downloads(f"{new}/", "raw") == [f"{new}/raw/a", f"{new}/raw/deep/b", f"{new}/raw/empty"]
    assert downloads(".", "raw")[0] == "raw/a"
    assert downloads(new, "raw/**") == [f"{new}/a", f"{new}/deep/b"]
    assert downloads(new, "raw/a", "other") == [f"{new}/a", f"{new}/other/a"]


def test_two_files_for_one_path_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"two files would be copied to .*/a"):
        downloads(str(tmp_path), "raw/a", "other/a")
    with pytest.raises(BadInput, match="two files would be copied to 'to/a'"):
        copying.plan(found("raw/a", "other/a"), DatastoreAddress("lake", "to"))


def test_a_download_that_cannot_be_written_is_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "deep").touch()
    with pytest.raises(BadInput, match=r"/a is a folder; .*/deep is no folder"):
        getting.check(getting.plan(found("raw"), str(tmp_path)))
    with pytest.raises(BadInput, match="/deep is no folder"):
        getting.check(getting.plan(found("raw"), str(tmp_path / "deep")))


HOSTILE = ("raw/../../evil", "raw//etc/x", "raw/./x", "raw/a\0b", "raw/..")


@pytest.mark.parametrize("size", [1, 65 << 20])
@pytest.mark.parametrize("key", HOSTILE)
def test_no_download_leaves_its_destination(tmp_path: Path, key: str, size: int) -> None:
    names = (key, "raw/a")
    found = chosen("raw", [FoundFile(path=name, datastore="lake", key=name, size=size) for name in names])
    for destination in ("new", "new/", ""):
        with pytest.raises(BadInput, match="invalid as paths of files on this machine"):
            getting.check(getting.plan([found], f"{tmp_path}/{destination}"))
    with pytest.raises(BadInput, match="invalid as paths"):
        getting.check(getting.plan([chosen("raw", FILES, (key,))], f"{tmp_path}/new"))


@pytest.mark.parametrize("key", HOSTILE)
def test_nothing_is_copied_if_a_name_is_invalid(tmp_path: Path, key: str) -> None:
    store = MemoryStore()
    store.objects = {"raw/a": b"x", key: b"evil"}
    stores = Stores(store, lambda _: store, lambda _: pytest.fail("no run is asked for"))
    with pytest.raises(BadInput, match="invalid as paths"):
        getting.get(stores, ["raw"], f"{tmp_path}/deep/new", "lake")
    with pytest.raises(BadInput, match="is no place in a datastore"):
        copying.copy(stores, ["raw"], DatastoreAddress("lake", "to"), "lake")
    assert not list(tmp_path.iterdir())
    assert set(store.objects) == {"raw/a", key}


def test_a_copy_goes_to_the_destination_or_below_it() -> None:
    def keys(to: str, *paths: str, below: bool = False) -> list[str]:
        return list(copying.plan(found(*paths), DatastoreAddress("lake", to, below=below)))

    assert keys("to", "raw/a") == ["to"]
    assert keys("to", "raw/a", below=True) == ["to/a"]
    assert keys("to", "raw") == ["to/a", "to/deep/b"]
    assert keys("to", "raw", below=True) == ["to/raw/a", "to/raw/deep/b"]
    assert keys("to", "raw/*", below=True) == ["to/a"]
    assert keys("to", "raw/a", "other") == ["to/a", "to/other/a"]


@pytest.mark.parametrize("part", RESERVED)
def test_what_runner_keeps_is_neither_overwritten_nor_deleted(part: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = MemoryStore()
    stores = Stores(store, lambda _: store, lambda _: pytest.fail("no run is asked for"))
    for key in (part, f"/{part.strip('/')}", f"{part.rstrip('/')}/x/y"):
        with pytest.raises(BadInput, match=f"'{part}' is reserved.*\n.*another target_path"):
            putting.store_files(store, tmp_path / "file", key)
        to = putting.destination(key, DEFAULT_DATASTORE)
        with pytest.raises(BadInput, match=f"'{part}' is reserved"):
            putting.put(lambda _: store, [str(tmp_path / "file")], to)
    store.put(f"{part.rstrip('/')}/x", b"")
    with pytest.raises(BadInput, match=f"cannot be deleted: '{part}' is reserved"):
        removing.to_remove(stores, [f"{part.rstrip('/')}/*"], DEFAULT_DATASTORE)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("key", ["azureml", "azureml/", "/azureml/20260102t030405678z-aaaaaaaaaaaaaaaa.one-1/out/x"])
def test_the_outputs_of_runs_are_not_overwritten_in_any_datastore(tmp_path: Path, key: str, *, own: bool) -> None:
    (tmp_path / "file").touch()
    store = MemoryStore()
    with pytest.raises(BadInput, match="the outputs of runs lie there"):
        putting.store_files(store, tmp_path / "file", key, own=own)
    assert not store.objects
    assert putting.store_files(store, tmp_path / "file", "azureml-of-mine/x", own=own) == Copied(1, 0)


@pytest.mark.parametrize("text", ["run:latest/train/out", "raw/*.csv"])
def test_runs_and_patterns_are_no_destination(text: str) -> None:
    with pytest.raises(BadInput, match=r"cannot be written|is a pattern"):
        putting.destination(text, DEFAULT_DATASTORE)


def test_files_of_runs_are_not_deleted_and_all_problems_are_told() -> None:
    store = MemoryStore()
    stores = Stores(store, lambda _: store, lambda _: pytest.fail("no run is asked for"))
    store.put("azureml/x", b"")
    store.put("azureml/y", b"")
    with pytest.raises(BadInput) as refused:
        removing.to_remove(stores, ["azureml/*", "run:latest", "none"], DEFAULT_DATASTORE)
    assert [problem.what for problem in refused.value.problems] == [
        (
            "'azureml/x' cannot be deleted: the outputs of runs lie there, and stay as their steps committed them "
            "(and 1 more at 'azureml/*')"
        ),
        "'run:latest' stays: runs keep the outputs that their steps committed",
        "nothing lies at 'none'",
    ]


def test_names_that_no_store_holds_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    store = MemoryStore()
    (tmp_path / "fine").write_text("x")
    long = tmp_path.joinpath(*["d" * 200] * 5)
    long.mkdir(parents=True)
    (long / ("n" * 200)).touch()
    (tmp_path / "\udcff").touch()
    with pytest.raises(BadInput) as refused:
        putting.store_files(store, tmp_path, "data")
    assert [problem.what.partition("…")[2] or problem.what for problem in refused.value.problems] == [
        " is too long: a key has up to 1024 bytes, and 255 between two slashes",
        "the name 'data/\\udcff' is no UTF-8 text",
    ]
    assert not store.objects


def test_an_absent_source_is_told(tmp_path: Path) -> None:
    to = DatastoreAddress("lake", "data")
    with pytest.raises(BadInput, match=r"(?s)no file or folder .*none.*no file or folder .*nothing"):
        putting.put(lambda _: MemoryStore(), [str(tmp_path / "none"), str(tmp_path / "nothing")], to)
