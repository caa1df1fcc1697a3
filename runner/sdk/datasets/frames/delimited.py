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
_COMPRESSED = frozenset({".gz", ".bz2", ".xz", ".zip", ".zst", ".tar"})
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


def read_rows(file: LocalFile, options: Options, first: Header | None) -> Rows:
    """Read one file and return its rows.

    Args:
        file: The file.
        options: The options of a delimited dataset's definition.
        first: The header of the dataset's first file that has rows; None while there is none.

    Raises:
        UserErrorException: The file is not text of that encoding, or a quote is never closed.

    """
    cells, mode = _cells(file, options), header_mode(options.get("header", True))
    if not len(cells):
        return Rows(cells)
    if mode == PromoteHeadersBehavior.NO_HEADERS:
        return Rows(_named(cells, ()))
    if first is not None and mode == PromoteHeadersBehavior.ONLY_FIRST_FILE_HAS_HEADERS:
        return Rows(_named(cells, first.cells))
    own = Header(file.name, _without_empty_end(cells.iloc[0].tolist()))
    rows = cells.iloc[1:].reset_index(drop=True)
    shared = first is not None and mode == PromoteHeadersBehavior.ALL_FILES_HAVE_SAME_HEADERS
    return Rows(_named(rows, _header_in_force(own, first) if first is not None and shared else own.cells), own)


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


def _named(cells: pd.DataFrame, header: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    width = len(cells.columns)
    cells.columns = pd.Index(column_names(header, width)[:width])
    return cells


def _without_empty_end(cells: Sequence[str]) -> tuple[str, ...]:
    filled = [number for number, cell in enumerate(cells, 1) if cell.strip()]
    return tuple(cells[: filled[-1]] if filled else ())


def _cells(file: LocalFile, options: Options) -> pd.DataFrame:
    """Return all rows, the header among them, in columns numbered from 0; missing fields at the end are empty."""
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
            if b"\0" in block and file.path.suffix not in _COMPRESSED:
                raise UserErrorException(
                    f"{file.name} has a NUL character, and this pandas would cut its field there",
                    remedy="install pandas 3 or newer, or remove the character",
                )


def _read(path: Path, separator: str, encoding: str) -> pd.DataFrame:
    import pandas as pd

    def read(width: int | None) -> pd.DataFrame:
        """Read the first row, or with a known width all rows."""
        frame: pd.DataFrame = pd.read_csv(
            path, sep=separator, encoding=encoding, engine="c", dtype=object, na_filter=False, header=None,
            names=None if width is None else range(width), index_col=False, nrows=1 if width is None else None,
        )  # fmt: skip
        return frame

    width = len(read(None).columns)
    if _cuts_wide_rows():
        return read(max(width, _widest_row(path, separator, encoding)))
    while True:
        try:
            return read(width)
        except pd.errors.ParserError as error:
            wider = _WIDER.search(str(error))
            if wider is None:
                raise
            width = max(int(wider[1]), _widest_row(path, separator, encoding))


@lru_cache(maxsize=None)
def _cuts_wide_rows() -> bool:
    """Return True if this pandas drops the fields that a row has beyond the first row's, without an error."""
    import pandas as pd

    try:
        pd.read_csv(io.StringIO("1\n1,2\n"), engine="c", header=None, names=range(1), index_col=False)
    except pd.errors.ParserError:
        return False
    return True


def _widest_row(path: Path, separator: str, encoding: str) -> int:
    """Count the fields of the widest row, with one row in memory at a time; 0 if only pandas can unpack the file."""
    if path.suffix in _COMPRESSED - _UNPACKERS.keys() - {".zip"}:
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
