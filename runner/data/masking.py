"""Hide the values of secrets in bytes, texts, files, reports and records (pure except for copies of files).

`hidden` is always the result of `secret_values.masks`. Overlapping values become one ``***``, so that no part of one
stays. Every function gives the same result for a text as a whole and in pieces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Callable, List, Sequence

from ..model.record import AttemptRecord
from ..override import override

MASK = b"***"
_WAITING = 1 << 18
"""Bytes of one line that wait for its end."""
_BLOCK = 1 << 20
"""Bytes of a file that are read at a time."""
_FIELDS = frozenset({"name", "value", "kind", "time", "step", "description", "key", "at"})
"""The fields of report lines (`sdk.runs.reports`): their names stay, whatever the secrets are."""
_KIND = re.compile(r"[a-z_]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)")
"""Values that readers of the SDK's documents need: kinds of metrics, and times."""
CopyFile = Callable[[Path, Path, Sequence[bytes]], None]
"""Copies a file to a new one without the hidden values."""


class Hidden(List[bytes]):
    """Values to mask, which no `repr` shows; they may grow."""

    @override
    def __repr__(self) -> str:
        """Return their number."""
        return f"<{len(self)} hidden values>"


def masked(data: bytes, hidden: Sequence[bytes]) -> bytes:
    """Return `data` with ``***`` in the place of each value."""
    if not any(value in data for value in hidden):
        return data
    out, at = bytearray(), 0
    for start, end in _spans(data, hidden):
        out += data[at:start] + MASK
        at = end
    return bytes(out + data[at:])


def masked_text(text: str, hidden: Sequence[bytes]) -> str:
    """Return `text` with ``***`` in the place of each value."""
    return masked(text.encode("utf-8", "surrogatepass"), hidden).decode("utf-8", "surrogatepass") if hidden else text


def masked_record(record: AttemptRecord, hidden: Sequence[bytes]) -> AttemptRecord:
    """Return the record with ``***`` in its texts; outputs are data and stay as they are."""
    text = partial(masked_text, hidden=hidden)
    return replace(
        record,
        reason=text(record.reason),
        remedy=text(record.remedy),
        tail=text(record.tail),
        warnings=tuple(map(text, record.warnings)),
        artifacts=tuple(map(text, record.artifacts)),
        reports=tuple(map(text, record.reports)),
    )


def masked_lines(
    data: bytes, hidden: Sequence[bytes], *, fields: frozenset[str] | None = None, keep: frozenset[str] = frozenset()
) -> bytes:
    """Return lines of JSON with ``***`` in their strings, and in numbers that are a value as a whole.

    Args:
        data: The lines; those that are no JSON are masked as bytes.
        hidden: The values.
        fields: The names of an object's own fields, which stay; None: all names at the top of a line.
        keep: Fields at the top whose content stays.
    """
    if _is_clean(data, hidden):
        return data
    return b"".join(_masked_line(line, hidden, fields, keep) for line in data.splitlines(keepends=True))


def copy_file(source: Path, target: Path, hidden: Sequence[bytes]) -> None:
    """Copy a file of any size in blocks, with ``***`` in the place of each value. Raises OSError."""
    stream = Stream(hidden)
    with source.open("rb") as reading, target.open("wb") as writing:
        while block := reading.read(_BLOCK):
            writing.write(stream.add(block))
        writing.write(stream.rest())


