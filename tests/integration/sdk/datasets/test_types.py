"""v1's type inference: the first 200 rows decide, what does not fit becomes null. The same with every pandas."""

from __future__ import annotations

import importlib.util
from datetime import datetime
from typing import Any

import pytest

from runner.sdk import Dataset, TabularDataset
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datasets.types import DataType, PromoteHeadersBehavior
from tests.support.fake_session import FakeSession


def at(year: int, month: int, number: int, *clock: int) -> datetime:
    """Frames of files have no time zone."""
    return datetime(year, month, number, *clock)  # type: ignore[arg-type]  # noqa: DTZ001 - see above


def read(session: FakeSession, *files: str, **options: Any) -> Any:
    return delimited(session, *files, **options).to_pandas_dataframe()


def delimited(session: FakeSession, *files: str, **options: Any) -> TabularDataset:
    for number, text in enumerate(files):
        session.store.put(f"raw/{number}.csv", text.encode())
    return Dataset.Tabular.from_delimited_files(("workspaceblobstore", "raw"), **options)


def column(session: FakeSession, *values: str, **options: Any) -> Any:
    return read(session, "\n".join(("x,y", *(f"{value},1" for value in values))) + "\n", **options)["x"]


@pytest.mark.parametrize(
    ("values", "dtype", "first"),
    [
        (("1", "-2", "+3"), "int64", 1),
        (("007", "12"), "int64", 7),
        (("1", "", "3"), "float64", 1.0),
        (("1", "nan", "3"), "float64", 1.0),
        (("1", "NA", "3"), "object", "1"),
        (("9223372036854775807", "-9223372036854775808"), "int64", 9223372036854775807),
        (("9007199254740993", ""), "object", 9007199254740993),
        (("\N{ARABIC-INDIC DIGIT THREE}",), "object", "\N{ARABIC-INDIC DIGIT THREE}"),
        (("1.5", ".5", "1e3", "-2."), "float64", 1.5),
        (("12345678901234567890", "1"), "object", 12345678901234567890),
        (("True", "false", "TRUE"), "bool", True),
        (("true", ""), "object", True),
        (("0", "1"), "int64", 0),
        (("01", "00"), "int64", 1),
        (("0", "true"), "bool", False),
        (("T", "F"), "bool", True),
        (("true", "7"), "object", "true"),
        (("yes", "no"), "object", "yes"),
        (("a", ""), "object", "a"),
        (("NA", "Namibia"), "object", "NA"),
        (("2020-01-02", "2020-02-03"), "datetime64[ns]", at(2020, 1, 2)),
        (("2020-01-02 03:04:05", "2020-01-02"), "datetime64[ns]", at(2020, 1, 2, 3, 4, 5)),
        (("2020-01-02T03:04:05.5Z",), "datetime64[ns]", at(2020, 1, 2, 3, 4, 5, 500000)),
        (("2020-01-02T03:04:05+02:00",), "datetime64[ns]", at(2020, 1, 2, 1, 4, 5)),
        (("1/2/2020", "12/31/2020"), "datetime64[ns]", at(2020, 1, 2)),
        (("1/2/2020", "31/12/2020"), "datetime64[ns]", at(2020, 2, 1)),
        (("1/2/2020 3:04:05 PM",), "datetime64[ns]", at(2020, 1, 2, 15, 4, 5)),
        (("2020/01/02 13:04",), "datetime64[ns]", at(2020, 1, 2, 13, 4)),
        (("1/2/2020", "1/3/2020 3:04 PM"), "datetime64[ns]", at(2020, 1, 2)),
        (("2020-01-02 03:04", "2020-01-02 03:04:05"), "datetime64[ns]", at(2020, 1, 2, 3, 4)),
        (("02-Jan-2020",), "datetime64[ns]", at(2020, 1, 2)),
        (("02-Jan-20",), "datetime64[ns]", at(2020, 1, 2)),
        (("2020-1-2 3:04:05",), "datetime64[ns]", at(2020, 1, 2, 3, 4, 5)),
        (("01/02/2020", "12/31/2020", "13/02/2020"), "object", "01/02/2020"),
        (("2020-13-02",), "object", "2020-13-02"),
        (("2020-02-30",), "object", "2020-02-30"),
        (("1/2/20",), "object", "1/2/20"),
        (("1.2.3", "1.2.4"), "object", "1.2.3"),
        (("20200102",), "int64", 20200102),
        (("2020-01-02", "soon"), "object", "2020-01-02"),
        (('"a, ""quoted"""',), "object", 'a, "quoted"'),
        (("x" * 200_000,), "object", "x" * 200_000),
    ],
)
def test_what_text_looks_like(session: FakeSession, values: tuple[str, ...], dtype: str, first: object) -> None:
    found = column(session, *values)
    assert (str(found.dtype), found.iloc[0]) == (dtype, first)


