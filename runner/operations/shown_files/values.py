"""A page of a file, as values."""

from __future__ import annotations

from enum import Enum

from ...dataclass import dataclass

READ = 1 << 20
"""The most bytes of a file that are read for one page of it."""


class FileKind(str, Enum):
    """The kinds of file that are shown each in its way."""

    TABLE = "table"
    TEXT = "text"
    JSON = "json"
    IMAGE = "image"
    """A raster image of known and bearable size."""
    SVG = "svg"
    HTML = "html"
    BINARY = "binary"
    """Anything else, and files that are not safe to show: the notes say why."""
    EMPTY = "empty"


@dataclass(frozen=True)
class Place:
    """A place in a file at which a page of it begins."""

    at: int = 0
    """Bytes from the start of the file; of Parquet: rows."""
    row: int = 0
    """Of delimited files: the number of rows before this place."""
    quoted: bool = False
    """Of delimited files: True if the place is inside a quoted cell."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A page of a file, or the facts about it."""

    kind: FileKind
    name: str
    bytes: int
    """The size of the whole file."""
    media_type: str = ""
    """Of images, SVG and HTML: the type with which a browser may be told to show the file."""
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    first_row: int = 0
    """The number of rows of the file before `rows`."""
    total_rows: int | None = None
    """None: unknown."""
    total_columns: int = 0
    text: str = ""
    width: int = 0
    """Of images, in pixels. `height` likewise."""
    height: int = 0
    facts: tuple[tuple[str, str], ...] = ()
    """More facts for people: name and value."""
    notes: tuple[str, ...] = ()
    """The parts that are not shown, and why, in words."""
    place: Place = Place()
    """The place of this page."""
    following: Place | None = None
    """The place of the next page; None: this is the last one."""
    preceding: Place | None = None
    """The place of the page before, where it is known; None: unknown, or there is none."""

    @property
    def complete(self) -> bool:
        """True if the page shows the whole file."""
        return self.place == Place() and self.following is None and not self.notes
