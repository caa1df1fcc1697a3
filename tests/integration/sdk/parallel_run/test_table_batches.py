"""Mini-batches of tables: together they are the table, with its types, wherever it is cut."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.data.dataset import pin_dataset
from runner.model.context import StagedInput
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.transforms import DropColumns, Filter, KeepColumns, Sample, Skip, Take, Transform
from runner.sdk.base.exceptions import UserErrorException
from tests.support.cut_inputs import CutInputs, table, whole
from tests.support.fake_session import FakeSession

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])


def _same_nulls(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with one kind of null in columns of objects, where pandas keeps None and NaN side by side."""
    made: pd.DataFrame = frame.copy()
    for name in made.columns:
        if made[name].dtype == object:
            nulls = made[name].isna()
            made[name] = pd.Series(
                [None if null else one for one, null in zip(made[name], nulls, strict=True)], dtype=object
            )
    return made


def check(cut: CutInputs, expected: pd.DataFrame) -> None:
    """Batches one after another are the table; each has the table's columns and types."""
    found = [frame for frame in cut.opened() if len(frame)]
    for frame in found:
        assert list(frame.columns) == list(expected.columns)
        assert dict(frame.dtypes) == dict(expected.dtypes)
    if not found:
        assert not len(expected)
        return
    united = pd.concat(found, ignore_index=True)
    pd.testing.assert_frame_equal(_same_nulls(united), _same_nulls(expected.reset_index(drop=True)))


VALUES = st.one_of(
    st.integers(-5, 99).map(str),
    st.sampled_from(["", "", "true", "False", "1", "0", "2020-01-02", "2020-13-02", "1.5", "-0.25", "nan", "x,y"]),
    st.sampled_from(
        [str(2**53 + 1), str(2**63), str(-(2**63)), "9" * 25, "1e3", "a\nb", 'say "no"', "ünï", " 7 ", "1.0"]
    ),
)


def quoted(value: str, *, always: bool) -> str:
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if always or any(sign in value for sign in ',"\n') else value


@st.composite
def csv_files(draw: st.DrawFn) -> list[str]:
    columns = draw(st.integers(1, 4))
    files = []
    kinds = [draw(st.lists(VALUES, min_size=1, max_size=3)) for _ in range(columns)]
    for _ in range(draw(st.integers(1, 3))):
        rows = draw(st.lists(st.tuples(*(st.sampled_from(kind) for kind in kinds)), max_size=12))
        ends, always = draw(st.sampled_from(["\n", "\r\n"])), draw(st.booleans())
        extra = draw(st.sampled_from(["", "", "", ',"more"']))
        lines = [",".join(f"c{index}" for index in range(columns))]
        lines += [",".join(quoted(value, always=always) for value in row) for row in rows]
        if len(lines) > 2:
            lines[-1] += extra
            lines.insert(draw(st.integers(1, len(lines) - 1)), draw(st.sampled_from(["", lines[-1]])))
        files.append(ends.join(lines) + draw(st.sampled_from(["", ends])))
    return files


@SLOW
@given(csv_files(), st.integers(1, 60), st.sampled_from([{}, {"header": 2}, {"header": 1}, {"header": False}]))
def test_batches_of_text_are_the_table(texts: list[str], size: int, options: dict[str, object]) -> None:
    with TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            Path(folder, f"{number}.csv").write_text(text, newline="")
        given = table(Path(folder), options=options)
        check(CutInputs({"rows": given}, mini_batch_size=str(size)), whole(given))


