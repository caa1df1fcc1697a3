"""What needs Parquet: `scripts/test-pandas` has pyarrow in both of its environments; without it there is one error."""

from __future__ import annotations

import importlib.util
import re
import sys
from datetime import datetime
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from runner.sdk import DataPath, Dataset, Datastore, FileDataset, TabularDataset, Workspace
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datasets.frames.readers import without_engine
from runner.sdk.datasets.frames.writing import as_parquet
from runner.sdk.datasets.types import DataType
from tests.support.fake_session import FakeSession

CSV = b"store,brand,day,sold\n2,a,2020-01-02,5\n1,b,2020-01-02,6\n1,a,2020-01-03,7\n"


def test_an_engine_that_cannot_be_imported_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyarrow").mkdir()
    (tmp_path / "pyarrow" / "__init__.py").write_text("raise ImportError('built for another numpy')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "pyarrow", raising=False)
    told = str(without_engine("reading", ImportError("Missing optional dependency 'pyarrow'")))
    assert "pyarrow, which is installed here but cannot be used: ImportError: built for another numpy" in told
    assert re.search(r"versions that fit together; here are .*pandas \d", told)
    monkeypatch.setitem(sys.modules, "pyarrow", ModuleType("pyarrow"))
    sys.modules["pyarrow"].__spec__ = ModuleSpec("pyarrow", None)
    too_old = str(without_engine("reading", ImportError("Pandas requires version '16' or newer of 'pyarrow'")))
    assert "cannot be used: Pandas requires version '16'" in too_old


if importlib.util.find_spec("pyarrow") is None:

    def test_without_pyarrow_there_is_one_error_with_the_remedy(ws: Workspace, session: FakeSession) -> None:
        session.store.put("p/x.parquet", b"PAR1")
        with pytest.raises(UserErrorException, match=r"reading Parquet needs pyarrow.*\n.*add_pip_package"):
            Dataset.Tabular.from_parquet_files((Datastore(ws), "p")).to_pandas_dataframe()
        session.store.put("raw/sales.csv", CSV)
        rows = Dataset.Tabular.from_delimited_files((Datastore(ws), "raw"))
        with pytest.raises(UserErrorException, match="writing Parquet needs pyarrow"):
            rows.to_parquet_files()

else:

    @pytest.fixture
    def rows(ws: Workspace, session: FakeSession) -> TabularDataset:
        session.store.put("raw/sales.csv", CSV)
        return Dataset.Tabular.from_delimited_files((Datastore(ws), "raw/sales.csv"))

    def registered(ws: Workspace, frame: Any, **options: Any) -> TabularDataset:
        return Dataset.Tabular.register_pandas_dataframe(frame, (Datastore(ws), "frames"), "kept", **options)

    def test_a_frame_is_registered_and_read_back(ws: Workspace, rows: TabularDataset, session: FakeSession) -> None:
        frame = rows.to_pandas_dataframe().iloc[::-1]
        first = registered(ws, frame, description="said", tags={"k": "v"}, row_group_size=2)
        assert (first.name, first.version, first.description, first.tags) == ("kept", 1, "said", {"k": "v"})
        assert registered(ws, frame).version == 2
        kept = Dataset.get_by_name(ws, "kept", version=1)
        assert isinstance(kept, TabularDataset)
        back = kept.to_pandas_dataframe()
        assert back.to_dict("list") == frame.reset_index(drop=True).to_dict("list")
        assert [str(kind) for kind in back.dtypes] == ["int64", "object", "datetime64[ns]", "int64"]
        Dataset.Tabular.register_pandas_dataframe(
            frame, DataPath(Datastore(ws), "fixed"), "other", show_progress=False, make_target_path_unique=False
        )
        assert session.store.stat("fixed/part-00000.parquet") is not None

    def test_parquet_with_chosen_types(ws: Workspace, rows: TabularDataset) -> None:
        kept = registered(ws, rows.to_pandas_dataframe())
        place = kept.definition.paths[0]
        again = Dataset.Tabular.from_parquet_files(
            (place.datastore, place.path), include_path=True, set_column_types={"store": DataType.to_string()}
        ).to_pandas_dataframe()
        assert again["store"].tolist() == ["2", "1", "1"]
        assert again["Path"].tolist() == ["/part-00000.parquet"] * 3

    def test_rows_by_partition_keys(ws: Workspace, rows: TabularDataset, session: FakeSession) -> None:
        made = rows.partition_by(["store", "day"], DataPath(Datastore(ws), "parts"), name="parted")
        assert isinstance(made, TabularDataset)
        assert (made.name, made.partition_keys) == ("parted", ["store", "day"])
        frame = made.to_pandas_dataframe()
        assert list(frame.columns) == ["store", "day", "brand", "sold"]
        assert frame["store"].tolist() == ["1", "1", "2"]
        assert frame["day"].iloc[0] == datetime(2020, 1, 2)  # noqa: DTZ001 - as frames have it
        assert len(made.get_partition_key_values()) == 3
        assert made.get_partition_key_values(["store"]) == [{"store": "1"}, {"store": "2"}]
        chosen = made.filter(made["store"] == "2").to_pandas_dataframe()
        assert chosen["sold"].tolist() == [5]
        assert sum(key.startswith("parts/") for key in session.store.objects) == 3

    def test_files_by_partition_keys(ws: Workspace, rows: TabularDataset) -> None:
        made = rows.partition_by(
            ["brand"], (Datastore(ws), "parts"), partition_as_file_dataset=True, show_progress=False
        )
        assert isinstance(made, FileDataset)
        assert made.filter(made["brand"] == "b").to_path() == ["/b/part-00000.parquet"]

    @pytest.mark.parametrize(
        ("data", "keys", "text"),
        [
            (CSV, ["nobody"], "no column 'nobody'"),
            (CSV, [], "no column ''"),
            (b"a,b\n,1\n", ["a"], "rows without a value"),
            (b"a,b\nx/y,1\n", ["a"], "cannot be a folder's name"),
        ],
    )
    def test_keys_that_cannot_be(ws: Workspace, session: FakeSession, data: bytes, keys: list[str], text: str) -> None:
        session.store.put("raw/sales.csv", data)
        dataset = Dataset.Tabular.from_delimited_files((Datastore(ws), "raw/sales.csv"))
        with pytest.raises(UserErrorException, match=text):
            dataset.partition_by(keys, (Datastore(ws), "parts"))

    def test_rows_as_other_files(rows: TabularDataset) -> None:
        assert rows.to_csv_files().definition.paths == rows.definition.paths
        parquet = rows.take(2).to_parquet_files()
        assert parquet.to_path() == ["/part-00000.parquet"]
        place = parquet.definition.paths[0]
        back = Dataset.Tabular.from_parquet_files((place.datastore, place.path)).to_pandas_dataframe()
        assert back["sold"].tolist() == [5, 6]

    def test_a_broken_file(ws: Workspace, session: FakeSession) -> None:
        session.store.put("p/x.parquet", b"no parquet at all")
        with pytest.raises(UserErrorException, match=r"/x\.parquet cannot be read as Parquet"):
            Dataset.Tabular.from_parquet_files((Datastore(ws), "p")).to_pandas_dataframe()


def test_rows_as_text_files(ws: Workspace, session: FakeSession) -> None:
    session.store.put("raw/sales.csv", CSV)
    rows = Dataset.Tabular.from_delimited_files((Datastore(ws), "raw/sales.csv"))
    text = rows.keep_columns(["sold"]).to_csv_files(";")
    assert text.to_path() == ["/part-00000.csv"]
    assert session.store.get(f"{text.definition.paths[0].path}/part-00000.csv") == b"sold\n5\n6\n7\n"

    def test_files_with_other_columns_and_types_are_united_by_name(ws: Workspace, session: FakeSession) -> None:
        import pandas as pd

        frames: tuple[dict[str, list[Any]], ...] = (
            {"a": [2**53 + 1, 2], "b": ["x", "y"]},
            {"b": ["z"], "c": [1.5]},
            {"a": [0.5]},
            {"c": ["text"]},
        )
        for number, columns in enumerate(frames):
            session.store.put(f"p/{number}.parquet", as_parquet(pd.DataFrame(columns)))
        frame = Dataset.Tabular.from_parquet_files((Datastore(ws), "p")).to_pandas_dataframe()
        assert list(frame.columns) == ["a", "b", "c"]
        assert frame["a"].dropna().tolist() == [2**53 + 1, 2, 0.5]
        assert frame["b"].dropna().tolist() == ["x", "y", "z"]
        assert frame["c"].dropna().tolist() == [1.5, "text"]
