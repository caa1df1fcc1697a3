"""One file's rows, with nothing made of its text yet."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...model.data import DatasetDefinition
from ..dataset_files import LocalFile
from ..dataset_types import PromoteHeadersBehavior
from ..exceptions import UserErrorException

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, object]
_ENCODINGS = {
    "utf8": "utf-8",
    "utf8bom": "utf-8-sig",
    "iso88591": "iso-8859-1",
    "latin1": "iso-8859-1",
    "ascii": "ascii",
    "windows1252": "cp1252",
    "utf16": "utf-16",
    "utf32": "utf-32",
}


@dataclass(frozen=True)
class Part:
    """What one file gives."""

    file: LocalFile
    frame: pd.DataFrame


def read_part(definition: DatasetDefinition, file: LocalFile, first: Part | None) -> Part:
    """The file's rows; `first` is the dataset's first file. Raises UserErrorException."""
    return Part(file, _READERS[definition.format](file, definition.options, first))


def _delimited(file: LocalFile, options: Options, first: Part | None) -> pd.DataFrame:
    import pandas as pd

    header, separator = _header(options), str(options.get("separator", ","))
    named = header != PromoteHeadersBehavior.NO_HEADERS
    later = first is not None and header == PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS
    try:
        frame: pd.DataFrame = pd.read_csv(
            file.path,
            sep=separator,
            header=0 if named and not later else None,
            encoding=_encoding(options),
            dtype=object,
            na_filter=False,
            engine="c" if len(separator) == 1 else "python",
        )
    except pd.errors.EmptyDataError:
        none: pd.DataFrame = pd.DataFrame()
        return none
    except (pd.errors.ParserError, UnicodeError, LookupError, OSError) as error:
        raise UserErrorException(f"{file.name} cannot be read as delimited text: {error}", error) from error
    if later and first is not None:
        return _named_like(frame, first, file)
    if not named:
        frame.columns = pd.Index([f"Column{number + 1}" for number in range(len(frame.columns))])
    plain: pd.DataFrame = frame.reset_index(drop=True)
    return plain


def _named_like(frame: pd.DataFrame, first: Part, file: LocalFile) -> pd.DataFrame:
    if len(frame.columns) != len(first.frame.columns):
        raise UserErrorException(
            f"{file.name} has {len(frame.columns)} columns, the first file ({first.file.name}) has "
            f"{len(first.frame.columns)}",
            remedy="header=ALL_FILES_HAVE_SAME_HEADERS, if every file has its own header",
        )
    frame.columns = first.frame.columns
    return frame


def _header(options: Options) -> int:
    header = options.get("header", True)
    if header is True:
        return PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
    return header if isinstance(header, int) else PromoteHeadersBehavior.NO_HEADERS


def _encoding(options: Options) -> str:
    encoding = str(options.get("encoding", "utf8"))
    return _ENCODINGS.get(encoding, encoding)


def _parquet(file: LocalFile, _options: Options, _first: Part | None) -> pd.DataFrame:
    import pandas as pd

    try:
        frame: pd.DataFrame = pd.read_parquet(file.path).reset_index(drop=True)
    except ImportError as error:
        raise without_engine("reading", error) from error
    except (ValueError, OSError) as error:  # pyarrow's own errors are ValueErrors
        raise UserErrorException(f"{file.name} cannot be read as Parquet: {error}", error) from error
    return frame


def without_engine(doing: str, error: ImportError) -> UserErrorException:
    """The error for Parquet where neither of pandas' engines is installed."""
    return UserErrorException(
        f"{doing} Parquet needs pyarrow, which is not installed here",
        error,
        remedy="pip install pyarrow here, or add pyarrow to the step's environment (CondaDependencies.add_pip_package)",
    )


def _json_lines(file: LocalFile, options: Options, _first: Part | None) -> pd.DataFrame:
    import pandas as pd

    drop, records = options.get("invalid_lines") == "drop", []
    try:
        with file.path.open(encoding=_encoding(options)) as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    records += _record(line, f"{file.name}, line {number}", drop=drop)
    except (UnicodeError, LookupError, OSError) as error:
        raise UserErrorException(f"{file.name} cannot be read as JSON lines: {error}", error) from error
    frame: pd.DataFrame = pd.DataFrame(records)
    return frame


def _record(line: str, where: str, *, drop: bool) -> list[dict[str, object]]:
    """The line's object; nothing for an invalid line that is to be dropped."""
    try:
        found = json.loads(line)
    except ValueError as error:
        found = error
    if isinstance(found, dict):
        return [found]
    if drop:
        return []
    raise UserErrorException(
        f"{where} is not a JSON object: {line.strip()[:80]!r}", remedy="correct it, or pass invalid_lines='drop'"
    )


_READERS: Mapping[str, Callable[[LocalFile, Options, Part | None], pd.DataFrame]] = {
    "delimited": _delimited,
    "parquet": _parquet,
    "json_lines": _json_lines,
}
