"""Datasets: definitions, registration, frames."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from runner.data import registry
from runner.model.document import from_document, to_document
from runner.override import override
from runner.sdk import DataPath, Dataset, Datastore, FileDataset, TabularDataset, Workspace
from runner.sdk.base.exceptions import DatasetTimestampMissingError, NotOffered, UserErrorException
from runner.sdk.datasets.types import DataType
from tests.support.fake_session import FakeSession
from tests.support.memory_store import MemoryStore

CSV = b"name,age,when,flag\nann,3,2020-01-02,True\nbob,4,2020-02-03,False\ncy,,2020-03-04,True\n"


def day(year: int, month: int, number: int) -> datetime:
    """Frames of CSV files have no time zone."""
    return datetime(year, month, number)  # noqa: DTZ001


@pytest.fixture
def rows(ws: Workspace, session: FakeSession) -> TabularDataset:
    session.store.put("raw/people.csv", CSV)
    return Dataset.Tabular.from_delimited_files((Datastore(ws), "raw/people.csv"))


def delimited(ws: Workspace, session: FakeSession, data: bytes, **options: object) -> TabularDataset:
    session.store.put("raw/x.csv", data)
    return Dataset.Tabular.from_delimited_files((Datastore(ws), "raw/x.csv"), **options)  # type: ignore[arg-type]


def test_types_are_inferred_as_v1_does(rows: TabularDataset) -> None:
    frame = rows.to_pandas_dataframe()
    assert list(frame.columns) == ["name", "age", "when", "flag"]
    assert frame["age"].isna().tolist() == [False, False, True]
    assert frame["when"].iloc[0] == day(2020, 1, 2)
    assert frame["flag"].tolist() == [True, False, True]


def test_operations_are_lazy_data_applied_in_order(rows: TabularDataset, session: FakeSession) -> None:
    chosen = rows.filter((rows["age"] >= 3) & ~rows["name"].starts_with("b")).keep_columns(["age", "name"]).take(1)
    session.store.put("raw/people.csv", b"name,age\nzoe,9\n")
    assert chosen.to_pandas_dataframe().to_dict("records") == [{"name": "zoe", "age": 9}]
    assert from_document(type(chosen.definition), to_document(chosen.definition)) == chosen.definition
    assert rows.definition.transforms == ()


def test_every_row_operation(rows: TabularDataset) -> None:
    assert rows.skip(2).to_pandas_dataframe()["name"].tolist() == ["cy"]
    assert list(rows.drop_columns("age").to_pandas_dataframe().columns) == ["name", "when", "flag"]
    some, rest = rows.random_split(0.5, seed=7)
    names = some.to_pandas_dataframe()["name"].tolist() + rest.to_pandas_dataframe()["name"].tolist()
    assert sorted(names) == ["ann", "bob", "cy"]
    assert rows.filter(rows["age"].is_null()).to_pandas_dataframe()["name"].tolist() == ["cy"]
    assert len(rows.take_sample(1.0, seed=1).to_pandas_dataframe()) == 3


def test_an_unknown_column_is_named_with_the_known_ones(rows: TabularDataset) -> None:
    with pytest.raises(UserErrorException, match="'size'; columns: name, age"):
        rows.keep_columns("size").to_pandas_dataframe()
    with pytest.raises(UserErrorException, match="no truth value"):
        bool(rows["age"] > 3)


def test_time_filters(rows: TabularDataset) -> None:
    with pytest.raises(DatasetTimestampMissingError):
        rows.time_after(day(2020, 1, 1))
    timed = rows.with_timestamp_columns("when")
    assert timed.timestamp_columns == ("when", None)
    inside = timed.time_between(day(2020, 1, 2), day(2020, 2, 3), include_boundary=False)
    assert len(inside.to_pandas_dataframe()) == 0
    assert timed.time_before(day(2020, 2, 3)).to_pandas_dataframe()["name"].tolist() == ["ann", "bob"]


def test_delimited_options(ws: Workspace, session: FakeSession) -> None:
    plain = delimited(ws, session, b"1;x\n2;y\n", separator=";", header=False).to_pandas_dataframe()
    assert list(plain.columns) == ["Column1", "Column2"]
    kept = delimited(ws, session, b"a\n01\n", infer_column_types=False).to_pandas_dataframe()
    assert kept["a"].tolist() == ["01"]
    typed = delimited(
        ws,
        session,
        b"a,b,c,d\n1,2,x,03.02.2020\n",
        set_column_types={
            "a": DataType.to_string(),
            "b": DataType.to_float(),
            "c": DataType.to_long(),
            "d": DataType.to_datetime("%d.%m.%Y"),
        },
    ).to_pandas_dataframe()
    assert typed["a"].tolist() == ["1"]
    assert typed["b"].dtype == "float64"
    assert typed["c"].isna().all()
    assert typed["d"].iloc[0] == day(2020, 2, 3)
    encoded = delimited(ws, session, "a\nä\n".encode("latin-1"), encoding="iso88591").to_pandas_dataframe()
    assert encoded["a"].tolist() == ["ä"]
    empty = delimited(ws, session, b"a,b\nx,\n,y\n", empty_as_string=True).to_pandas_dataframe()
    assert empty["a"].tolist() == ["x", ""]
    with pytest.raises(UserErrorException, match="cannot be read"):
        delimited(ws, session, b"\xff\xff\n", encoding="utf8").to_pandas_dataframe()


def test_many_files_paths_and_partitions(ws: Workspace, session: FakeSession) -> None:
    for region, number in (("de", 1), ("fr", 2)):
        session.store.put(f"sales/{region}/2020/01/f.csv", f"n\n{number}\n".encode())
    dataset = Dataset.Tabular.from_delimited_files(
        DataPath(Datastore(ws), "sales/**/*.csv"),
        include_path=True,
        partition_format="/{region}/{month:yyyy/MM}/f.csv",
    )
    frame = dataset.to_pandas_dataframe()
    assert frame["n"].tolist() == [1, 2]
    assert frame["Path"].tolist() == ["/de/2020/01/f.csv", "/fr/2020/01/f.csv"]
    assert frame["region"].tolist() == ["de", "fr"]
    assert frame["month"].iloc[1] == day(2020, 1, 1)
    assert dataset.partition_keys == ["region", "month"]


def test_json_lines(ws: Workspace, session: FakeSession) -> None:
    session.store.put("raw/x.jsonl", b'{"a": 1}\n{"a": 2}\n')
    dataset = Dataset.Tabular.from_json_lines_files((Datastore(ws), "raw/x.jsonl"))
    assert dataset.to_pandas_dataframe()["a"].tolist() == [1, 2]


def test_registering_is_idempotent_and_versioned(ws: Workspace, rows: TabularDataset) -> None:
    first = rows.register(ws, "people", tags={"k": "v"})
    assert (first.name, first.version, first.tags) == ("people", 1, {"k": "v"})
    assert rows.register(ws, "people").version == 1
    with pytest.raises(UserErrorException, match="create_new_version"):
        rows.take(1).register(ws, "people")
    assert rows.take(1).register(ws, "people", create_new_version=True).version == 2
    assert Dataset.get_by_name(ws, "people").version == 2
    again = Dataset.get_by_name(ws, "people", version=1)
    assert (again.id, again.definition) == (first.id, first.definition)
    assert Dataset.get_by_id(ws, first.id).version == 1
    assert sorted(ws.datasets) == ["people"]
    again.unregister_all_versions()
    assert ws.datasets == {}


def test_a_lost_race_for_a_version_takes_the_next(rows: TabularDataset) -> None:
    entry = registry.Registration(rows.definition)

    class Racing(MemoryStore):
        """Somebody else registers version 1 just before us."""

        @override
        def put_if_absent(self, key: str, data: bytes) -> bool:
            if key.endswith("00000001.json") and key not in self.objects:
                registry.register(self.plain, "x", registry.Registration(rows.take(1).definition), new_version=True)
                self.objects.update(self.plain.objects)
            return super().put_if_absent(key, data)

        plain = MemoryStore()

    assert registry.register(Racing(), "x", entry, new_version=True).definition.version == 2


@pytest.mark.parametrize("name", ["", "a/b", "../x", "-a"])
def test_names_that_cannot_be_registered(ws: Workspace, rows: TabularDataset, name: str) -> None:
    with pytest.raises(UserErrorException, match="cannot name a dataset"):
        rows.register(ws, name)


def test_an_unknown_dataset_says_what_is_registered(ws: Workspace, rows: TabularDataset) -> None:
    rows.register(ws, "people")
    with pytest.raises(UserErrorException, match=r"'nobody' is not registered .* \(registered: people\)"):
        Dataset.get_by_name(ws, "nobody")
    with pytest.raises(UserErrorException, match="nothing lies at"):
        Dataset.Tabular.from_delimited_files((Datastore(ws), "nowhere.csv"))
    with pytest.raises(NotOffered, match="upload"):
        Dataset.File.from_files("wasbs://box@account.blob.example.org/x.csv")
    with pytest.raises(UserErrorException, match=r"local path 'data/x\.csv'"):
        Dataset.File.from_files("data/x.csv")


def test_file_datasets(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    for name in ("a/1.txt", "a/2.txt", "b/3.txt"):
        session.store.put(f"files/{name}", name.encode())
    dataset = Dataset.File.from_files((Datastore(ws), "files/*/*.txt"))
    assert dataset.to_path() == ["/a/1.txt", "/a/2.txt", "/b/3.txt"]
    assert dataset.take(1).to_path() == ["/a/1.txt"]
    assert dataset.skip(2).to_path() == ["/b/3.txt"]
    assert dataset.download(str(tmp_path / "copy")) == [
        str(tmp_path / "copy" / n) for n in ("a/1.txt", "a/2.txt", "b/3.txt")
    ]
    with pytest.raises(UserErrorException, match="exists already"):
        dataset.download(str(tmp_path / "copy"))
    with dataset.mount() as mounted:
        assert (Path(mounted.mount_point) / "b" / "3.txt").read_text() == "b/3.txt"
    assert not Path(mounted.mount_point).exists()
    assert dataset.as_mount().name == dataset.as_download().name


def test_staged_files_are_read_without_a_store(tmp_path: Path) -> None:
    from runner.model.context import StagedInput
    from runner.model.data import DatasetDefinition, DatastorePath, Mode
    from runner.sdk.datasets.dataset import dataset_of_input

    (tmp_path / "x.csv").write_text("a\n1\n")
    place = (DatastorePath("workspaceblobstore", "anything"),)
    given = StagedInput(Mode.DOWNLOAD, str(tmp_path))
    rows = dataset_of_input(DatasetDefinition(kind="tabular", paths=place, format="delimited"), given)
    assert isinstance(rows, TabularDataset)
    assert rows.to_pandas_dataframe()["a"].tolist() == [1]
    files = dataset_of_input(DatasetDefinition(kind="file", paths=place), given)
    assert isinstance(files, FileDataset)
    assert files.to_path() == ["/x.csv"]


def test_a_tabular_dataset_cannot_be_mounted(rows: TabularDataset) -> None:
    with pytest.raises(UserErrorException, match="cannot be mounted"):
        rows.as_named_input("rows").as_mount()


def test_datastores_upload_skip_and_download(ws: Workspace, session: FakeSession, tmp_path: Path) -> None:
    store = Datastore.get(ws, "workspaceblobstore")
    for name in ("in/x/1.txt", "in/2.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("one")
    store.upload("in", "target", show_progress=False)
    assert sorted(session.store.objects) == ["target/2.txt", "target/x/1.txt"]
    (tmp_path / "in/2.txt").write_text("two")
    reference = store.upload_files(["in/2.txt"], target_path="target", show_progress=False)
    assert session.store.get("target/2.txt") == b"one"
    store.upload_files(["in/2.txt"], target_path="target", overwrite=True, show_progress=False)
    assert session.store.get("target/2.txt") == b"two"
    assert (reference.path_on_datastore, store.datastore_type) == ("target", "AzureBlob")
    assert store.download("out", prefix="target/x") == 1
    assert (tmp_path / "out/target/x/1.txt").read_text() == "one"
    with pytest.raises(UserErrorException, match="no datastore 'nowhere'"):
        Datastore(ws, "nowhere")
    with pytest.raises(UserErrorException, match="no file"):
        store.upload_files(["missing.txt"])