def test_missing_text_is_none_unless_it_is_kept_as_text(session: FakeSession) -> None:
    assert column(session, "a", "").tolist() == ["a", None]
    assert column(session, "a", "", empty_as_string=True).tolist() == ["a", ""]
    assert column(session, "1", "", empty_as_string=True).isna().tolist() == [False, True]


def test_the_first_200_rows_decide_and_later_ones_that_do_not_fit_are_null(session: FakeSession) -> None:
    numbers = [str(number) for number in range(200)]
    found = column(session, *numbers, "late", "7")
    assert str(found.dtype) == "float64"
    assert found.isna().tolist() == [False] * 200 + [True, False]
    assert column(session, *numbers[:-1], "early", "7").tolist()[-2:] == ["early", "7"]
    later = column(session, *["2020-01-01"] * 200, "never", "2020-13-45")
    assert later.isna().sum() == 2


def test_a_column_of_nothing_is_text(session: FakeSession) -> None:
    assert column(session, *[""] * 3).tolist() == [None, None, None]


def test_values_that_do_not_fit_can_be_an_error(session: FakeSession) -> None:
    dataset = delimited(session, "x\n" + "1\n" * 200 + "late\n\n")
    with pytest.raises(UserErrorException, match=r"column 'x': 'late' is no long \(1 such values\)"):
        dataset.to_pandas_dataframe(on_error="fail")
    with pytest.raises(UserErrorException, match="it is 'null' or 'fail'"):
        dataset.to_pandas_dataframe(on_error="raise")


def test_times_out_of_range(session: FakeSession) -> None:
    dataset = delimited(session, "x\n2020-01-02\n9999-12-31\n")
    assert dataset.to_pandas_dataframe()["x"].isna().tolist() == [False, True]
    assert dataset.to_pandas_dataframe(on_error="fail")["x"].isna().sum() == 1
    with pytest.raises(UserErrorException, match="'9999-12-31' is out of the range of times"):
        dataset.to_pandas_dataframe(out_of_range_datetime="fail")


def test_without_inference_everything_is_text(session: FakeSession) -> None:
    frame = read(session, "a,b\n01,\n2020-01-01,x\n", infer_column_types=False)
    assert frame.to_dict("list") == {"a": ["01", "2020-01-01"], "b": [None, "x"]}
    typed = read(session, "a,b\n01,1\n", infer_column_types=False, set_column_types={"b": DataType.to_long()})
    assert (typed["a"].iloc[0], str(typed["b"].dtype)) == ("01", "int64")


def test_chosen_types(session: FakeSession) -> None:
    types = {
        "text": DataType.to_string(),
        "real": DataType.to_float(","),
        "flag": DataType.to_bool(),
        "day": DataType.to_datetime(["%d.%m.%Y", "%Y"]),
        "any": DataType.to_datetime(),
        "absent": DataType.to_long(),
    }
    text = 'text,real,flag,day,any\n007,"1,5",1,03.02.2020,2020-05-06\n8,2,false,2019,x\n'
    frame = read(session, text, set_column_types=types)
    assert frame["text"].tolist() == ["007", "8"]
    assert frame["real"].tolist() == [1.5, 2.0]
    assert frame["flag"].tolist() == [True, False]
    assert frame["day"].tolist() == [at(2020, 2, 3), at(2019, 1, 1)]
    assert frame["any"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("header", "columns", "rows"),
    [
        (True, ["a", "b"], 2),
        (False, ["Column1", "Column2"], 4),
        (PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS, ["a", "b"], 2),
        (PromoteHeadersBehavior.NO_HEADERS, ["Column1", "Column2"], 4),
        (PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS, ["a", "b"], 3),
        (PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS, ["a", "b"], 2),
        ("ONLY_FIRST_FILE_HAS_HEADERS", ["a", "b"], 3),
    ],
)
def test_headers(session: FakeSession, header: Any, columns: list[str], rows: int) -> None:
    frame = read(session, "a,b\n1,2\n", "a,b\n3,4\n", header=header)
    assert (list(frame.columns), len(frame)) == (columns, rows)


def test_files_of_different_columns(session: FakeSession) -> None:
    frame = read(session, "a,b\n1,2\n", "b,c\n3,4\n", "", header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS)
    assert list(frame.columns) == ["a", "b", "c"]
    assert frame["b"].tolist() == [2, 3]
    assert frame["a"].isna().tolist() == [False, True]


def test_lines_broken_inside_quotes_and_other_separators(session: FakeSession) -> None:
    frame = read(session, 'a,b\n"one\ntwo",1\n', support_multi_line=True)
    assert frame["a"].tolist() == ["one\ntwo"]
    session.store.objects.clear()
    assert read(session, "a\tb\n1\t2\n", separator="\t")["b"].tolist() == [2]
    for separator in ("||", "", '"', "\n", 1):
        with pytest.raises(UserErrorException, match="a single character"):
            delimited(session, "a||b\n1||2\n", separator=separator)


