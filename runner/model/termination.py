"""The attempt record as a container's termination message, which Kubernetes cuts at 4096 bytes.

https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
"""

from __future__ import annotations

import json
from dataclasses import replace

from ..dataclass import dataclass
from .document import from_document, to_document
from .record import AttemptRecord
from .stored_documents import UNREADABLE

LIMIT = 4096
OLDEST_PYTHON = (3, 8)
"""The oldest version of Python that a step runs on."""
OLD_PYTHON = "runner: the image's Python is too old"
"""The start of the message, with exit code 1, if a pod's Python is too old for a step; its version follows."""
_SIZES = (2000, 1000, 500, 250, 100, 0)
"""Characters of the tail, each of which takes up to twelve bytes in JSON."""


@dataclass(frozen=True)
class Termination:
    """The content of the message."""

    record: AttemptRecord
    whole: bool
    """False: parts were left out; the stored record has them."""


def to_message(record: AttemptRecord) -> str:
    """Return at most `LIMIT` bytes of JSON."""
    whole = _encode(record, whole=True)
    if len(whole.encode()) <= LIMIT:
        return whole
    short = replace(record, outputs={}, artifacts=(), reports=(), warnings=(), host=record.host[:64])
    return next(text for size in _SIZES if len(text := _cut(short, size)) <= LIMIT)


def from_message(text: str) -> Termination | None:
    """Parse the result of `to_message`; None if `text` is something else."""
    try:
        document = json.loads(text)
        whole = document.pop("whole")
        return Termination(from_document(AttemptRecord, document), bool(whole))
    except UNREADABLE:
        return None


def _cut(record: AttemptRecord, size: int) -> str:
    tail = record.tail[len(record.tail) - min(size, len(record.tail)) :]
    reason, remedy = record.reason[: size // 2], record.remedy[: size // 2]
    return _encode(replace(record, reason=reason, remedy=remedy, tail=tail), whole=False)


def _encode(record: AttemptRecord, *, whole: bool) -> str:
    return json.dumps({**to_document(record), "whole": whole}, separators=(",", ":"))
