"""Readers of one file's rows. Text stays text."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Mapping

from ....dataclass import dataclass
from ....model.data import DatasetDefinition
from ...base.exceptions import UserErrorException
from ..files import LocalFile
from ..types import codec
from .delimited import read_rows
from .joining import EXACT

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, object]


@dataclass(frozen=True)
class Part:
    """The rows of one file."""

    file: LocalFile
    frame: pd.DataFrame


def read_parts(definition: DatasetDefinition, files: Iterable[LocalFile], rows: int | None = None) -> list[Part]:
    """Return the rows of every file.

    Args:
        definition: The dataset.
        files: Its files.
        rows: The number of first rows that are enough. Default: None, all are needed.

    Raises:
        UserErrorException: A file cannot be read.

    """
    parts: list[Part] = []
    found = 0
    for part in _parts(definition, files):
        parts.append(part)
        found += len(part.frame)
        if rows is not None and found >= rows:
            break
    return parts


def _parts(definition: DatasetDefinition, files: Iterable[LocalFile]) -> Iterator[Part]:
    if definition.format != "delimited":
        yield from (Part(file, _READERS[definition.format](file, definition.options)) for file in files)
        return
    first = None
    for file in files:
        rows = read_rows(file, definition.options, first)
        first = first or rows.header
        yield Part(file, rows.frame)


def _parquet(file: LocalFile, _options: Options) -> pd.DataFrame:
    import pandas as pd

    try:
        frame: pd.DataFrame = pd.read_parquet(file.path).reset_index(drop=True)
    except (ImportError, AttributeError) as error:
        raise without_engine("reading", error) from error
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise UserErrorException(f"{file.name} cannot be read as Parquet: {error}", error) from error
    return frame


def without_engine(doing: str, error: Exception) -> UserErrorException:
    """Return the error that explains why neither of pandas' Parquet engines can be used.

    Args:
        doing: ``reading`` or ``writing``, for the message.
        error: The error of pandas.

    """
    if importlib.util.find_spec("pyarrow") is None:
        return UserErrorException(
            f"{doing} Parquet needs pyarrow, which is not installed here",
            error,
            remedy="pip install pyarrow here, or add pyarrow to the step's environment "
            "(CondaDependencies.add_pip_package)",
        )
    return UserErrorException(
        f"{doing} Parquet needs pyarrow, which is installed here but cannot be used: {_import_error() or error}",
        error,
        remedy=f"install versions that fit together; here are {', '.join(_versions())}",
    )


def _import_error() -> str:
    """Return the text of the error on importing pyarrow, which pandas hides; empty if the import works."""
    try:
        importlib.import_module("pyarrow")
    except Exception as error:  # noqa: BLE001 - a library built for another numpy raises anything
        return f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]
    return ""


def _versions() -> Iterator[str]:
    for package in ("pyarrow", "pandas", "numpy"):
        with suppress(importlib.metadata.PackageNotFoundError):
            yield f"{package} {importlib.metadata.version(package)}"


def _json_lines(file: LocalFile, options: Options) -> pd.DataFrame:
    with file.path.open("rb") as data:
        return frame_of(records_of(data, file.name, options))


def records_of(data: IO[bytes], name: str, options: Options) -> list[dict[str, object]]:
    """Return the objects of JSON lines.

    Args:
        data: Whole lines.
        name: The file's name, for messages.
        options: The options of the dataset's definition.

    Raises:
        UserErrorException: A line is no JSON object, or the text is of another encoding.

    """
    drop, records = options.get("invalid_lines") == "drop", []
    try:
        lines = io.TextIOWrapper(data, encoding=_json_codec(options))
        for number, line in enumerate(lines, 1):
            if line.strip():
                records += _record(line, f"{name}, line {number}", drop=drop)
    except (UnicodeError, LookupError, OSError) as error:
        raise UserErrorException(f"{name} cannot be read as JSON lines: {error}", error) from error
    return records


def frame_of(records: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return the objects of one file as rows.

    Args:
        records: The objects.

    """
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(list(records))
    for column in frame.columns:
        if frame[column].dtype.kind == "f" and bool((frame[column].abs() >= EXACT).any()):
            frame[column] = _unrounded([record.get(column) for record in records], frame[column])
    return frame


def _unrounded(values: Sequence[object], floats: pd.Series) -> pd.Series:
    """Return the floats that pandas made of a column, or the values themselves where a float changes an integer."""
    if all(value == float(value) for value in values if isinstance(value, int)):
        return floats
    exact = floats.astype(object)
    exact[:] = list(values)
    return exact


def _json_codec(options: Options) -> str:
    """Return Python's encoding; that of UTF-8 skips a byte order mark."""
    name = codec(options.get("encoding", "utf8"))
    return "utf-8-sig" if name == "utf-8" else name


def _record(line: str, where: str, *, drop: bool) -> list[dict[str, object]]:
    """Return the line's object; nothing for an invalid line that is to be dropped."""
    what = "is not a JSON object"
    try:
        found = json.loads(line, object_pairs_hook=_object)
    except _Duplicate as error:
        found, what = None, f"has the key {error} twice"
    except ValueError:
        found = None
    if isinstance(found, dict):
        return [found]
    if drop:
        return []
    raise UserErrorException(
        f"{where} {what}: {line.strip()[:80]!r}", remedy="correct it, or pass invalid_lines='drop'"
    )


class _Duplicate(ValueError):
    """A key that an object has twice."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _value in pairs]
        raise _Duplicate(repr(next(key for key in keys if keys.count(key) > 1)))
    return found


_READERS: Mapping[str, Callable[[LocalFile, Options], pd.DataFrame]] = {
    "parquet": _parquet,
    "json_lines": _json_lines,
}
