"""A metric as a page shows it, and readers of values of unknown form (pure)."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

from ..dataclass import dataclass

ROWS = 200
"""The most rows of a table beside a chart."""
COLUMNS = 30
"""The most columns of such a table."""
POINTS = 2000
"""The most points of a line. Of more, the least and the greatest of each stretch are drawn."""
LINES = 8
"""The most lines of a chart."""
CELL = 200
"""The most characters of a cell."""
_SHORT = 40
"""Characters of a value that stands among others."""
Point = tuple[float, float | None]
Json = dict[str, object]


@dataclass(frozen=True)
class Table:
    """The values of a chart as text, for those who do not see it, and for copying."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    """The rows and columns that are left out, in words."""


@dataclass(frozen=True)
class Chart:
    """A chart for ``runnerPages.drawChart``."""

    title: str
    series: tuple[Json, ...]
    options: Json

    @property
    def document(self) -> Json:
        """The chart as the script reads it."""
        return {"series": list(self.series), "options": self.options}


@dataclass(frozen=True)
class Heat:
    """A matrix of numbers: each cell has a text and a level from 0 to 9."""

    labels: tuple[str, ...]
    rows: tuple[tuple[tuple[str, int], ...], ...]


@dataclass(frozen=True, kw_only=True)
class MetricView:
    """One metric as a page shows it."""

    name: str
    kind: str
    description: str = ""
    count: int
    """The number of values that were logged."""
    latest: str = ""
    """The newest value of a scalar."""
    facts: tuple[tuple[str, str], ...] = ()
    charts: tuple[Chart, ...] = ()
    heat: Heat | None = None
    images: tuple[str, ...] = ()
    """Names of files that the step kept."""
    table: Table | None = None

    @property
    def is_single(self) -> bool:
        """True if its one short value says all of it."""
        return 0 < len(self.latest) <= _SHORT and self.table is None


@dataclass(frozen=True, kw_only=True)
class MetricPicture:
    """An image of a metric. The page that shows it knows the addresses."""

    source: str = ""
    """The address of the image; empty: it is not safe to show, or too large."""
    page: str = ""
    """The address of the page of the file; empty: there is none."""
    width: int = 0
    """In pixels, as `height`."""
    height: int = 0
    note: str = ""
    """The reason why it is not shown."""


def number(value: object) -> float | None:
    """Return a finite number; None: it is none.

    Args:
        value: The value.

    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def numbers(value: object) -> list[float] | None:
    """Return a list of finite numbers; None: it is no such list, or it is empty.

    Args:
        value: The value.

    """
    if not isinstance(value, list) or not value:
        return None
    found = [known for one in value if (known := number(one)) is not None]
    return found if len(found) == len(value) else None


def text(value: object) -> str:
    """Return a value as the text of a cell.

    Args:
        value: Any value of JSON.

    """
    if isinstance(value, str):
        shown = value
    elif isinstance(value, float) and math.isfinite(value):
        shown = f"{value:.6g}"
    elif value is None:
        shown = ""
    elif isinstance(value, int | float):
        shown = str(value) if abs(value) < 1e30 else f"{'-' if value < 0 else ''}more than 30 digits"
    else:
        shown = _written(value)
    return shown if len(shown) <= CELL else f"{shown[:CELL]}…"


def _written(value: object) -> str:
    if isinstance(value, list | dict) and len(value) > CELL:
        return f"{len(value):,} values"
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "nested too deeply"


def table(columns: Sequence[object], rows: Sequence[Sequence[object]], *, newest: bool = False) -> Table:
    """Return a table of texts within the bounds.

    Args:
        columns: The names of the columns.
        rows: The rows.
        newest: True: of too many rows, the last ones are kept. Default: False, the first ones.

    """
    kept = (rows[-ROWS:] if newest else rows[:ROWS]) if len(rows) > ROWS else rows
    notes = []
    if len(rows) > len(kept):
        notes.append(f"{'Last' if newest else 'First'} {ROWS} of {len(rows):,} rows.")
    if len(columns) > COLUMNS:
        notes.append(f"First {COLUMNS} of {len(columns):,} columns.")
    shown = tuple(tuple(text(cell) for cell in row[:COLUMNS]) for row in kept)
    return Table(tuple(text(one) for one in columns[:COLUMNS]), shown, " ".join(notes))


def line(name: str, points: Iterable[Point], **more: object) -> Json:
    """Return a series of a chart, thinned out if it has many points.

    Args:
        name: The name of the series.
        points: Its points, sorted by x.
        **more: More fields, such as ``style``.

    """
    return {"name": name[:80], "points": [list(point) for point in thinned(list(points))], **more}


def thinned(points: Sequence[Point]) -> list[Point]:
    """Return at most about `POINTS` points: of each stretch, those with the least and the greatest y.

    Args:
        points: The points, sorted by x.

    """
    if len(points) <= POINTS:
        return list(points)
    width = -(-2 * len(points) // POINTS)
    kept: list[Point] = []
    for start in range(0, len(points), width):
        stretch = [point for point in points[start : start + width] if point[1] is not None]
        if stretch:
            ends = {min(stretch, key=_height), max(stretch, key=_height)}
            kept += sorted(ends)
    return kept


def _height(point: Point) -> float:
    return point[1] if point[1] is not None else 0.0
