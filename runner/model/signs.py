"""The sign of each state, in the terminal and on pages."""

from __future__ import annotations

from collections.abc import Mapping

SIGNS: Mapping[str, str] = {
    "waiting": "○",
    "queued": "◌",
    "running": "●",
    "canceling": "●",
    "succeeded": "✓",
    "reused": "✓",
    "failed": "✗",
    "canceled": "■",
    "skipped": "↷",
}
"""The sign of a state by its value."""
