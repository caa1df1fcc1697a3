"""Delimited files are read as azureml-dataprep 5.5 reads them; docs/maintainers/differences.md lists the differences.

The expected values of "same" rows were observed by running it on these texts.
"""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from typing import Any

import pandas as pd
import pytest

from runner.sdk import Dataset
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.datasets.frames.headers import column_names, fits_by_name
from runner.sdk.datasets.types import PromoteHeadersBehavior
from tests.support.fake_session import FakeSession

COMBINE = PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS
FIRST = PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS
NONE = PromoteHeadersBehavior.NO_HEADERS


def read(session: FakeSession, *files: str | bytes, **options: Any) -> Any:
    session.store.objects.clear()
    for number, text in enumerate(files):
        session.store.put(f"raw/{number}.csv", text if isinstance(text, bytes) else text.encode())
    return Dataset.Tabular.from_delimited_files(("workspaceblobstore", "raw"), **options).to_pandas_dataframe()


def shown(frame: Any) -> tuple[list[str], list[str], list[list[object]]]:
    """Names, types and rows; a missing value is None."""
    rows = [[None if value is None or value != value else value for value in row] for row in frame.to_numpy().tolist()]  # noqa: PLR0124 - NaN
    return list(frame.columns), [str(kind) for kind in frame.dtypes], rows


SAME_AS_V1 = {
    "separator at the end of the rows": (
        "city,people\nOslo,700,\nRome,2800,\n",
        ["city", "people", "Column3"], ["object", "int64", "object"], [["Oslo", 700, None], ["Rome", 2800, None]],
    ),
    "a row with fewer fields": (
        "x,y,z\n5,6\n7,8,9\n",
        ["x", "y", "z"], ["int64", "int64", "float64"], [[5, 6, None], [7, 8, 9]],
    ),
    "a row with more fields after rows with as many as names": (
        "x,y\n5,6\n5,6\n7,8,9\n",
        ["x", "y", "Column3"], ["int64", "int64", "float64"], [[5, 6, None], [5, 6, None], [7, 8, 9]],
    ),
    "two more, then as many, then fewer": (
        "x,y\n5,6,7,8\n5,6\n5\n",
        ["x", "y", "Column3", "Column4"], ["int64", "float64", "float64", "float64"],
        [[5, 6, 7, 8], [5, 6, None, None], [5, None, None, None]],
    ),
    "empty fields beyond the header": (
        "x,y\n5,6,,\n", ["x", "y", "Column3", "Column4"], ["int64", "int64", "object", "object"], [[5, 6, None, None]],
    ),
    "a name twice": ("x,x,y\n5,6,7\n", ["x", "x_1", "y"], ["int64"] * 3, [[5, 6, 7]]),
    "no name": ("x,,z\n5,6,7\n", ["x", "Column2", "z"], ["int64"] * 3, [[5, 6, 7]]),
    "spaces around names": (' x ,"y ", z\n5,6,7\n', ["x", "y", "z"], ["int64"] * 3, [[5, 6, 7]]),
    "words for true and false": ("x\nFalse\ntrue\n", ["x"], ["bool"], [[False], [True]]),
    "yes and no": ("x\nno\nyes\n", ["x"], ["object"], [["no"], ["yes"]]),
    "numbers and text": ("x\n12\nabc\n", ["x"], ["object"], [["12"], ["abc"]]),
    "spaces around numbers": ("x\n 4\n5 \n", ["x"], ["int64"], [[4], [5]]),
    "zeros before numbers": ("x\n004\n030\n", ["x"], ["int64"], [[4], [30]]),
    "words for a missing value": (
        "x\n4\nNA\nnull\nNone\n", ["x"], ["object"], [["4"], ["NA"], ["null"], ["None"]],
    ),
    "NaN beside numbers": ("x\n4\nNaN\n", ["x"], ["float64"], [[4], [None]]),
    "a separator in quotes": ('x,y\n"a; b, c",9\n', ["x", "y"], ["object", "int64"], [["a; b, c", 9]]),
    "quotes in quotes": ('x,y\n"say ""no""",9\n', ["x", "y"], ["object", "int64"], [['say "no"', 9]]),
    "a quote inside a field": ('x,y\n5" pipe,9\n', ["x", "y"], ["object", "int64"], [['5" pipe', 9]]),
    "a quote after a space": (
        'x,y\n "a, b",9\n', ["x", "y", "Column3"], ["object", "object", "int64"], [[' "a', ' b"', 9]],
    ),
    "exponents": ("x\n2e2\n0.5\n", ["x"], ["float64"], [[200], [0.5]]),
    "separators of thousands": ('x\n"2,500"\n"1,000"\n', ["x"], ["object"], [["2,500"], ["1,000"]]),
    "infinity": ("x\n-inf\n2\n", ["x"], ["float64"], [[float("-inf")], [2]]),
    "an empty line": ("\nx,y\n5,6\n\n\n7,8\n\n", ["x", "y"], ["int64", "int64"], [[5, 6], [7, 8]]),
    "a line of separators": ("x,y\n5,6\n,\n", ["x", "y"], ["float64", "float64"], [[5, 6], [None, None]]),
    "a byte order mark": ("\ufeffx,y\n5,6\n", ["x", "y"], ["int64", "int64"], [[5, 6]]),
    "the largest 64-bit integer": ("x\n9223372036854775807\n", ["x"], ["int64"], [[9223372036854775807]]),
    "an integer beyond 64 bits": ("x\n9223372036854775808\n", ["x"], ["float64"], [[9.223372036854775808e18]]),
    "Windows' line ends": ("x,y\r\n5,6\r\n7,8\r\n", ["x", "y"], ["int64", "int64"], [[5, 6], [7, 8]]),
    "no line end at the end": ("x,y\n5,6", ["x", "y"], ["int64", "int64"], [[5, 6]]),
    "a NUL character": ("x,y\na\0b,9\n", ["x", "y"], ["object", "int64"], [["a\0b", 9]]),
}  # fmt: skip


