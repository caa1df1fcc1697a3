"""A dataset reads the same in the driver (from a bucket or a folder) and in a step.

There it is what staging put there, or (direct) the pinned files that the script reads by itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from runner.data import manifest
from runner.data.dataset import pin_dataset
from runner.data.transfers import trees
from runner.errors import StoreError
from runner.model.context import StagedInput
from runner.model.data import DEFAULT_DATASTORE, DatasetDefinition, Kind, Mode
from runner.model.document import from_document, to_document
from runner.override import override
from runner.ports import ObjectStore
from runner.sdk import Dataset, Workspace
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datasets.dataset import dataset_from, dataset_of_input
from runner.sdk.datasets.file_dataset import FileDataset
from runner.sdk.datasets.tabular import TabularDataset
from runner.storage.directory import DirectoryStore
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore

Where = str
FILES = {
    "sales/de/2020/01/f.csv": b"n\n1\n2\n",
    "sales/fr/2020/02/f.csv": b"n\n3\n",
    "sales/fr/2020/02/g.csv": b"n\n4\n",
    "sales-old/x.csv": b"n\n9\n",
    "one.csv": b"n\n7\n",
}


@pytest.fixture(params=["bucket", "folder", "step", "direct", "direct folder"])
def where(request: pytest.FixtureRequest) -> Where:
    return str(request.param)


@pytest.fixture
def see(
    where: Where, session: FakeSession, tmp_path: Path
) -> Callable[[TabularDataset | FileDataset], TabularDataset | FileDataset]:
    """The dataset as that place sees it."""
    store: ObjectStore = session.store
    if where in ("folder", "direct folder"):
        store = DirectoryStore(tmp_path / "store")
        session.datastores = {"elsewhere": store}
    for key, data in FILES.items():
        store.put(key, data)

    numbers = itertools.count()

    def seen(dataset: TabularDataset | FileDataset) -> TabularDataset | FileDataset:
        definition = from_document(DatasetDefinition, to_document(dataset.definition))
        if where == "folder":
            paths = tuple(replace(path, datastore="elsewhere") for path in definition.paths)
            return dataset_from(replace(definition, paths=paths))
        if where == "step":
            return dataset_from(
                definition, staged=staged(session.store, definition, tmp_path / f"inputs-{next(numbers)}")
            )
        if where.startswith("direct"):
            ref = pin_dataset(session.store, lambda _name: store, definition)
            name = "elsewhere" if where == "direct folder" else ref.datastore
            return dataset_of_input(definition, StagedInput(Mode.DIRECT, "", definition, replace(ref, datastore=name)))
        return dataset_from(definition)

    return seen


def staged(store: ObjectStore, definition: DatasetDefinition, folder: Path) -> Path:
    """What the controller pins and a step stages."""
    ref = pin_dataset(store, lambda _name: store, definition)
    described = manifest.load(store, ref.digest)
    path = folder / ref.key.rsplit("/", 1)[-1] if described.kind is Kind.FILE else folder
    trees.fetch(store, ref.key, described, path)
    return path


def files(*paths: str, **options: Any) -> FileDataset:
    return Dataset.File.from_files([(DEFAULT_DATASTORE, path) for path in paths], validate=False, **options)


def rows(*paths: str, **options: Any) -> TabularDataset:
    places = [(DEFAULT_DATASTORE, path) for path in paths]
    return Dataset.Tabular.from_delimited_files(places, validate=False, **options)


@pytest.mark.parametrize(
    ("dataset", "expected"),
    [
        (files("sales"), ["/de/2020/01/f.csv", "/fr/2020/02/f.csv", "/fr/2020/02/g.csv"]),
        (files("sales/**/g.csv"), ["/fr/2020/02/g.csv"]),
        (files("sales/fr/2020/02/*.csv"), ["/f.csv", "/g.csv"]),
        (files("one.csv"), ["/one.csv"]),
        (files("one.csv", "sales-old"), ["/one.csv", "/sales-old/x.csv"]),
        (files("sales/fr/2020/02/g.csv", "sales/de/**"), ["/de/2020/01/f.csv", "/fr/2020/02/g.csv"]),
        (files("sales/fr/2020/02/g.csv", "sales/fr/2020/02/f.csv"), ["/f.csv", "/g.csv"]),
        (files("**/*.csv").skip(1).take(2), ["/sales-old/x.csv", "/sales/de/2020/01/f.csv"]),
        (files("sales").skip(1), ["/fr/2020/02/f.csv", "/fr/2020/02/g.csv"]),
        (files("sales").take(1), ["/de/2020/01/f.csv"]),
    ],
    ids=str,
)
def test_paths(see: Callable[..., FileDataset], dataset: FileDataset, expected: list[str], tmp_path: Path) -> None:
    seen = see(dataset)
    assert seen.to_path() == expected
    assert seen.download(str(tmp_path / "copy")) == [f"{tmp_path}/copy{path}" for path in expected]


def test_operations_in_the_step_come_after_those_that_chose_what_was_staged(see: Callable[..., FileDataset]) -> None:
    assert see(files("sales").skip(1)).skip(1).to_path() == ["/fr/2020/02/g.csv"]


def test_a_split_is_the_same_everywhere(see: Callable[..., FileDataset], tmp_path: Path) -> None:
    some, _rest = files("**").random_split(0.5, seed=3)
    # Fixed by the seed alone, so that a newer version splits old data as before.
    assert see(some).to_path() == ["/sales-old/x.csv", "/sales/de/2020/01/f.csv", "/sales/fr/2020/02/g.csv"]


def test_rows_with_their_paths_and_partitions(see: Callable[..., TabularDataset]) -> None:
    dataset = rows("sales/**/*.csv", include_path=True, partition_format="/{region}/{month:yyyy/MM}/{name}.csv")
    frame = see(dataset).to_pandas_dataframe()
    assert list(frame.columns) == ["Path", "region", "month", "name", "n"]
    assert frame["n"].tolist() == [1, 2, 3, 4]
    assert frame["Path"].tolist() == ["/de/2020/01/f.csv"] * 2 + ["/fr/2020/02/f.csv", "/fr/2020/02/g.csv"]
    assert frame["region"].tolist() == ["de", "de", "fr", "fr"]
    assert [when.month for when in frame["month"]] == [1, 1, 2, 2]


def test_partitions_of_a_lone_file_come_from_its_whole_path(see: Callable[..., TabularDataset]) -> None:
    frame = see(rows("sales/de/2020/01/f.csv", partition_format="/{region}/{y}/{m}/f.csv")).to_pandas_dataframe()
    assert frame["region"].tolist() == ["de", "de"]


def test_partition_key_values(see: Callable[..., FileDataset]) -> None:
    seen = see(files("sales", partition_format="/{region}/{y}/{m}/{name}.csv"))
    assert seen.partition_keys == ["region", "y", "m", "name"]
    assert seen.get_partition_key_values(["region"]) == [{"region": "de"}, {"region": "fr"}]
    assert len(seen.get_partition_key_values()) == 3
    with pytest.raises(UserErrorException, match=r"no partition key 'size' \(it has: region, y, m, name\)"):
        seen.get_partition_key_values(["size"])


def test_files_are_chosen_by_their_keys_and_facts(see: Callable[..., FileDataset]) -> None:
    dataset = files("sales", partition_format="/{region}/{y}/{m}/{name}.csv")
    chosen = dataset.filter((dataset["region"] == "fr") & ~dataset["name"].starts_with("f"))
    assert see(chosen).to_path() == ["/fr/2020/02/g.csv"]
    big = dataset.filter(dataset.file_metadata("Size") > 4)
    assert see(big).to_path() == ["/de/2020/01/f.csv"]


def test_a_mount_is_a_folder_that_comes_and_goes(see: Callable[..., FileDataset], tmp_path: Path) -> None:
    seen = see(files("sales"))
    with seen.mount() as mounted:
        assert (Path(mounted.mount_point) / "de/2020/01/f.csv").read_bytes() == b"n\n1\n2\n"
    assert not Path(mounted.mount_point).exists()
    named = seen.mount(str(tmp_path / "point"))
    named.start()
    assert len(list((tmp_path / "point").rglob("*.csv"))) == 3
    named.stop()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/kept").write_text("mine")
    refused = seen.mount(str(tmp_path / "mine"))
    with pytest.raises(UserErrorException, match="not an empty folder"):
        refused.start()
    refused.stop()
    assert (tmp_path / "mine/kept").exists()


def test_data_are_read_where_they_are_used(
    see: Callable[..., TabularDataset], where: Where, session: FakeSession
) -> None:
    seen = see(rows("sales"))
    assert len(seen.to_pandas_dataframe()) == 4
    store = session.datastores.get("elsewhere", session.store)
    store.put("sales/zz.csv", b"n\n5\n")
    assert len(seen.to_pandas_dataframe()) == (5 if where in ("bucket", "folder") else 4)


def test_nothing_there(session: FakeSession, ws: Workspace) -> None:
    with pytest.raises(UserErrorException, match="nothing lies at workspaceblobstore/none"):
        files("none").to_path()
    session.store.put("a/b.txt", b"x")
    with pytest.raises(UserErrorException, match="its operations leave none"):
        files("a").skip(1).to_path()
    assert files("none").download(ignore_not_found=True) == []


def test_when_the_data_changed_is_what_the_store_says(session: FakeSession, tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store")
    session.datastores = {"elsewhere": store}
    store.put("a.csv", b"n\n1\n")
    changed = Dataset.File.from_files(("elsewhere", "a.csv")).data_changed_time
    assert changed is not None
    assert abs(datetime.now(timezone.utc) - changed) < timedelta(minutes=5)


class Counting(MemoryStore):
    """Notes what is downloaded."""

    def __init__(self) -> None:
        super().__init__()
        self.downloaded: list[str] = []

    @override
    def download(self, key: str, path: Path) -> None:
        self.downloaded.append(key)
        super().download(key, path)

    @override
    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        self.downloaded.append(key)
        return super().read_range(key, start, length, etag)


@pytest.fixture
def bucket(session: FakeSession) -> Counting:
    store = Counting()
    session.datastores = {"lake": store}
    for key, data in FILES.items():
        store.put(key, data)
    return store


def direct(session: FakeSession, bucket: MemoryStore, dataset: TabularDataset) -> TabularDataset:
    """The dataset as a step's script has it."""
    definition = dataset.definition
    ref = replace(pin_dataset(session.store, lambda _name: bucket, definition), datastore="lake")
    seen = dataset_of_input(definition, StagedInput(Mode.DIRECT, "", definition, ref))
    assert isinstance(seen, TabularDataset)
    return seen


