"""Copies out of a store, into it and inside it; repeated, they copy what is missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.data import manifest
from runner.errors import BadInput, DataChanged
from runner.model.data import DEFAULT_DATASTORE
from runner.operations.files import copying, getting, putting, removing
from runner.operations.files.addresses import DatastoreAddress
from runner.operations.files.copied import Copied
from runner.operations.files.finding import Stores
from runner.override import override
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from tests.support import stored_run
from tests.support.memory_store import MemoryStore

FILES = {"a.csv": b"1", "more/b.csv": b"22", "more/c d.txt": b""}


class Counting(MemoryStore):
    """A store in memory that counts what it transfers."""

    def __init__(self) -> None:
        super().__init__()
        self.moved: list[str] = []

    @override
    def upload(self, key: str, path: Path, digest: str = "") -> None:
        super().upload(key, path, digest)
        self.moved.append(key)

    @override
    def download(self, key: str, path: Path) -> None:
        super().download(key, path)
        self.moved.append(key)


@pytest.fixture
def lake() -> Counting:
    return Counting()


@pytest.fixture
def stores(lake: Counting) -> Stores:
    workspace = MemoryStore()
    view = stored_run.store_run(workspace, {"prep": FILES}, folders=("deep/empty",))
    return Stores(workspace, lambda name: lake if name == "lake" else workspace, lambda _: view)


def get(stores: Stores, destination: Path | str, *sources: str) -> Copied:
    return getting.get(stores, sources, str(destination), DEFAULT_DATASTORE)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("source", ["run:latest/prep/out", stored_run.key_of("prep")])
def test_an_output_comes_with_its_empty_folders(stores: Stores, tmp_path: Path, source: str) -> None:
    assert get(stores, tmp_path / "new", source) == Copied(3, 3)
    assert content(tmp_path / "new") == FILES
    assert manifest.describe(tmp_path / "new").folders == ("deep/empty",)


def test_a_copy_goes_on_where_it_stopped(stores: Stores, lake: Counting, tmp_path: Path) -> None:
    stores.workspace.put("data/x", b"x")
    assert get(stores, tmp_path, "run:latest/prep/out") == Copied(3, 3)
    (tmp_path / "a.csv").unlink()
    (tmp_path / "more" / "b.csv").write_bytes(b"!!")
    assert get(stores, tmp_path, "run:latest/prep/out") == Copied(2, 3, unchanged=1)
    assert get(stores, tmp_path, "run:latest/prep/out") == Copied(0, 0, unchanged=3)
    assert content(tmp_path) == FILES


def test_an_output_that_was_changed_after_its_commit_is_refused(stores: Stores, tmp_path: Path) -> None:
    stores.workspace.put(stored_run.key_of("prep", "a.csv"), b"2")
    with pytest.raises(DataChanged, match="other content than its manifest says"):
        get(stores, tmp_path, "run:latest/prep/out")
    assert not (tmp_path / "a.csv").exists()


def test_files_of_several_datastores_come_in_one_call(stores: Stores, lake: Counting, tmp_path: Path) -> None:
    lake.put("raw/one", b"1")
    lake.put("raw/two", b"2")
    assert get(stores, tmp_path / "new", "lake:raw/*", "run:latest/prep/out/a.csv") == Copied(3, 3)
    assert content(tmp_path / "new") == {"one": b"1", "two": b"2", "a.csv": b"1"}


def test_what_cannot_be_written_is_told(stores: Stores, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match=r"file is no folder|cannot be written"):
        get(stores, tmp_path / "file" / "below", "run:latest/prep/out")


def put(lake: Counting, to: str, *sources: Path, below: bool = False) -> Copied:
    return putting.put(lambda _: lake, [str(source) for source in sources], DatastoreAddress("lake", to, below=below))


def make(folder: Path) -> None:
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def test_a_folder_goes_up_and_again_only_what_is_new(tmp_path: Path) -> None:
    make(tmp_path / "of mine")
    store = DirectoryStore(tmp_path / "store")
    to = DatastoreAddress("lake", "raw", below=True)

    def again() -> Copied:
        return putting.put(lambda _: store, [str(tmp_path / "of mine")], to)

    assert again() == Copied(3, 3)
    stored = {info.key: store.get(info.key) for info in store.list("")}
    assert stored == {f"raw/of mine/{name}": data for name, data in FILES.items()}
    (tmp_path / "of mine" / "a.csv").write_bytes(b"9")
    assert again() == Copied(1, 1, unchanged=2)
    assert store.get("raw/of mine/a.csv") == b"9"


def test_what_a_bucket_cannot_hold_is_named(lake: Counting, tmp_path: Path) -> None:
    make(tmp_path / "made")
    (tmp_path / "made" / "empty" / "inside").mkdir(parents=True)
    (tmp_path / "made" / "nowhere").symlink_to("nothing")
    copied = put(lake, "raw", tmp_path / "made")
    assert copied.left_out == (
        f"{tmp_path}/made/nowhere (a link that leads nowhere)",
        "raw/empty/inside/ (an empty folder)",
    )
    assert sorted(lake.objects) == [f"raw/{name}" for name in sorted(FILES)]


def test_a_folder_store_keeps_empty_folders(tmp_path: Path) -> None:
    (tmp_path / "made" / "empty").mkdir(parents=True)
    store = DirectoryStore(tmp_path / "store")
    assert putting.store_files(store, tmp_path / "made", "raw") == Copied(0, 0)
    assert store.path("raw/empty").is_dir()


def test_several_sources_go_below_the_destination(lake: Counting, tmp_path: Path) -> None:
    make(tmp_path / "made")
    assert put(lake, "to", tmp_path / "made" / "a.csv", tmp_path / "made" / "more") == Copied(3, 3)
    assert sorted(lake.objects) == ["to/a.csv", "to/more/b.csv", "to/more/c d.txt"]
    (tmp_path / "a.csv").touch()
    with pytest.raises(BadInput, match=r"would both be copied to 'to/a.csv'"):
        put(lake, "to", tmp_path / "a.csv", tmp_path / "made" / "a.csv")


def copy(stores: Stores, to: str, *sources: str) -> Copied:
    return copying.copy(stores, sources, putting.destination(to, DEFAULT_DATASTORE), DEFAULT_DATASTORE)


def test_a_copy_inside_a_store_moves_nothing_through_this_machine(stores: Stores, lake: Counting) -> None:
    lake.put("raw/one", b"1")
    lake.put("raw/deep/two", b"22")
    assert copy(stores, "lake:kept/", "lake:raw") == Copied(2, 3)
    assert lake.objects["kept/raw/one"] == b"1"
    assert lake.objects["kept/raw/deep/two"] == b"22"
    assert copy(stores, "lake:kept/", "lake:raw") == Copied(0, 0, unchanged=2)
    assert lake.moved == []


def test_an_output_is_copied_to_another_store(stores: Stores, lake: Counting) -> None:
    left_out = ("prep/out/deep/empty/ (an empty folder)",)
    assert copy(stores, "lake:kept", "run:latest/prep/out") == Copied(3, 3, left_out=left_out)
    assert lake.objects == {f"kept/{name}": data for name, data in FILES.items()}
    with pytest.raises(BadInput, match="outputs of runs lie there"):
        copy(stores, "azureml/x", "lake:kept")


def test_chosen_files_are_deleted_and_their_datasets_named(
    stores: Stores, lake: Counting, register: Callable[[ObjectStore, str], None]
) -> None:
    for key in ("raw/a.csv", "raw/b.csv", "raw/c.txt", "kept"):
        lake.put(key, b"1")
    register(stores.workspace, "raw/*.csv")
    found = removing.to_remove(stores, ["raw/a.*", "raw/c.txt", "raw/c.*"], "lake")
    assert [file.key for file in found.files] == ["raw/a.csv", "raw/c.txt"]
    assert removing.datasets_of(stores, found.files) == ("sales",)
    assert removing.datasets_of(stores, found.files[1:]) == ()
    removing.remove(stores, found.files)
    assert sorted(lake.objects) == ["kept", "raw/b.csv"]


@pytest.fixture
def register() -> Callable[[ObjectStore, str], None]:
    from runner.data import registry
    from runner.model.data import DatasetDefinition, DatastorePath

    def add(store: ObjectStore, pattern: str) -> None:
        definition = DatasetDefinition(kind="file", paths=(DatastorePath("lake", pattern),))
        registry.register(store, "sales", registry.Registration(definition), new_version=False)

    return add
