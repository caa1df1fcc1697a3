"""The places at which the files of a table can be cut into parts of whole rows.

A part is a range of bytes of delimited text or JSON lines, a range of rows of Parquet, or a whole file where a form
cannot be cut: compressed text, and text whose line breaks and quotes are not single bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from ....dataclass import dataclass
from ....model.data import DatasetDefinition
from ..files import LocalFile
from ..types import codec
from . import delimited, parquet
from .pieces import WHOLE, Piece
from .record_ends import Records, bytes_of

_BYTEWISE = frozenset({"utf-8", "utf-8-sig", "ascii", "iso-8859-1", "cp1252"})
"""Encodings in which the bytes of a line break, a quote and a separator mean nothing else."""


@dataclass(frozen=True)
class Shape:
    """The facts of a delimited file that reading a part of it needs."""

    columns: tuple[str, ...]
    """Empty: the file has no rows."""
    own: delimited.Header | None = None
    """Its own header; None: its first row is data."""
    start: int = 0
    """The byte behind the header."""


def cut_file(
    definition: DatasetDefinition, number: int, file: LocalFile, shape: Shape | None, sizes: tuple[int, int]
) -> Iterator[tuple[Piece, int]]:
    """Yield the parts of a file, each with its size in bytes.

    Args:
        definition: The dataset.
        number: The file's number in it.
        file: The file.
        shape: The shape of a delimited file.
        sizes: The least bytes of the first part, and those of every other part but the last.

    Raises:
        UserErrorException: The file cannot be read.

    """
    if definition.format == "parquet":
        yield from parquet.pieces(number, file, sizes)
        return
    if shape is not None and not shape.columns:
        return
    records = records_of(definition, file.path)
    if records is None:
        yield Piece(number, 0, WHOLE), file.path.stat().st_size
        return
    with bytes_of(file.path) as text:
        for begin, end in records.cuts(text, shape.start if shape else 0, *sizes):
            yield Piece(number, begin, end), end - begin


def records_of(definition: DatasetDefinition, path: Path) -> Records | None:
    """Return the rule by which a text is cut; None: it stays whole.

    Args:
        definition: The dataset.
        path: The file.

    """
    options = definition.options
    if path.suffix in delimited.COMPRESSED or codec(options.get("encoding", "utf8")) not in _BYTEWISE:
        return None
    if definition.format != "delimited":
        return Records("")
    separator = str(options.get("separator", ","))
    return Records(separator) if separator.isascii() else None


def shape_of(
    definition: DatasetDefinition, file: LocalFile, header: delimited.Header | None, *, wide: bool
) -> Shape | None:
    """Return the shape of a delimited file; None for other forms.

    Args:
        definition: The dataset.
        file: The file.
        header: The header of the dataset's first file that has rows; None while there is none.
        wide: True: a row is wider than the first one, so look for the widest.

    Raises:
        UserErrorException: The file cannot be read.

    """
    if definition.format != "delimited":
        return None
    options, records = definition.options, records_of(definition, file.path)
    if records is None:
        cells = delimited.cells_of(file, options)
        row, end, width = (cells.iloc[0].tolist() if len(cells) else []), 0, len(cells.columns)
    else:
        row, end = _first_row(file, options, records)
        width = len(row)
        if row and (wide or delimited.cuts_wide_rows()):
            separator, encoding = dialect(options)
            width = max(width, delimited.widest_row(file.path, separator, encoding))
    if not row:
        return Shape(())
    named = delimited.naming(file.name, row, width, options, header)
    return Shape(named.columns, named.header, end if named.header is not None else 0)


def dialect(options: Mapping[str, object]) -> tuple[str, str]:
    """Return the separator and Python's name of the encoding.

    Args:
        options: The options of a delimited dataset's definition.

    """
    return str(options.get("separator", ",")), codec(options.get("encoding", "utf8"))


def _first_row(file: LocalFile, options: Mapping[str, object], records: Records) -> tuple[list[str], int]:
    """Return the fields of the first row that is not blank, and the byte behind it."""
    import pandas as pd

    with bytes_of(file.path) as text:
        end = 0
        while end < len(text):
            end = records.end_of_record(text, end)
            try:
                row = delimited.read_cells(io.BytesIO(text[:end]), *dialect(options), None).iloc[0]
            except pd.errors.EmptyDataError:  # blank lines so far
                continue
            except (ValueError, LookupError):
                delimited.cells_of(file, options)  # raises it with words for people
                raise
            return row.tolist(), end
    return [], 0
