"""Timestamp columns: v1's rules for naming, dropping and filtering by them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from runner.sdk import Dataset, TabularDataset
from runner.sdk.base.exceptions import DatasetTimestampMissingError, UserErrorException
from runner.sdk.datasets.types import DataType
from tests.support.fake_session import FakeSession

MIDDLE = datetime(2020, 1, 15)  # noqa: DTZ001 - frames have no time zone


@pytest.fixture
def rows(session: FakeSession) -> TabularDataset:
    session.store.put("t/2020/01/a.csv", b"when,value,text\n2020-01-20,2,x\n2020-01-01,1,2020-01-01\n")
    session.store.put("t/2020/02/a.csv", b"when,value,text\n2020-02-01,3,y\n")
    return Dataset.Tabular.from_delimited_files(("workspaceblobstore", "t"), partition_format="/{month:yyyy/MM}/a.csv")


def test_without_the_fine_column_there_is_no_time_filter(rows: TabularDataset) -> None:
    timed = rows.with_timestamp_columns("when", "month")
    for left in (timed.drop_columns("when"), timed.keep_columns(["value", "month"])):
        assert left.timestamp_columns == (None, None)
        for filtered in (left.time_before, left.time_after):
            with pytest.raises(DatasetTimestampMissingError):
                filtered(MIDDLE)


def test_without_the_coarse_column_the_fine_one_filters(rows: TabularDataset) -> None:
    timed = rows.with_timestamp_columns("when", "month").drop_columns("month")
    assert timed.timestamp_columns == ("when", None)
    assert timed.time_before(MIDDLE).to_pandas_dataframe()["value"].tolist() == [1]


def test_a_partition_that_begins_before_the_bound_is_kept(rows: TabularDataset) -> None:
    """v1 compares the partition's time with the bound as well, and so leaves out the rest of January."""
    timed = rows.with_timestamp_columns("when", "month")
    assert timed.time_after(MIDDLE).to_pandas_dataframe()["value"].tolist() == [2, 3]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"partition_timestamp": "when"}, "partition_timestamp is 'when' without a timestamp"),
        ({"timestamp": "when", "partition_timestamp": "when"}, "timestamp and partition_timestamp are both 'when'"),
        ({"coarse_grain_timestamp": "when"}, "coarse_grain_timestamp is 'when' without a fine_grain_timestamp"),
        ({"fine_grain_timestamp": "a", "coarse_grain_timestamp": "a"}, "fine_grain_timestamp and coarse_grain"),
        ({"timestamp": "when", "coarse_grain_timestamp": "month"}, "together with their older names"),
    ],
)
def test_combinations_that_v1_refuses(rows: TabularDataset, given: dict[str, Any], text: str) -> None:
    with pytest.raises(UserErrorException, match=text):
        rows.with_timestamp_columns(**given)


def test_a_column_that_holds_no_times_cannot_be_a_timestamp(rows: TabularDataset) -> None:
    with pytest.raises(UserErrorException, match="column 'value' cannot be a timestamp: it holds int64"):
        rows.with_timestamp_columns("value", validate=True)
    with pytest.raises(UserErrorException, match="column 'text' cannot be a timestamp: 'x' is no time"):
        rows.with_timestamp_columns("text").time_before(MIDDLE).to_pandas_dataframe()
    assert rows.with_timestamp_columns("when", "month", validate=True).timestamp_columns == ("when", "month")


def test_the_timestamp_is_the_index_of_the_frame(rows: TabularDataset) -> None:
    frame = rows.with_timestamp_columns("when").to_pandas_dataframe()
    assert frame.index.tolist() == frame["when"].tolist()
    assert frame.index.name is None
    assert rows.to_pandas_dataframe().index.tolist() == [0, 1, 2]


def test_text_that_is_all_times_can_be_filtered(session: FakeSession) -> None:
    session.store.put("j/x.jsonl", b'{"at": "2020-01-01T10:00:00Z", "n": 1}\n{"at": "2020-02-01T10:00:00Z", "n": 2}\n')
    dataset = Dataset.Tabular.from_json_lines_files(("workspaceblobstore", "j/x.jsonl"))
    timed = dataset.with_timestamp_columns("at")
    assert timed.time_after(MIDDLE).to_pandas_dataframe()["n"].tolist() == [2]
    chosen = Dataset.Tabular.from_json_lines_files(
        ("workspaceblobstore", "j/x.jsonl"), set_column_types={"at": DataType.to_datetime()}
    )
    assert chosen.with_timestamp_columns("at").time_before(MIDDLE).to_pandas_dataframe()["n"].tolist() == [1]