def test_encodings(session: FakeSession) -> None:
    for encoding, codec in (
        ("utf8", "utf-8-sig"),
        ("iso88591", "latin-1"),
        ("utf16", "utf-16"),
        ("windows1252", "cp1252"),
    ):
        session.store.put("one/x.csv", "a,b\nä,1\n".encode(codec))
        dataset = Dataset.Tabular.from_delimited_files(("workspaceblobstore", "one"), encoding=encoding)
        assert dataset.to_pandas_dataframe().to_dict("list") == {"a": ["ä"], "b": [1]}
    with pytest.raises(UserErrorException, match=r"'nope'\n.*utf8, utf8bom, iso88591"):
        Dataset.Tabular.from_delimited_files(("workspaceblobstore", "one"), encoding="nope")


def test_an_empty_file(session: FakeSession) -> None:
    assert len(read(session, "")) == 0
    assert list(read(session, "a,b\n").columns) == ["a", "b"]


def test_json_lines_keep_their_own_types(session: FakeSession) -> None:
    session.store.put("raw/x.jsonl", b'{"a": 1, "created_at": "2020-01-01"}\n\n{"a": 2, "b": {"c": [1]}}\n')
    frame = Dataset.Tabular.from_json_lines_files(("workspaceblobstore", "raw/x.jsonl")).to_pandas_dataframe()
    assert frame["a"].tolist() == [1, 2]
    assert frame["created_at"].tolist()[0] == "2020-01-01"
    assert frame["b"].tolist()[1] == {"c": [1]}
    assert str(frame["created_at"].dtype) == "object"


def test_invalid_json_lines(session: FakeSession) -> None:
    session.store.put("raw/x.jsonl", b'{"a": 1}\nnot json\n[2]\n')
    path = ("workspaceblobstore", "raw/x.jsonl")
    with pytest.raises(UserErrorException, match=r"x.jsonl, line 2 is not a JSON object: 'not json'"):
        Dataset.Tabular.from_json_lines_files(path).to_pandas_dataframe()
    dropped = Dataset.Tabular.from_json_lines_files(path, invalid_lines="drop").to_pandas_dataframe()
    assert dropped["a"].tolist() == [1]
    with pytest.raises(UserErrorException, match="'error' or 'drop'"):
        Dataset.Tabular.from_json_lines_files(path, invalid_lines="ignore")


def test_json_lines_with_other_keys_and_large_integers(session: FakeSession) -> None:
    session.store.put("raw/0.jsonl", b'\xef\xbb\xbf{"a": 9007199254740993, "b": "x"}\n{"b": "y", "c": 2.5}\n')
    session.store.put("raw/1.jsonl", b'{"d": true}\r\n{"a": 5}\r\n')
    frame = Dataset.Tabular.from_json_lines_files(("workspaceblobstore", "raw")).to_pandas_dataframe()
    assert list(frame.columns) == ["a", "b", "c", "d"]
    assert frame["a"].dropna().tolist() == [9007199254740993, 5]
    assert frame["d"].dropna().tolist() == [True]


def test_a_json_line_with_a_key_twice(session: FakeSession) -> None:
    session.store.put("raw/x.jsonl", b'{"a": 1}\n{"a": 2, "b": {"c": 1, "c": 2}}\n')
    path = ("workspaceblobstore", "raw/x.jsonl")
    with pytest.raises(UserErrorException, match=r"x\.jsonl, line 2 has the key 'c' twice"):
        Dataset.Tabular.from_json_lines_files(path).to_pandas_dataframe()


def test_conditions_on_rows(session: FakeSession) -> None:
    dataset = delimited(session, "name,age,flag,when\nann,3,true,2020-01-01\nbob,,,2021-01-01\ncy,5,false,\n")

    def names(condition: Any) -> list[str]:
        return list(dataset.filter(condition).to_pandas_dataframe()["name"])

    assert names(dataset["age"] > 3) == ["cy"]
    assert names(~(dataset["age"] > 3)) == ["ann", "bob"]
    assert names((dataset["age"] < 4) | (dataset["name"] == "cy")) == ["ann", "cy"]
    assert names((dataset["age"] >= 3) & dataset["name"].contains("n")) == ["ann"]
    assert names(dataset["flag"]) == ["ann"]
    assert names(~dataset["flag"]) == ["cy"]
    assert names(dataset["when"] >= at(2020, 6, 1)) == ["bob"]
    assert names(dataset["age"].is_null()) == ["bob"]
    assert names(dataset["age"] == dataset["age"]) == ["ann", "cy"]
    with pytest.raises(UserErrorException, match="a condition compares a column"):
        names(dataset["name"] > 3)


def test_without_pandas_there_is_one_error_with_the_remedy(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = delimited(session, "x\n1\n")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(UserErrorException, match="reading rows needs pandas"):
        dataset.to_pandas_dataframe()
