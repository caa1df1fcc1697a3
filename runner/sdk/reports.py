"""What a script reports of itself: lines of JSON, appended by the script and folded by readers.

Each call appends one line (O_APPEND: several processes of one step may report at once):
``metrics.jsonl`` {name, value, kind, time, step?, description?} · ``tags.jsonl`` {key, value} (null:
removed) · ``properties.jsonl`` {key, value} (the first value of a key stays) · ``facts.jsonl`` {key, value}.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .exceptions import UserErrorException

if TYPE_CHECKING:
    from pathlib import Path

METRICS = "metrics.jsonl"
TAGS = "tags.jsonl"
PROPERTIES = "properties.jsonl"
FACTS = "facts.jsonl"
"""What else is said of a run: ``display_name``, ``description``, ``snapshot``, ``status``, ``error`` …"""
Line = dict[str, object]


class Reports:
    """The folder a script appends to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, file: str, line: Mapping[str, object]) -> None:
        """Add one line, whole."""
        data = (json.dumps(line, default=plain) + "\n").encode()
        handle = os.open(self.folder / file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(handle, data)
        finally:
            os.close(handle)

    def lines(self, file: str) -> list[Line]:
        """What was appended so far."""
        try:
            return list(parse((self.folder / file).read_bytes()))
        except FileNotFoundError:
            return []


def metric_line(name: str, value: object, kind: str, **more: object) -> Line:
    """One metric as it is appended, with the time now."""
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"name": name, "value": value, "kind": kind, "time": at, **{k: v for k, v in more.items() if v is not None}}


def parse(data: bytes) -> Iterator[Line]:
    """The lines of a report file; a half-written last one is left out."""
    for line in data.splitlines():
        try:
            document = json.loads(line)
        except ValueError:
            continue
        if isinstance(document, dict):
            yield document


def fold_metrics(lines: Iterable[Line]) -> dict[str, object]:
    """v1's ``get_metrics``: a value logged once is a scalar, repeated ones are a list in order."""
    by_name: dict[str, list[Line]] = {}
    for line in lines:
        by_name.setdefault(str(line["name"]), []).append(line)
    return {name: _folded(said) for name, said in by_name.items()}


def fold_tags(lines: Iterable[Line]) -> dict[str, str]:
    """Tags as they are now: the last value of a key counts, null removes it."""
    tags: dict[str, str] = {}
    for line in lines:
        key, value = str(line["key"]), line["value"]
        if value is None:
            tags.pop(key, None)
        else:
            tags[key] = str(value)
    return tags


def fold_properties(lines: Iterable[Line]) -> dict[str, str]:
    """Properties never change: the first value of a key counts."""
    properties: dict[str, str] = {}
    for line in lines:
        properties.setdefault(str(line["key"]), str(line["value"]))
    return properties


def plain(value: object) -> object:
    """A JSON value for one that is not: numpy's and torch's scalars and arrays, times, paths."""
    for method in ("tolist", "isoformat"):
        convert = getattr(value, method, None)
        if callable(convert) and not isinstance(value, type):
            return convert()
    return str(value)


def checked_scalar(name: str, value: object) -> object:
    """A value for ``log``. Raises UserErrorException for a list or a table, as v1 does."""
    if isinstance(value, (list, tuple, dict, set)) or getattr(value, "ndim", None):
        raise UserErrorException(
            f"metric {name!r}: log takes one value, not a {type(value).__name__}",
            remedy="use log_list, log_row or log_table",
        )
    return value


def _folded(said: Sequence[Line]) -> object:
    """One metric's value of all its lines; the last one's kind counts."""
    kind, values = said[-1].get("kind"), [line["value"] for line in said]
    if kind in {"row", "table"}:
        return _table([value for value in values if isinstance(value, dict)])
    if kind == "list":
        return [item for value in values for item in (value if isinstance(value, list) else [value])]
    return values[0] if len(values) == 1 else values


def _table(said: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Columns of the cells in order; what was said once is as it was said."""
    if len(said) == 1:
        return dict(said[0])
    columns: dict[str, list[object]] = {}
    for row in said:
        for name, cell in row.items():
            columns.setdefault(name, []).extend(cell if isinstance(cell, list) else [cell])
    return dict(columns)