def copy_reports(source: Path, target: Path, hidden: Sequence[bytes]) -> None:
    """Copy a report file by the line, as `masked_lines`. Raises OSError."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while lines := reading.readlines(_BLOCK):
            writing.write(masked_lines(b"".join(lines), hidden, fields=_FIELDS))


@contextmanager
def without(path: Path, hidden: Sequence[bytes], copy: CopyFile | None) -> Iterator[Path]:
    """Return a copy of the file without the hidden values; the file itself if there are none. Raises OSError."""
    if not hidden or copy is None:
        yield path
        return
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="runner-") as folder:
        shown = Path(folder) / "file"
        copy(path, shown, hidden)
        yield shown


@dataclass
class Stream:
    """Masks data that comes in pieces; holds back less than the longest value has bytes."""

    hidden: Sequence[bytes]
    _held: bytes = b""
    _covered: int = 0
    """Leading bytes of the buffer that belong to a value whose ``***`` was already returned."""

    def add(self, data: bytes) -> bytes:
        """Add bytes and return those that are ready."""
        self._held += data
        return self._leave(max(0, len(self._held) - max(map(len, self.hidden), default=1) + 1))

    def rest(self) -> bytes:
        """Return the rest."""
        return self._leave(len(self._held))

    def _leave(self, safe: int) -> bytes:
        out, at, open_at = bytearray(), 0, self._covered
        for start, end in _spans(self._held, self.hidden, self._covered):
            if start >= safe and not (start == 0 and open_at):
                break
            out += self._held[at:start] + (b"" if start == 0 and open_at else MASK)
            at = end
        out += self._held[at:safe]
        self._held, self._covered = self._held[safe:], max(0, at - safe)
        return bytes(out)


class Masking:
    """Masks a stream that people read: lines are returned as soon as they are complete."""

    def __init__(self, hidden: Sequence[bytes]) -> None:
        """Create it. `hidden` may grow; no value holds a line end."""
        self._hidden = hidden
        self._held = b""

    def add(self, data: bytes) -> bytes:
        """Add bytes and return complete lines, or a long line without a tail that may begin a value."""
        self._held += data
        end = self._held.rfind(b"\n") + 1
        if end or len(self._held) < _WAITING:
            return self._take(end)
        return self.idle()

    def idle(self) -> bytes:
        """Return everything but a tail that may begin a value, when nothing more comes for a while."""
        return self._take(complete(self._held, self._hidden))

    def rest(self) -> bytes:
        """Return the rest."""
        return self._take(len(self._held))

    def _take(self, end: int) -> bytes:
        out, self._held = self._held[:end], self._held[end:]
        return masked(out, self._hidden)


def complete(data: bytes | bytearray, hidden: Sequence[bytes]) -> int:
    """Return the number of bytes of `data` before a tail that may begin a value; a whole value is never divided."""
    longest = max(map(len, hidden), default=1) - 1
    tails = (len(data) - length for length in range(min(longest, len(data)), 0, -1))
    at = next((at for at in tails if any(value.startswith(data[at:]) for value in hidden)), len(data))
    if at == len(data):
        return at
    return next((start for start, end in _spans(data, hidden) if start < at < end), at)


def _spans(data: bytes | bytearray, hidden: Sequence[bytes], covered: int = 0) -> Iterator[tuple[int, int]]:
    """Yield the spans of values in order, overlapping ones as one.

    Args:
        data: The bytes.
        hidden: The values.
        covered: Leading bytes that are one span.
    """
    found = sorted((at, at + len(value)) for value in hidden for at in _finds(data, value))
    start, end = 0, covered
    for first, last in found:
        if first < end:
            end = max(end, last)
            continue
        if end:
            yield start, end
        start, end = first, last
    if end:
        yield start, end


def _finds(data: bytes | bytearray, value: bytes) -> Iterator[int]:
    at = data.find(value)
    while at >= 0:
        yield at
        at = data.find(value, at + 1)


def _masked_line(line: bytes, hidden: Sequence[bytes], fields: frozenset[str] | None, keep: frozenset[str]) -> bytes:
    if _is_clean(line, hidden):
        return line
    try:
        document = json.loads(line)
        shown = (
            _masked_top(document, hidden, fields, keep)
            if isinstance(document, dict)
            else _masked_json(document, hidden)
        )
        if shown == document:
            return line
        return json.dumps(shown).encode() + (b"\n" if line.endswith(b"\n") else b"")
    except (ValueError, RecursionError):
        return masked(line, hidden)


def _is_clean(data: bytes, hidden: Sequence[bytes]) -> bool:
    """Return True if the JSON can hold no value: any character of one may be written as an escape."""
    return b"\\" not in data and not any(value in data for value in hidden)


def _masked_top(
    document: dict[str, object], hidden: Sequence[bytes], fields: frozenset[str] | None, keep: frozenset[str]
) -> dict[str, object]:
    text = partial(masked_text, hidden=hidden)
    return {
        name if fields is None or name in fields else text(name): value
        if name in keep or _is_ours(name, value)
        else _masked_json(value, hidden)
        for name, value in document.items()
    }


def _is_ours(name: str, value: object) -> bool:
    return name == "kind" and isinstance(value, str) and _KIND.fullmatch(value) is not None


def _masked_json(value: object, hidden: Sequence[bytes]) -> object:
    if isinstance(value, str):
        return value if _TIME.fullmatch(value) and value.encode() not in hidden else masked_text(value, hidden)
    if isinstance(value, dict):
        return {masked_text(name, hidden): _masked_json(item, hidden) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked_json(item, hidden) for item in value]
    if isinstance(value, (int, float)) and json.dumps(value).encode() in hidden:
        return MASK.decode()
    return value
