"""The sign and the colour of each state."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.signs import SIGNS
from .paint import Paint

_STYLES: Mapping[str, str] = {
    "waiting": "dim",
    "queued": "dim",
    "running": "cyan",
    "stopped": "red",
    "canceling": "yellow",
    "succeeded": "green",
    "reused": "green",
    "failed": "red",
    "canceled": "yellow",
    "skipped": "yellow",
    "retry": "yellow",
    "overdue": "yellow",
    "sampled": "dim",
    "slept": "dim",
}


def style(status: str) -> str:
    """The colour of a state."""
    return _STYLES.get(status, "")


def mark(status: str) -> str:
    """The sign of a state, wherever it is shown."""
    return SIGNS.get(status, " ")


def sign(status: str, paint: Paint) -> str:
    """The sign of a state, on a terminal that shows colours; elsewhere the words do."""
    return mark(status) if paint.on else ""