@SLOW
@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, 2**53 + 1, 0.5, None, True, "x"])), min_size=1
    ),
    st.integers(1, 50),
)
def test_batches_of_json_lines_are_the_table(records: list[dict[str, object]], size: int) -> None:
    if not any(records):
        return
    with TemporaryDirectory() as folder:
        Path(folder, "rows.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
        given = table(Path(folder), "json_lines")
        cut = CutInputs({"rows": given}, mini_batch_size=str(size))
        check(cut, whole(given))


TRANSFORMS: Sequence[Sequence[Transform]] = (
    [Take(11)],
    [Skip(3), Take(9)],
    [Filter(["gt", ["field", "n"], 6])],
    [Filter(["gt", ["field", "n"], 6]), Skip(3), Take(11)],
    [Sample(0.0, 0.5, 7)],
    [KeepColumns(("n",)), Sample(0.2, 0.9, 3), Take(15)],
    [DropColumns(("n",))],
)


@pytest.mark.parametrize("transforms", TRANSFORMS)
@pytest.mark.parametrize("size", ["9", "1KB"])
def test_operations_on_the_whole_table_are_those_of_its_parts(
    tmp_path: Path, transforms: Sequence[Transform], size: str
) -> None:
    for number in range(3):
        rows = [f"{number * 8 + row},t{row % 3}" for row in range(8)]
        (tmp_path / f"{number}.csv").write_text("\n".join(["n,t", *rows]) + "\n")
    given = table(tmp_path, transforms=transforms)
    cut = CutInputs({"rows": given}, mini_batch_size=size)
    expected = whole(given)
    check(cut, expected)
    first = 0
    for one in cut.cut:
        if "first" in one.spec:
            assert one.spec["first"] == first
            part: Any = cut.batches.dataset(one.spec)
            frame: Any = cut.batches.open(one.spec)[0]
            pd.testing.assert_frame_equal(part.to_pandas_dataframe(), frame)
            first += one.items


def test_a_type_that_one_row_decides_is_that_of_every_batch(tmp_path: Path) -> None:
    lines = ["n,flag,big"] + [f"{row},true,{2**53 + row}" for row in range(400)]
    lines[390] = ",maybe,"
    (tmp_path / "a.csv").write_text("\n".join(lines))
    given = table(tmp_path)
    expected = whole(given)
    assert [str(kind) for kind in expected.dtypes] == ["float64", "object", "object"]
    cut = CutInputs({"rows": given}, mini_batch_size="1KB")
    assert len(cut.cut) > 8
    check(cut, expected)
    assert isinstance(cut.opened()[0]["big"][0], int)


def test_a_batch_reads_its_part_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n\n" + "".join(f"{row:09d}\n" for row in range(200_000)))
    cut = CutInputs({"rows": table(tmp_path)}, mini_batch_size="300KB")
    assert len(cut.cut) == 7
    assert [one.items for one in cut.cut] == [30720] * 6 + [200_000 - 6 * 30720]
    asked: list[int] = []
    files = cut.batches._table(0)._files
    plain = files.read

    def read(number: int, start: int, stop: int) -> bytes:
        asked.append(stop - start)
        return plain(number, start, stop)

    files.read = read  # type: ignore[method-assign]
    cut.batches.open(cut.cut[3].spec)
    cut.batches.open(cut.cut[4].spec)
    assert asked == [307200] * 3  # the first part decides the types, and is read once


def test_what_cannot_be_cut_stays_whole(tmp_path: Path) -> None:
    text = "n,t\n" + "".join(f"{row},ä\n" for row in range(100))
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    given = table(tmp_path)
    cut = CutInputs({"rows": given}, mini_batch_size="10")
    assert [one.items for one in cut.cut] == [100, 100]
    check(cut, whole(given))
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.csv").write_text(text, encoding="utf-16")
    given = table(other, options={"encoding": "utf16"})
    check(CutInputs({"rows": given}, mini_batch_size="10"), whole(given))


def test_small_files_share_a_batch(tmp_path: Path) -> None:
    for number in range(10):
        (tmp_path / f"{number}.csv").write_text(f"n\n{number}\n")
    given = table(tmp_path, options={"include_path": True})
    cut = CutInputs({"rows": given}, mini_batch_size="6")
    assert [len(frame) for frame in cut.opened()] == [3, 3, 3, 1]
    check(cut, whole(given))


def test_a_row_wider_than_the_first_one_gives_its_column_to_every_batch(tmp_path: Path) -> None:
    lines = ["a,b"] + [f"{row},x" for row in range(50)] + ["50,x,1,2"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    given = table(tmp_path)
    check(CutInputs({"rows": given}, mini_batch_size="40"), whole(given))
    assert list(whole(given).columns) == ["a", "b", "Column3", "Column4"]


def test_partition_keys_make_a_batch_of_each_combination_and_are_the_last_columns(tmp_path: Path) -> None:
    for path in ("1/a/0", "1/a/1", "1/b/0", "1/b/1", "2/a/0", "2/a/1", "2/b/0", "2/b/1"):
        file = tmp_path / f"{path}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"sold\n{path[0]}{path[-1]}\n{'' if path[2] == 'b' else 7}\n")
    given = table(tmp_path, options={"partition_format": "/{store}/{brand}/*.csv"})
    cut = CutInputs({"rows": given}, partition_keys=("brand",))
    assert [one.partition for one in cut.cut] == [{"brand": "a"}, {"brand": "b"}]
    frames = cut.opened()
    assert [list(frame.columns) for frame in frames] == [["store", "sold", "brand"]] * 2
    expected = whole(given)
    assert all(str(frame["sold"].dtype) == str(expected["sold"].dtype) for frame in frames)
    for frame, brand in zip(frames, ("a", "b"), strict=True):
        rows = expected[expected["brand"] == brand].reset_index(drop=True)
        pd.testing.assert_frame_equal(frame[list(expected.columns)], rows)
        part: Any = cut.batches.dataset(cut.cut["ab".index(brand)].spec)
        pd.testing.assert_frame_equal(part.to_pandas_dataframe(), rows)
    assert len(CutInputs({"rows": given}, partition_keys=("store", "brand")).cut) == 4
    with pytest.raises(UserErrorException, match=r"has no partition key 'shop'.*it has: store, brand"):
        CutInputs({"rows": given}, partition_keys=("shop",))


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n' * 50 + "oops\n")
    with pytest.raises(UserErrorException, match=r"/a\.jsonl, line 51 is not a JSON object"):
        CutInputs({"rows": table(tmp_path, "json_lines")}, mini_batch_size="20")
    (tmp_path / "a.jsonl").unlink()
    (tmp_path / "a.csv").write_text("a\n" + "1\n" * 50 + '"open\n')
    with pytest.raises(UserErrorException, match="a quote in row 52 is never closed"):
        CutInputs({"rows": table(tmp_path)}, mini_batch_size="20")


def test_a_table_without_rows_has_no_batches(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n")
    assert not CutInputs({"rows": table(tmp_path)}).cut
    (tmp_path / "a.csv").write_text("")
    assert not CutInputs({"rows": table(tmp_path)}).cut


def test_parquet_is_cut_in_its_row_groups(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    first = pd.DataFrame(
        {
            "n": range(100),
            "gap": [None if row == 77 else row for row in range(100)],
            "flag": [row != 99 or None for row in range(100)],
            "text": [f"t{row}" if row % 9 else None for row in range(100)],
            "day": pd.Timestamp("2020-01-02"),
            "kind": pd.Categorical(["a", "b"] * 50),
        }
    )
    first.to_parquet(tmp_path / "a.parquet", row_group_size=30)
    first.assign(more=1.5).to_parquet(tmp_path / "b.parquet", row_group_size=1000)
    given = table(tmp_path, "parquet")
    expected = whole(given).assign(kind=whole(given)["kind"].astype(object))
    for size in ("1", "1KB", "10MB"):
        cut = CutInputs({"rows": given}, mini_batch_size=size)
        assert sum(one.items for one in cut.cut) == 200
        check(cut, expected)
    assert len(CutInputs({"rows": given}, mini_batch_size="1KB").cut) == 5


def test_parquet_of_a_store_is_read_in_places(tmp_path: Path, session: FakeSession) -> None:
    pytest.importorskip("pyarrow")
    pd.DataFrame({"n": range(1000), "t": "x" * 50}).to_parquet(tmp_path / "a.parquet", row_group_size=100)
    check_store(session, "parquet", (tmp_path / "a.parquet").read_bytes(), "a.parquet")


def test_text_of_a_store_is_read_in_places(session: FakeSession) -> None:
    text = "n,t\n" + "".join(f"{row},x{row}\n" for row in range(1000))
    check_store(session, "delimited", text.encode(), "a.csv")


def check_store(session: FakeSession, form: str, data: bytes, name: str) -> None:
    """An input that the script reads by itself: the worker that prepares reads it whole, others read ranges alone."""
    session.store.put(f"rows/{name}", data)
    definition = DatasetDefinition(kind="tabular", paths=(DatastorePath("workspaceblobstore", "rows"),), format=form)
    ref = pin_dataset(session.store, session.datastore, definition)
    given = StagedInput(Mode.DIRECT, "", definition, ref)
    cut = CutInputs({"rows": given}, mini_batch_size="2KB")
    assert len(cut.cut) > 4
    expected = whole(given)
    session.store.download = unwanted  # type: ignore[method-assign,assignment]
    check(cut, expected)


def unwanted(*_arguments: object) -> None:
    raise AssertionError("the whole file was read")
