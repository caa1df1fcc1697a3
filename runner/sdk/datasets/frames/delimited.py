"""Delimited files: their fields as text, in columns named by v1's rules.

pandas' C parser reads every file. A row with more fields than the header is an error for it, so the file is scanned
for its widest row, one row at a time, and read again with that many columns. Only such files pay for the scan.
A pandas that cuts such rows off in silence, as pandas 1.0 does, makes every file pay for it.
"""

from __future__ import annotations

import csv
import importlib
import io
import re
import sys
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Mapping

from ....dataclass import dataclass
from ...base.exceptions import UserErrorException
from ..files import LocalFile
from ..types import PromoteHeadersBehavior, codec, header_mode
from .headers import column_names, fits_by_name

if TYPE_CHECKING:
    import pandas as pd

Options = Mapping[str, object]
COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst", ".tar"})
"""Extensions of files that pandas unpacks."""
_UNPACKERS: Mapping[str, str] = {".gz": "gzip", ".bz2": "bz2", ".xz": "lzma"}
"""Extension → the module that opens such a file."""
_WIDER = re.compile(r"Expected \d+ fields in line \d+, saw (\d+)")
_OPEN_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")


@dataclass(frozen=True)
class Header:
    """The header row of a file."""

    file: str
    cells: tuple[str, ...]
    """Without empty fields at the end."""


@dataclass(frozen=True)
class Rows:
    """The rows of one delimited file."""

    frame: pd.DataFrame
    header: Header | None = None
    """The file's own header row; None if all its rows are data, or it has none."""


@dataclass(frozen=True)
class Naming:
    """The names of a file's columns."""

    columns: tuple[str, ...]
    header: Header | None = None
    """The file's own header row; None if its first row is data."""


def read_rows(file: LocalFile, options: Options, first: Header | None) -> Rows:
    """Read one file and return its rows.

    Args:
        file: The file.
        options: The options of a delimited dataset's definition.
        first: The header of the dataset's first file that has rows; None while there is none.

    Raises:
        UserErrorException: The file is not text of that encoding, or a quote is never closed.

    """
    cells = cells_of(file, options)
    if not len(cells):
        return Rows(cells)
    named = naming(file.name, cells.iloc[0].tolist(), len(cells.columns), options, first)
    rows = cells if named.header is None else cells.iloc[1:].reset_index(drop=True)
    return Rows(with_names(rows, named.columns), named.header)


def naming(file: str, first_row: Sequence[str], width: int, options: Options, first: Header | None) -> Naming:
    """Return the names of a file's columns, and whether its first row is its header (pure but for a warning).

    Args:
        file: The file's name.
        first_row: The fields of its first row.
        width: The number of fields of its widest row.
        options: The options of a delimited dataset's definition.
        first: The header of the dataset's first file that has rows; None while there is none.

    """
    mode = header_mode(options.get("header", True))
    if mode == PromoteHeadersBehavior.NO_HEADERS:
        return Naming(_names((), width))
    if first is not None and mode == PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS:
        return Naming(_names(first.cells, width))
    own = Header(file, _without_empty_end(first_row))
    shared = first is not None and mode == PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
    return Naming(_names(_header_in_force(own, first) if first is not None and shared else own.cells, width), own)


def _header_in_force(own: Header, first: Header) -> tuple[str, ...]:
    """Choose between a later file's header and the first file's, which v1 takes for every file."""
    if fits_by_name(own.cells, first.cells):
        return own.cells
    warnings.warn(
        f"{own.file} has another header ({', '.join(own.cells)}) than the first file, {first.file} "
        f"({', '.join(first.cells)}): its columns get the first file's names, by position; "
        "header=PromoteHeadersBehavior.COMBINE_ALL_FILES_HEADERS keeps the names of each file",
        stacklevel=2,
    )
    return first.cells


def _names(header: Sequence[str], width: int) -> tuple[str, ...]:
    return tuple(column_names(header, width)[:width])