SALES = "/{region}/{y}/{m}/{name}.csv"


def test_a_direct_input_costs_nothing_until_its_rows_are_read(session: FakeSession, bucket: Counting) -> None:
    seen = direct(session, bucket, rows("sales"))
    assert bucket.downloaded == []
    assert len(seen.to_pandas_dataframe()) == 4
    assert sorted(bucket.downloaded) == [key for key in FILES if key.startswith("sales/")]


def test_first_rows_need_the_first_files_alone(session: FakeSession, bucket: Counting) -> None:
    seen = direct(session, bucket, rows("sales"))
    assert seen.take(3).to_pandas_dataframe()["n"].tolist() == [1, 2, 3]
    assert bucket.downloaded == ["sales/de/2020/01/f.csv", "sales/fr/2020/02/f.csv"]


def test_rows_of_one_partition_need_its_files_and_the_first(session: FakeSession, bucket: Counting) -> None:
    bucket.put("sales/uk/2020/02/h.csv", b"n\n5\n")
    dataset = direct(session, bucket, rows("sales", partition_format=SALES))
    frame = dataset.filter(dataset["region"] == "fr").to_pandas_dataframe()
    assert frame["n"].tolist() == [3, 4]
    assert sorted(bucket.downloaded) == [key for key in FILES if key.startswith("sales/")]


def test_a_condition_on_rows_needs_all_files(session: FakeSession, bucket: Counting) -> None:
    dataset = direct(session, bucket, rows("sales", partition_format=SALES))
    both = dataset.filter((dataset["region"] == "fr") | (dataset["n"] == 1))
    assert both.to_pandas_dataframe()["n"].tolist() == [1, 3, 4]
    assert len(bucket.downloaded) == 3


def test_no_partition_has_rows(session: FakeSession, bucket: Counting) -> None:
    dataset = direct(session, bucket, rows("sales", partition_format=SALES))
    frame = dataset.filter(dataset["region"] == "it").to_pandas_dataframe()
    assert list(frame.columns) == ["region", "y", "m", "name", "n"]
    assert len(frame) == 0


def test_a_direct_input_that_was_changed_since_it_was_pinned_is_not_read(
    session: FakeSession, bucket: Counting
) -> None:
    seen = direct(session, bucket, rows("sales"))
    bucket.put("sales/fr/2020/02/g.csv", b"n\n5\n")
    with pytest.raises(StoreError, match="was changed after the step's inputs were pinned"):
        seen.to_pandas_dataframe()
