from __future__ import annotations

import io
import struct
from typing import Any

import pytest

from runner.operations.previews import FileKind
from runner.operations.shown_files import parquet
from tests.support.shown_previews import pages, shown

pyarrow: Any = pytest.importorskip("pyarrow")
written: Any = pytest.importorskip("pyarrow.parquet")


def table(**columns: Any) -> bytes:
    made = io.BytesIO()
    written.write_table(pyarrow.table(columns), made, row_group_size=150, compression="zstd")
    return made.getvalue()


def test_pages_of_parquet_follow_each_other_across_row_groups() -> None:
    found = pages("a.parquet", table(n=list(range(250)), t=["ä"] * 250))
    assert [(page.first_row, len(page.rows)) for page in found] == [(0, 100), (100, 50), (150, 100)]
    assert [row[0] for page in found for row in page.rows] == [str(number) for number in range(250)]
    assert (found[0].columns, found[0].total_rows) == (("n", "t"), 250)


def test_a_parquet_file_of_few_bytes_and_many_gigabytes_is_told() -> None:
    count = 1_000_000
    repeated = pyarrow.DictionaryArray.from_arrays(
        pyarrow.Int8Array.from_buffers(pyarrow.int8(), count, [None, pyarrow.py_buffer(bytes(count))]), ["x" * 1000]
    )
    made = io.BytesIO()
    column = pyarrow.ListArray.from_arrays([0, count], repeated)
    written.write_table(pyarrow.table({"n": column}), made, store_schema=False)
    data = made.getvalue()
    assert len(data) < 20_000
    page = shown("bomb.parquet", data)
    assert (page.kind, page.rows) == (FileKind.BINARY, ())
    assert "512 MiB of memory" in page.notes[0]


@pytest.mark.parametrize("footer", [500, 1 << 30])
def test_a_damaged_parquet_file_is_told(footer: int) -> None:
    made = shown("a.parquet", b"PAR1" + b"\xff" * 1000 + struct.pack("<I", footer) + b"PAR1")
    assert made.kind is FileKind.BINARY
    assert len(made.notes) == 1


def test_without_pyarrow_a_parquet_file_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_CODE", "import sys; sys.stdout.write('=' + '{\"missing\": true}' + chr(10))")
    assert "pip install pyarrow" in shown("a.parquet", table(n=[1])).notes[0]


def test_a_reader_that_asks_for_too_much_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "BUDGET", 100)
    assert "would have to be read" in shown("a.parquet", table(n=list(range(1000)))).notes[0]