@pytest.mark.parametrize("what", SAME_AS_V1)
def test_small_texts_are_read_as_v1_reads_them(session: FakeSession, what: str) -> None:
    text, names, kinds, rows = SAME_AS_V1[what]
    if "\0" in text and pd.__version__ < "3":
        with pytest.raises(UserErrorException, match="has a NUL character"):
            read(session, text)
        return
    assert shown(read(session, text)) == (names, kinds, rows)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("d\n2021-03-04\n2021-05-06\n", ["2021-03-04", "2021-05-06"]),
        ("d\n03/04/2021\n11/30/2021\n", ["2021-03-04", "2021-11-30"]),
        ("d\n03/04/2021\n30/11/2021\n", ["2021-04-03", "2021-11-30"]),
        ("d\n2021-03-04\n05/06/2021\n", ["2021-03-04", "2021-05-06"]),
        ("d\n05/06/2021\n2021-03-04\n13/06/2021\n", ["2021-06-05", "2021-03-04", "2021-06-13"]),
        ("d\n30-06-2021\n05/06/2021\n", ["2021-06-30", "2021-05-06"]),
        ("d\n2021/03/04\n04-Mar-2021\n", ["2021-03-04", "2021-03-04"]),
        ("d\n05/06/2021\n2021-03-04T23:00Z\n2021-03-04T23:00-02:00\n", ["2021-05-06", "2021-03-04", "2021-03-05"]),
    ],
)  # fmt: skip
def test_dates_may_be_written_in_several_ways(session: FakeSession, text: str, days: list[str]) -> None:
    frame = read(session, text)
    assert str(frame["d"].dtype) == "datetime64[ns]"
    assert [str(day.date()) for day in frame["d"]] == days


def test_dates_in_several_ways_of_which_one_is_no_time(session: FakeSession) -> None:
    assert read(session, "d\n01/02/2020\n12/31/2020\n13/02/2020\n")["d"].tolist()[1] == "12/31/2020"
    assert read(session, "d\n2020-01-02\n20 Feb\n")["d"].tolist()[1] == "20 Feb"


