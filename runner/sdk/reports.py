"""What a script reports of itself: lines of JSON, appended by the script and folded by readers.

Each call appends one line (O_APPEND: several processes of one step may report at once):
``metrics.jsonl`` {name, value, kind, time, step?, description?} · ``tags.jsonl`` {key, value} (null:
removed) · ``properties.jsonl`` {key, value} (the first value of a key stays) · ``facts.jsonl`` {key, value}.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
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
    metrics: dict[str, object] = {}
    seen: dict[str, int] = {}
    for line in lines:
        name = str(line["name"])
        seen[name] = seen.get(name, 0) + 1
        metrics[name] = _joined(metrics.get(name), line, first=seen[name] == 1, second=seen[name] == 2)
    return metrics


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
    """A JSON value for one that is not: numpy scalars and arrays, times, paths."""
    for method in ("item", "tolist", "isoformat"):
        convert = getattr(value, method, None)
        if convert is not None:
            try:
                return convert()
            except ValueError:  # an array of many items has no item()
                continue
    return str(value)


def checked_scalar(name: str, value: object) -> object:
    """A value for ``log``. Raises UserErrorException for a list or a table, as v1 does."""
    if isinstance(value, (list, tuple, dict, set)) or getattr(value, "ndim", None):
        raise UserErrorException(
            f"metric {name!r}: log takes one value, not a {type(value).__name__}",
            remedy="use log_list, log_row or log_table",
        )
    return value


def _joined(known: object, line: Line, *, first: bool, second: bool) -> object:
    value = line["value"]
    match line.get("kind"):
        case "list":
            listed = value if isinstance(value, list) else [value]
            return listed if first or not isinstance(known, list) else [*known, *listed]
        case "row" | "table":
            return _table(known if isinstance(known, dict) else {}, value, first=first, second=second)
        case _:
            if first:
                return value
            return [known, value] if second or not isinstance(known, list) else [*known, value]


def _table(known: Mapping[str, object], value: object, *, first: bool, second: bool) -> dict[str, object]:
    added = value if isinstance(value, dict) else {}
    if first:
        return dict(added)
    columns = {name: [column] if second and not isinstance(column, list) else column for name, column in known.items()}
    for name, cell in added.items():
        column = columns.get(name)
        kept = column if isinstance(column, list) else []
        columns[name] = [*kept, *(cell if isinstance(cell, list) else [cell])]
    return columns
