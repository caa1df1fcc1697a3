"""The attempt record as a container's termination message, which Kubernetes cuts at 4096 bytes.

https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
"""

from __future__ import annotations

import json
from dataclasses import replace

from ..dataclass import dataclass
from ..errors import BadInput
from .document import from_document, to_document
from .record import AttemptRecord

LIMIT = 4096
OLD_PYTHON = "runner: the image's Python is too old"
"""How the message starts instead, with exit code 1, when a pod's Python cannot run a step; its version follows."""
_SIZES = (2000, 1000, 500, 250, 100, 0)
"""Letters of the tail, one of which takes up to twelve bytes in JSON."""


@dataclass(frozen=True)
class Termination:
    """What the message says."""

    record: AttemptRecord
    whole: bool
    """False: parts were left out; the stored record has them."""


def to_message(record: AttemptRecord) -> str:
    """At most `LIMIT` bytes of JSON."""
    whole = _encode(record, whole=True)
    if len(whole.encode()) <= LIMIT:
        return whole
    short = replace(record, outputs={}, artifacts=(), reports=(), warnings=(), host=record.host[:64])
    return next(text for size in _SIZES if len(text := _cut(short, size)) <= LIMIT)


def from_message(text: str) -> Termination | None:
    """What `to_message` wrote, or None when `text` is not that."""
    try:
        document = json.loads(text)
        whole = document.pop("whole")
        return Termination(from_document(AttemptRecord, document), bool(whole))
    except (ValueError, KeyError, TypeError, AttributeError, BadInput):
        return None


def _cut(record: AttemptRecord, size: int) -> str:
    tail = record.tail[len(record.tail) - min(size, len(record.tail)) :]
    reason, remedy = record.reason[: size // 2], record.remedy[: size // 2]
    return _encode(replace(record, reason=reason, remedy=remedy, tail=tail), whole=False)


def _encode(record: AttemptRecord, *, whole: bool) -> str:
    return json.dumps({**to_document(record), "whole": whole}, separators=(",", ":"))
