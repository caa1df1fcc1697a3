"""The reports of a script: lines of JSON, appended by the script and combined by readers.

Each call appends one line (O_APPEND: several processes of one step may report at once):
``metrics.jsonl`` {name, value, kind, time, step?, description?} · ``tags.jsonl`` {key, value} (null:
removed) · ``properties.jsonl`` {key, value} (the first value of a key stays) · ``facts.jsonl`` {key, value}.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Dict

from ...runs.tags import FILE as TAGS
from ...runs.tags import fold as fold_tags
from ...runs.tags import parsed as parse
from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from pathlib import Path

METRICS = "metrics.jsonl"
PROPERTIES = "properties.jsonl"
FACTS = "facts.jsonl"
"""Other facts of a run: ``display_name``, ``description``, ``snapshot``, ``status``, ``error`` …"""
Line = Dict[str, object]
__all__ = [
    "FACTS",
    "METRICS",
    "PROPERTIES",
    "TAGS",
    "Line",
    "Reports",
    "checked_scalar",
    "fold_metrics",
    "fold_properties",
    "fold_tags",
    "metric_line",
    "parse",
    "plain",
]


class Reports:
    """The folder to which a script appends.

    Args:
        folder: The folder.

    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Add one whole line.

        Args:
            file: The report file.
            line: The line.

        """
        data = (json.dumps(line, default=plain) + "\n").encode()
        handle = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)

    def flush(self) -> None:
        """Do nothing: a line is written when it is appended."""

    def lines(self, file: str) -> list[Line]:
        """Return the lines so far.

        Args:
            file: The report file.

        """
        try:
            return list(parse((self.folder / file).read_bytes()))
        except FileNotFoundError:
            return []


def metric_line(name: str, value: object, kind: str, **more: object) -> Line:
    """Return the line of a metric, with the time now.

    Args:
        name: The metric's name.
        value: Its value.
        kind: Its kind.
        **more: More fields; None is left out.

    """
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"name": name, "value": value, "kind": kind, "time": at, **{k: v for k, v in more.items() if v is not None}}


def fold_metrics(lines: Iterable[Line]) -> dict[str, object]:
    """Return v1's ``get_metrics``: a value that was logged once is a scalar, repeated ones are a list in order.

    Args:
        lines: The lines of metrics.

    """
    by_name: dict[str, list[Line]] = {}
    for line in lines:
        by_name.setdefault(str(line["name"]), []).append(line)
    return {name: _folded(repeated) for name, repeated in by_name.items()}


def fold_properties(lines: Iterable[Line]) -> dict[str, str]:
    """Return the properties: the first value of a key counts, since properties never change.

    Args:
        lines: The lines of properties.

    """
    properties: dict[str, str] = {}
    for line in lines:
        properties.setdefault(str(line["key"]), str(line["value"]))
    return properties


def plain(value: object) -> object:
    """Return a JSON value for one that is none: numpy's and torch's scalars and arrays, times, paths.

    Args:
        value: The value.

    """
    for method in ("tolist", "isoformat"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return convert()
    return str(value)


def checked_scalar(name: str, value: object) -> object:
    """Return a value for ``log``.

    Args:
        name: The metric's name.
        value: The value.

    Raises:
        UserErrorException: It is a list or a table, which v1 refuses too.

    """
    if isinstance(value, (list, tuple, dict, set)) or getattr(value, "ndim", None):
        raise UserErrorException(
            f"metric {name!r}: log takes one value, not a {type(value).__name__}",
            remedy="use log_list, log_row or log_table",
        )
    return value


def _folded(lines: Sequence[Line]) -> object:
    """Return one metric's value from all its lines; the last one's kind counts."""
    kind, values = lines[-1].get("kind"), [line["value"] for line in lines]
    if kind in {"row", "table"}:
        return _table([value for value in values if isinstance(value, dict)])
    if kind == "list":
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    return values[0] if len(values) == 1 else values


def _table(rows: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Return the columns of the cells in order. A single line stays as it is."""
    if len(rows) == 1:
        return dict(rows[0])
    columns: dict[str, list[object]] = {}
    for row in rows:
        for name, cell in row.items():
            columns.setdefault(name, []).extend(cell if isinstance(cell, list) else [cell])
    return dict(columns)
