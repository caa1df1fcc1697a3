"""Parts of a table's files, and how one is read as a frame before types are chosen."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from ....dataclass import dataclass
from ....model.data import DatasetDefinition
from ..files import LocalFile

if TYPE_CHECKING:
    import pandas as pd

    from .forms import Shape

WHOLE = -1
"""The end of a part that is a whole file."""
RECORD = "\0record"
"""The only column of rows of JSON that are not yet columns: each is an object."""


@dataclass(frozen=True)
class Piece:
    """A part of one file."""

    file: int
    """The file's number in its dataset."""
    start: int
    stop: int
    """The byte or row after the last one; `WHOLE`: all of the file."""


class WiderRow(Exception):
    """A row has more fields than the first one of its file."""


class Source(Protocol):
    """The files of a dataset, of which parts are read."""

    def name(self, number: int) -> str:
        """Return a file's name in messages.

        Args:
            number: The file's number.

        """

    def read(self, number: int, start: int, stop: int) -> bytes:
        """Return bytes of a file.

        Args:
            number: The file's number.
            start: The first byte.
            stop: The byte after the last one.

        """

    def local(self, number: int) -> LocalFile:
        """Return a file on this machine; it may be downloaded.

        Args:
            number: The file's number.

        """

    def stream(self, number: int) -> io.RawIOBase:
        """Return a file that is read in places.

        Args:
            number: The file's number.

        """


class Reader:
    """Reads parts of a table's files as frames, before types are chosen.

    Args:
        definition: The dataset.
        source: Its files.
        shapes: The shapes of delimited files, by their numbers.

    """

    def __init__(self, definition: DatasetDefinition, source: Source, shapes: Mapping[int, Shape]) -> None:
        self._definition = definition
        self._source = source
        self._shapes = shapes
        self._group: tuple[int, int, pd.DataFrame] | None = None
        """The row group of Parquet that was read last: the next part is often in the same one."""

    def frame(self, piece: Piece) -> pd.DataFrame:
        """Return the rows of a part.

        Args:
            piece: The part.

        Raises:
            UserErrorException: It cannot be read.
            WiderRow: A row of delimited text has more fields than its shape.

        """
        form = self._definition.format
        if form == "delimited":
            return self._delimited(piece)
        return self._parquet(piece) if form == "parquet" else self._json_lines(piece)

    def _json_lines(self, piece: Piece) -> pd.DataFrame:
        """Return objects as they are: pandas chooses the columns of a file's objects when it has them together."""
        import pandas as pd

        from .readers import records_of

        if piece.stop == WHOLE:
            data = self._source.local(piece.file).path.read_bytes()
        else:
            data = self._source.read(piece.file, piece.start, piece.stop)
        records = records_of(io.BytesIO(data), self._source.name(piece.file), self._definition.options)
        frame: pd.DataFrame = pd.DataFrame({RECORD: pd.Series(records, dtype=object)})
        return frame

    def _delimited(self, piece: Piece) -> pd.DataFrame:
        from . import delimited
        from .forms import dialect
        from .record_ends import without_mark

        options, shape = self._definition.options, self._shapes[piece.file]
        if piece.stop == WHOLE:
            cells = delimited.cells_of(self._source.local(piece.file), options)
            whole = cells if shape.own is None else cells.iloc[1:].reset_index(drop=True)
            return delimited.with_names(whole, shape.columns)
        separator, encoding = dialect(options)
        data = self._source.read(piece.file, piece.start, piece.stop)
        # pandas takes the width of the first row, and cuts it off in silence where it is wider than the names.
        first = separator.join(["0"] * len(shape.columns)).encode() + b"\n"
        try:
            cells = delimited.read_cells(
                io.BytesIO(first + without_mark(data)), separator, encoding, len(shape.columns)
            )
        except (ValueError, LookupError) as error:
            if delimited.wider_than(error):
                raise WiderRow from error
            delimited.cells_of(self._source.local(piece.file), options)  # raises it with words for people
            raise
        rows: pd.DataFrame = cells.iloc[1:].reset_index(drop=True)
        return delimited.with_names(rows, shape.columns)

    def _parquet(self, piece: Piece) -> pd.DataFrame:
        from . import parquet
        from .readers import read_parts

        if piece.stop == WHOLE:
            return read_parts(self._definition, [self._source.local(piece.file)])[0].frame
        known = self._group
        if known is None or known[0] != piece.file or not known[1] <= piece.start < known[1] + len(known[2]):
            first, group = parquet.group_at(self._source, piece)
            known = self._group = piece.file, first, group
        first, group = known[1:]
        rows: pd.DataFrame = group.iloc[piece.start - first : piece.stop - first].reset_index(drop=True)
        return rows