DIFFERS = {
    "0 and 1 are numbers": ("x\n1\n0\n", ["x"], ["int64"], [[1], [0]]),
    "0 and 1 with a gap are numbers": ("x,y\n1,\n,0\n", ["x", "y"], ["float64"] * 2, [[1, None], [None, 0]]),
    "a date of two digits for the year is kept": ("x\n1/2/20\n", ["x"], ["object"], [["1/2/20"]]),
    "an empty value in quotes is a missing one": (
        'x,y\n"",5\nb,6\n', ["x", "y"], ["object", "int64"], [[None, 5], ["b", 6]],
    ),
    "large integers beside a gap are exact": (
        "x,y\n9007199254740993,5\n,5\n", ["x", "y"], ["object", "int64"], [[9007199254740993, 5], [None, 5]],
    ),
    "integers beyond 64 bits are exact": (
        "x\n18446744073709551617\n18446744073709551618\n5\n",
        ["x"], ["object"], [[18446744073709551617], [18446744073709551618], [5]],
    ),
    "integers beyond 64 bits beside a gap are exact": (
        "x,y\n-18446744073709551617,5\n,6\n", ["x", "y"], ["object", "int64"], [[-18446744073709551617, 5], [None, 6]],
    ),
    "a name like one that is made up": (
        "Column3,y\n5,6,7\n", ["Column3", "y", "Column3_1"], ["int64"] * 3, [[5, 6, 7]],
    ),
    "a header without rows": ("x,y\n", ["x", "y"], ["object", "object"], []),
    "a column that no row fills": ("x,y,\n5,6\n", ["x", "y", "Column3"], ["int64", "int64", "object"], [[5, 6, None]]),
    "a line of spaces is none": ("x,y\n5,6\n   \n", ["x", "y"], ["int64", "int64"], [[5, 6]]),
    "spaces alone are no value": ("x,y\n5,6\n  ,7\n", ["x", "y"], ["float64", "int64"], [[5, 6], [None, 7]]),
    "an empty line with Windows' line ends": ("x,y\r\n5,6\r\n\r\n", ["x", "y"], ["int64", "int64"], [[5, 6]]),
    "line ends of old Macintoshes": ("x,y\r5,6\r", ["x", "y"], ["int64", "int64"], [[5, 6]]),
    "a quoted line break": ('x,y\n"a\nb",6\n', ["x", "y"], ["object", "int64"], [["a\nb", 6]]),
}  # fmt: skip


@pytest.mark.parametrize("what", DIFFERS)
def test_where_v1_loses_or_changes_data(session: FakeSession, what: str) -> None:
    text, names, kinds, rows = DIFFERS[what]
    assert shown(read(session, text)) == (names, kinds, rows)


def test_values_after_row_200_that_do_not_fit_are_null_and_never_changed(session: FakeSession) -> None:
    frame = read(session, "x\n" + "5\n" * 200 + "5.5\n9223372036854775808\n7\n")
    assert shown(frame)[2][-4:] == [[5], [None], [None], [7]]


def test_an_integer_beyond_64_bits_beside_a_fraction_after_row_200_is_a_float(session: FakeSession) -> None:
    frame = read(session, "x\n" + "18446744073709551617\n" * 200 + "5.5\n")
    assert shown(frame)[1:] == (["float64"], [[18446744073709551616.0]] * 200 + [[5.5]])


def test_a_file_of_another_encoding_is_an_error_that_names_the_argument(session: FakeSession) -> None:
    with pytest.raises(UserErrorException, match=r"/0\.csv cannot be read as delimited text: .*\n.*encoding="):
        read(session, "x,y\n5,ä\n".encode("utf-16"))


def test_a_quote_that_is_never_closed_is_an_error(session: FakeSession) -> None:
    with pytest.raises(UserErrorException, match=r"/0\.csv .* a quote in row 2 is never closed\n.*close it"):
        read(session, 'x,y\n"a,6\n7,8\n')


@pytest.mark.parametrize(
    ("encoding", "codec"), [("utf8", "utf-8"), ("utf8", "utf-8-sig"), ("latin1", "latin-1"), ("utf16", "utf-16")]
)
def test_a_row_with_more_fields_far_below_in_every_encoding(session: FakeSession, encoding: str, codec: str) -> None:
    text = "x;y\n" + "5;6\n" * 3000 + 'ä;"b;c\nd";7;8\n'
    frame = read(session, text.encode(codec), encoding=encoding, separator=";", infer_column_types=False)
    assert (len(frame), list(frame.columns)) == (3001, ["x", "y", "Column3", "Column4"])
    assert frame.iloc[-1].tolist() == ["ä", "b;c\nd", "7", "8"]
    assert frame.iloc[0].tolist() == ["5", "6", None, None]