def with_names(cells: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return a file's cells with names for their columns.

    Args:
        cells: The cells; their columns are changed.
        names: As many names as there are columns.

    """
    import pandas as pd

    cells.columns = pd.Index(names)
    return cells


def _without_empty_end(cells: Sequence[str]) -> tuple[str, ...]:
    filled = [number for number, cell in enumerate(cells, 1) if cell.strip()]
    return tuple(cells[: filled[-1]] if filled else ())


def cells_of(file: LocalFile, options: Options) -> pd.DataFrame:
    """Return all rows, the header among them, in columns numbered from 0; missing fields at the end are empty.

    Args:
        file: The file.
        options: The options of a delimited dataset's definition.

    Raises:
        UserErrorException: The file is not text of that encoding, or a quote is never closed.

    """
    import pandas as pd

    separator, encoding = str(options.get("separator", ",")), codec(options.get("encoding", "utf8"))
    cuts_nul = int(pd.__version__.partition(".")[0]) < 3 and "16" not in encoding and "32" not in encoding
    try:
        frame = _read(file.path, separator, encoding)
    except pd.errors.EmptyDataError:
        none: pd.DataFrame = pd.DataFrame()
        return none
    except (ValueError, LookupError, OSError, csv.Error) as error:
        text, remedy = f"{file.name} cannot be read as delimited text: {error}", ""
        if isinstance(error, UnicodeError):
            remedy = "say how the file is encoded: encoding='utf16', 'latin1', 'windows1252' …"
        elif found := _OPEN_QUOTE.search(str(error)):
            text = f"{file.name} cannot be read as delimited text: a quote in row {int(found[1]) + 1} is never closed"
            remedy = 'close it, or double a quote that belongs to the text ("")'
        raise UserErrorException(text, error, remedy=remedy) from error
    if cuts_nul:
        _refuse_nul(file)  # now that it is known not to be of another encoding
    return frame


def _refuse_nul(file: LocalFile) -> None:
    """Raise UserErrorException for a file with a NUL character, at which pandas before 3 ends a field."""
    with file.path.open("rb") as data:
        while block := data.read(1 << 20):
            if b"\0" in block and file.path.suffix not in COMPRESSED:
                raise UserErrorException(
                    f"{file.name} has a NUL character, and this pandas would cut its field there",
                    remedy="install pandas 3 or newer, or remove the character",
                )


def read_cells(source: Path | IO[bytes], separator: str, encoding: str, width: int | None) -> pd.DataFrame:
    """Return the rows of text, their fields as they are, in columns numbered from 0.

    Args:
        source: A file, or text that begins and ends where a record does.
        separator: The character between two fields.
        encoding: Python's name of the encoding.
        width: The number of columns. None: only the first row is read, and has as many as it has fields.

    Raises:
        pandas.errors.ParserError: A row has more fields than `width`.
        pandas.errors.EmptyDataError: There are no rows.

    """
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(
        source, sep=separator, encoding=encoding, engine="c", dtype=object, na_filter=False, header=None,
        names=None if width is None else range(width), index_col=False, nrows=1 if width is None else None,
    )  # fmt: skip
    return frame


def _read(path: Path, separator: str, encoding: str) -> pd.DataFrame:
    import pandas as pd

    def read(width: int | None) -> pd.DataFrame:
        """Read the first row, or with a known width all rows."""
        return read_cells(path, separator, encoding, width)

    width = len(read(None).columns)
    if cuts_wide_rows():
        return read(max(width, widest_row(path, separator, encoding)))
    while True:
        try:
            return read(width)
        except pd.errors.ParserError as error:
            if not wider_than(error):
                raise
            width = max(wider_than(error), widest_row(path, separator, encoding))


def wider_than(error: Exception) -> int:
    """Return the number of fields of the row for which pandas raised an error; 0 for another error.

    Args:
        error: The error.

    """
    found = _WIDER.search(str(error))
    return int(found[1]) if found is not None else 0


@lru_cache(maxsize=None)
def cuts_wide_rows() -> bool:
    """Return True if this pandas drops the fields that a row has beyond the first row's, without an error."""
    import pandas as pd

    try:
        pd.read_csv(io.StringIO("1\n1,2\n"), engine="c", header=None, names=range(1), index_col=False)
    except pd.errors.ParserError:
        return False
    return True


def widest_row(path: Path, separator: str, encoding: str) -> int:
    """Return the number of fields of the widest row; 0 if only pandas can unpack the file. One row is in memory.

    Args:
        path: The file.
        separator: The character between two fields.
        encoding: Python's name of the encoding.

    """
    if path.suffix in COMPRESSED - _UNPACKERS.keys() - {".zip"}:
        return 0
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with _unpacked(path) as data:
            lines = io.TextIOWrapper(data, encoding=encoding, newline="")
            plain = (line.replace("\0", " ") for line in lines)  # Python 3.10's csv refuses NUL characters
            return max(map(len, csv.reader(plain, delimiter=separator)), default=0)
    finally:
        csv.field_size_limit(limit)


@contextmanager
def _unpacked(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".zip":  # pandas takes archives of one file only
        with zipfile.ZipFile(path) as archive:
            yield archive.open(archive.namelist()[0])
        return
    # Imported here alone: a Python can be built without one of them.
    opened: IO[bytes] = (
        importlib.import_module(_UNPACKERS[path.suffix]).open(path) if path.suffix in _UNPACKERS else path.open("rb")
    )
    with opened as data:
        yield data
