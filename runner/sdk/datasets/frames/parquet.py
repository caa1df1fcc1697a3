"""Parts of Parquet files: ranges of rows, each in one row group, so that only that group is read.

pandas reads whole files only, so pyarrow is used itself. Without it, a file stays whole.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...base.exceptions import UserErrorException
from ..files import LocalFile
from .pieces import WHOLE, Piece, Source
from .types import plain_text

if TYPE_CHECKING:
    import pandas as pd


def pieces(number: int, file: LocalFile, sizes: tuple[int, int]) -> Iterator[tuple[Piece, int]]:
    """Yield the parts of a file, each with its size in bytes before compression.

    Args:
        number: The file's number in its dataset.
        file: The file.
        sizes: The least bytes of the first part, and those of every other part but the last of a row group.

    Raises:
        UserErrorException: The file is no Parquet.

    """
    opened = _opened(file.path, file.name)
    if opened is None:
        yield Piece(number, 0, WHOLE), file.path.stat().st_size
        return
    row, wanted = 0, sizes[0]
    with opened:
        groups = [opened.metadata.row_group(index) for index in range(opened.metadata.num_row_groups)]
        for group in groups:
            end, per_row = row + group.num_rows, max(1.0, group.total_byte_size / max(1, group.num_rows))
            while row < end:
                stop = min(end, row + max(1, int(wanted / per_row)))
                yield Piece(number, row, stop), int((stop - row) * per_row)
                row, wanted = stop, sizes[1]


def group_at(source: Source, piece: Piece) -> tuple[int, pd.DataFrame]:
    """Return the number of the first row of the row group that holds a part, and the group's rows.

    Args:
        source: The files.
        piece: The part.

    Raises:
        UserErrorException: The file cannot be read, or has no such rows.

    """
    name = source.name(piece.file)
    opened = _opened(source.stream(piece.file), name)
    if opened is None:
        raise UserErrorException(
            f"{name} was cut by pyarrow on worker 0, and there is none here", remedy="use one environment"
        )
    first = 0
    with opened:
        for index in range(opened.metadata.num_row_groups):
            rows = opened.metadata.row_group(index).num_rows
            if first <= piece.start < first + rows:
                return first, _plain(opened.read_row_group(index).to_pandas())
            first += rows
    raise UserErrorException(f"{name} has {first} rows now, and had more", remedy="run the step again")


def empty(file: LocalFile) -> pd.DataFrame | None:
    """Return the columns of a file without its rows; None without pyarrow.

    Args:
        file: The file.

    """
    opened = _opened(file.path, file.name)
    if opened is None:
        return None
    with opened:
        return _plain(opened.schema_arrow.empty_table().to_pandas())


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with text as Python's own, and categories as the values that they stand for.

    The categories of one row group are not those of the whole file.
    """
    rows = plain_text(frame.reset_index(drop=True))
    categories = [column for column in rows.columns if str(rows[column].dtype) == "category"]
    return rows.astype(dict.fromkeys(categories, object)) if categories else rows


def _opened(source: object, name: str) -> Any:  # noqa: ANN401 - pyarrow has no types of its own
    """Return pyarrow's ParquetFile; None if there is no pyarrow that works."""
    try:
        made = importlib.import_module("pyarrow.parquet")
    except Exception:  # noqa: BLE001 - a library built for another numpy raises anything
        return None
    try:
        return made.ParquetFile(str(source) if isinstance(source, Path) else source)
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise UserErrorException(f"{name} cannot be read as Parquet: {error}", error) from error
