"""The metrics that a step's script has logged, read from the store."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..errors import ObjectMissing
from ..model.task import TaskId
from ..ports import ObjectStore

if TYPE_CHECKING:
    from hashlib import _Hash

FILE = "metrics.jsonl"
BYTES = 4 << 20
"""The most bytes of a file of metrics that are read where not every value counts."""
_HEAD = 1 << 20
_LONGEST = 64 << 20
"""The most bytes of a line."""


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str
    kind: str
    """One of ``scalar``, ``list``, ``row``, ``table``, ``image`` …"""
    value: object
    """The newest value."""
    count: int
    """The number of logged values."""


@dataclass(frozen=True)
class MetricLines:
    """The lines of an attempt's file of metrics; of a large file its first and its last ones."""

    lines: list[str]
    bytes: int
    """The size of the file."""
    skipped: int
    """Bytes between the first and the last lines that were not read."""
    etag: str = ""
    """A text that changes with the file; empty: there is none."""


def metrics_of(store: ObjectStore, task: TaskId) -> tuple[Metric, ...]:
    """Return the metrics of an attempt in the order in which their names first appeared. Every line is read."""
    return gather(every_line(store, task))


def metric_lines(store: ObjectStore, task: TaskId) -> MetricLines:
    """Return the lines of an attempt's file of metrics; of a file of more than `BYTES` the first and the last ones.

    Args:
        store: The workspace store.
        task: The attempt.

    Raises:
        StoreError: The store fails.

    """
    key = task.reports + FILE
    info = store.stat(key)
    if info is None:
        return MetricLines([], 0, 0)
    try:
        if info.size <= BYTES:
            return MetricLines(_lines(store.read_range(key, 0, BYTES)), info.size, 0, info.etag)
        head = store.read_range(key, 0, _HEAD)
        start = info.size - (BYTES - _HEAD)
        tail = store.read_range(key, start, BYTES - _HEAD)
    except ObjectMissing:
        return MetricLines([], 0, 0)
    first, last = head.rfind(b"\n") + 1, tail.find(b"\n") + 1 or len(tail)  # no half lines
    return MetricLines(_lines(head[:first]) + _lines(tail[last:]), info.size, start + last - first, info.etag)


def every_line(store: ObjectStore, task: TaskId) -> Iterator[str]:
    """Yield every line of an attempt's file of metrics, with a part of it in memory.

    Args:
        store: The workspace store.
        task: The attempt.

    Raises:
        StoreError: The store fails.

    """
    key, at, rest = task.reports + FILE, 0, b""
    while True:
        try:
            data = store.read_range(key, at, _HEAD)
        except ObjectMissing:
            return
        at += len(data)
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        rest = rest if len(rest) <= _LONGEST else b""  # it is no line of ours
        yield from (line.decode(errors="replace") for line in lines)
        if len(data) < _HEAD:
            yield rest.decode(errors="replace")
            return


def lines_backwards(store: ObjectStore, task: TaskId) -> Iterator[str]:
    """Yield the lines of an attempt's file of metrics from the last one on: who wants few reads little.

    Args:
        store: The workspace store.
        task: The attempt.

    Raises:
        StoreError: The store fails.

    """
    key = task.reports + FILE
    info = store.stat(key)
    end, rest = info.size if info else 0, b""
    while end > 0:
        start = max(0, end - _HEAD)
        try:
            lines = (store.read_range(key, start, end - start) + rest).split(b"\n")
        except ObjectMissing:
            return
        rest, end = lines[0] if start else b"", start
        rest = rest if len(rest) <= _LONGEST else b""  # it is no line of ours
        yield from (line.decode(errors="replace") for line in reversed(lines[1 if start else 0 :]))


def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").split("\n")


def gather(lines: Iterable[str]) -> tuple[Metric, ...]:
    """Return metrics by name. An incomplete line is ignored: the script was killed while it wrote it."""
    found: dict[str, Metric] = {}
    for line in lines:
        report = named_report(line)
        if report is None:
            continue
        name = str(report["name"])
        before = found[name].count if name in found else 0
        found[name] = Metric(name, str(report.get("kind", "scalar")), report.get("value"), before + 1)
    return tuple(found.values())


def courses(lines: Iterable[str]) -> tuple[tuple[Metric, str], ...]:
    """Return metrics as `gather` does, each with a digest of all its values in order."""
    from hashlib import sha256  # it loads OpenSSL

    found: dict[str, Metric] = {}
    digests: dict[str, _Hash] = {}
    for line in lines:
        report = named_report(line)
        if report is None:
            continue
        name, value = str(report["name"]), report.get("value")
        before = found[name].count if name in found else 0
        found[name] = Metric(name, str(report.get("kind", "scalar")), value, before + 1)
        digests.setdefault(name, sha256()).update(f"{comparable(value)}\n".encode(errors="replace"))
    return tuple((metric, digests[name].hexdigest()) for name, metric in found.items())


def comparable(value: object) -> str:
    """Return a text that equal values share: numbers by their value, true is no number, and NaN equals NaN."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


def named_report(line: str) -> dict[str, object] | None:
    """Return a line of the file as a document; None for an incomplete one: the script was killed while it wrote it."""
    try:
        report = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return report if isinstance(report, dict) and "name" in report else None