@pytest.mark.parametrize(
    ("header", "files", "names", "rows"),
    [
        (True, ("7,8\n1,2\n", "9,8\n3,4\n"), ["7", "8"], [[1, 2], [3, 4]]),
        (COMBINE, ("7,8\n5,2\n", "9,8\n3,4\n"), ["7", "8", "9"], [[5, 2, None], [None, 4, 3]]),
        (FIRST, ("7,8\n1,2\n", "9,8\n3,4\n"), ["7", "8"], [[1, 2], [9, 8], [3, 4]]),
        (NONE, ("7,8\n1,2\n", "9,8\n3,4\n"), ["Column1", "Column2"], [[7, 8], [1, 2], [9, 8], [3, 4]]),
        (True, ("a,b\n5,6\n", "a,b,c\n7,8,9\n"), ["a", "b", "Column3"], [[5, 6, None], [7, 8, 9]]),
        (True, ("a,b,c\n5,6,7\n", "a,b\n7,8\n"), ["a", "b", "c"], [[5, 6, 7], [7, 8, None]]),
        (True, ("a,b\n5,6\n", "a,b\n7,8,9\n4\n"), ["a", "b", "Column3"], [[5, 6, None], [7, 8, 9], [4, None, None]]),
        (COMBINE, ("a,b\n5,6,7\n", "a,b\n7,8\n"), ["a", "b", "Column3"], [[5, 6, 7], [7, 8, None]]),
        (FIRST, ("a,b\n5,6\n", "7,8,9\n4\n"), ["a", "b", "Column3"], [[5, 6, None], [7, 8, 9], [4, None, None]]),
        (NONE, ("5,6\n", "7\n8,9,4\n"), ["Column1", "Column2", "Column3"], [[5, 6, None], [7, None, None], [8, 9, 4]]),
        *((mode, ("", "a,b\n5,6\n", "", "\n"), ["a", "b"], [[5, 6]]) for mode in (True, COMBINE, FIRST)),
        *((mode, ("a,b\n", "a,b\n5,6\n"), ["a", "b"], [[5, 6]]) for mode in (True, COMBINE)),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:.*has another header")
def test_headers_of_several_files(
    session: FakeSession, header: Any, files: tuple[str, ...], names: list[str], rows: list[list[object]]
) -> None:
    found, _kinds, values = shown(read(session, *files, header=header))
    assert (found, values) == (names, rows)


def test_a_later_file_with_other_names_is_read_by_position_with_a_warning(session: FakeSession) -> None:
    with pytest.warns(UserWarning, match=r"/1\.csv has another header \(c, d\) than the first file, /0\.csv \(a, b\)"):
        frame = read(session, "a,b\n5,6\n", "c,d\n7,8\n")
    assert shown(frame)[2] == [[5, 6], [7, 8]]


def test_a_later_file_with_the_same_names_in_another_order_is_read_by_name(session: FakeSession) -> None:
    assert shown(read(session, "a,b,c\n5,6,7\n", "c,a\n8,9\n"))[2] == [[5, 6, 7], [9, None, 8]]


def test_headers_that_are_none(session: FakeSession) -> None:
    for header in ("FIRST", 4, -1, None):
        with pytest.raises(UserErrorException, match="NO_HEADERS, ONLY_FIRST_FILE_HAS_HEADERS"):
            read(session, "a\n5\n", header=header)


def test_names_of_columns() -> None:
    """v1 numbers the duplicates of a whole header, not of each name."""
    assert column_names(["a", "a", "b", "b", "a"], 5) == ["a", "a_1", "b", "b_2", "a_3"]
    assert column_names(["a", "a_1", "a"], 3) == ["a", "a_1", "a_1_2"]
    assert column_names(["a", "a", "a", "a_1"], 4) == ["a", "a_1", "a_2", "a_1_3"]
    assert column_names(["Column2", "", "c"], 4) == ["Column2", "Column2_1", "c", "Column4"]
    assert column_names([], 2) == ["Column1", "Column2"]
    assert fits_by_name(["b", " a"], ["a", "b", "c"])
    assert not fits_by_name(["a", "d"], ["a", "b"])


def test_a_column_named_like_one_that_the_path_gives_is_an_error(session: FakeSession) -> None:
    with pytest.raises(UserErrorException, match="have a column 'Path'"):
        read(session, "Path\n5\n", include_path=True)
    with pytest.raises(UserErrorException, match="have a column 'x'"):
        read(session, "x\n5\n", partition_format="/{x}.csv")


@pytest.mark.parametrize("extension", ["gz", "bz2", "zip"])
def test_compressed_files(session: FakeSession, extension: str) -> None:
    session.store.put(f"packed/a.csv.{extension}", _packed(extension, b"x,y\n5,6,7\n5,6,7,8\n"))
    frame = Dataset.Tabular.from_delimited_files(("workspaceblobstore", "packed")).to_pandas_dataframe()
    assert shown(frame)[2] == [[5, 6, 7, None], [5, 6, 7, 8]]


def _packed(extension: str, data: bytes) -> bytes:
    if extension == "zip":
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.writestr("a.csv", data)
        return archive.getvalue()
    return gzip.compress(data) if extension == "gz" else bz2.compress(data)
