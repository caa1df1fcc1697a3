"""Runs side by side, for their page (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from ..dataclass import dataclass
from ..model.names import short
from ..operations.comparison import Comparison, Row
from ..operations.metric_history import RunMetrics
from ..operations.run_words import value_text
from .run_texts import clipped
from .texts import duration

CHARTS = 12
"""The most metrics that are drawn."""
ROWS = 300
"""The most rows of one kind that differ, and the most that do not."""
_DIGEST = 12


@dataclass(frozen=True)
class ShownRow:
    """One thing that each run may have, as texts; empty where it has none."""

    name: str
    values: tuple[str, ...]
    same: bool


@dataclass(frozen=True)
class Section:
    """Rows of one kind."""

    name: str
    title: str
    rows: tuple[ShownRow, ...]

    @property
    def differing(self) -> tuple[ShownRow, ...]:
        """The rows in which the runs differ, at most `ROWS`."""
        return tuple(row for row in self.rows if not row.same)[:ROWS]

    @property
    def equal(self) -> tuple[ShownRow, ...]:
        """The rows in which all runs have the same, at most `ROWS`."""
        return tuple(row for row in self.rows if row.same)[:ROWS]

    @property
    def more(self) -> int:
        """The number of rows that are not shown."""
        return len(self.rows) - len(self.differing) - len(self.equal)


@dataclass(frozen=True)
class DiffLine:
    """One line of a diff, with the kind of the line: ``added``, ``removed``, ``place`` or empty."""

    kind: str
    text: str


def sections(found: Comparison) -> tuple[Section, ...]:
    """Return the rows of a comparison as texts.

    Args:
        found: The comparison.

    """
    kinds = (
        ("parameters", "Parameters", found.parameters),
        ("metrics", "Metrics", found.metrics),
        ("seconds", "Times", found.seconds),
        ("states", "States of the steps", found.states),
        ("inputs", "Inputs, by digest", found.inputs),
        ("outputs", "Outputs, by digest", found.outputs),
        ("tags", "Tags", found.tags),
    )
    return tuple(Section(name, title, tuple(_row(name, row) for row in rows)) for name, title, rows in kinds if rows)


def diff_lines(diff: Sequence[str]) -> tuple[DiffLine, ...]:
    """Return the lines of a unified diff with their kinds.

    Args:
        diff: The lines.

    """
    return tuple(DiffLine(_kind(line), line) for line in diff)


def metric_charts(runs: Sequence[RunMetrics]) -> tuple[dict[str, object], ...]:
    """Return charts of the metrics that several values were logged for, the runs over each other.

    Args:
        runs: The metrics of each run.

    """
    titles = dict.fromkeys(each.title for run in runs for each in run.metrics if each.count > 1)
    return tuple(_chart(title, runs) for title in list(titles)[:CHARTS])


def _chart(title: str, runs: Sequence[RunMetrics]) -> dict[str, object]:
    return {
        "title": title,
        "data": {
            "series": [_series(run, title, place) for place, run in enumerate(runs)],
            "options": {"label": f"{title} of the runs", "xLabel": "number of the value", "legend": True},
        },
    }


def _series(run: RunMetrics, title: str, place: int) -> dict[str, object]:
    metric = next((each for each in run.metrics if each.title == title), None)
    points: list[list[float | None]] = []
    if metric is not None:
        scale = max(1, metric.count - 1) / max(1, len(metric.values) - 1)
        points = [[round(at * scale), value] for at, value in enumerate(metric.values)]
    return {"name": short(run.run), "points": points, "color": place % 8 + 1}


def _kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "place"
    return {"+": "added", "-": "removed"}.get(line[:1], "")


def _row(name: str, row: Row) -> ShownRow:
    title = f"{row.name} ({row.note})" if row.note else row.name
    return ShownRow(title, tuple(_text(name, value) for value in row.values), row.same)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if name == "seconds" and isinstance(value, (int, float)):
        return duration(value)
    if name in ("inputs", "outputs"):
        return str(value)[:_DIGEST]
    if isinstance(value, float):
        return f"{value:.6g}"
    return clipped(value_text(value))
