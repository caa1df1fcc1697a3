"""The attempt record as a container's termination message, which Kubernetes cuts at 4096 bytes.

https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from ..errors import BadInput
from .document import from_document, to_document
from .record import AttemptRecord

LIMIT = 4096


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
    short = replace(
        record, outputs={}, artifacts=(), reports=(), warnings=(), tail=record.tail[-800:], reason=record.reason[:400]
    )
    return _encode(short, whole=False)


def from_message(text: str) -> Termination | None:
    """What `to_message` wrote, or None when `text` is not that."""
    try:
        document = json.loads(text)
        whole = document.pop("whole")
        return Termination(from_document(AttemptRecord, document), bool(whole))
    except (ValueError, KeyError, AttributeError, BadInput):
        return None


def _encode(record: AttemptRecord, *, whole: bool) -> str:
    return json.dumps({**to_document(record), "whole": whole}, separators=(",", ":"))
