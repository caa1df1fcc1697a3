"""Conversion of frames to files of a datastore: Parquet, delimited text, and a folder per combination of keys."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from ....dataclass import dataclass
from ...base.exceptions import UserErrorException
from .readers import without_engine

if TYPE_CHECKING:
    import pandas as pd

_TIME = "%Y/%m/%d/%H/%M/%S"
TIME_FORMAT = "yyyy/MM/dd/HH/mm/ss"
"""The form of times in a path, in the letters of partition formats."""


@dataclass(frozen=True)
class Folder:
    """The rows of one combination of partition keys."""

    path: str
    frame: pd.DataFrame
    """Without the keys' columns: the path has them."""


def as_parquet(frame: pd.DataFrame, row_group_size: int | None = None) -> bytes:
    """Return the frame as a Parquet file, without its index as in v1.

    Args:
        frame: The frame.
        row_group_size: Rows per row group. None: pyarrow's default.

    Raises:
        UserErrorException: There is no Parquet engine, or the frame cannot be written.

    """
    buffer = io.BytesIO()
    try:
        if row_group_size:
            frame.to_parquet(buffer, index=False, row_group_size=row_group_size)
        else:
            frame.to_parquet(buffer, index=False)
    except (ImportError, AttributeError) as error:
        raise without_engine("writing", error) from error
    except (ValueError, TypeError) as error:
        raise UserErrorException(f"the frame cannot be written as Parquet: {error}", error) from error
    return buffer.getvalue()


def as_text(frame: pd.DataFrame, separator: str) -> bytes:
    """Return the frame as delimited text in UTF-8 with a header.

    Args:
        frame: The frame.
        separator: The character between two fields.

    """
    text: str = frame.to_csv(index=False, sep=separator)
    return text.encode()


def key_columns(frame: pd.DataFrame, keys: Sequence[str]) -> list[str]:
    """Return the keys as a partition format has them: times with their letters.

    Args:
        frame: The frame.
        keys: The columns.

    Raises:
        UserErrorException: There is no such column.

    """
    import pandas as pd

    missing = [key for key in keys if key not in frame.columns]
    if missing or not keys:
        known, unknown = ", ".join(map(str, frame.columns)), missing[0] if missing else ""
        raise UserErrorException(f"partition_by: there is no column {unknown!r}; columns: {known}")
    return [
        f"{{{key}:{TIME_FORMAT}}}" if pd.api.types.is_datetime64_any_dtype(frame[key].dtype) else f"{{{key}}}"
        for key in keys
    ]


def folders(frame: pd.DataFrame, keys: Sequence[str]) -> Iterator[Folder]:
    """Yield the rows by the keys' values, sorted by them.

    Args:
        frame: The frame.
        keys: The columns.

    Raises:
        UserErrorException: A value cannot be part of a path.

    """
    for key in keys:
        if frame[key].isna().any():
            raise UserErrorException(
                f"partition_by: column {key!r} has rows without a value", remedy="filter them out, or fill them in"
            )
    by: str | list[str] = keys[0] if len(keys) == 1 else list(keys)
    for values, rows in frame.groupby(by, sort=True):
        whole = values if isinstance(by, list) and isinstance(values, tuple) else (values,)
        parts = [_segment(key, value) for key, value in zip(keys, whole)]
        yield Folder("/".join(parts), rows.drop(columns=list(keys)).reset_index(drop=True))


def _segment(key: str, value: object) -> str:
    strftime: Callable[[str], str] | None = getattr(value, "strftime", None)
    if strftime is not None:
        return strftime(_TIME)
    text = str(value)
    if not text or "/" in text or "\0" in text or text in (".", ".."):
        raise UserErrorException(
            f"partition_by: {text!r} of column {key!r} cannot be a folder's name", remedy="replace these values first"
        )
    return text
