"""The keys of stores that step pods get."""

from __future__ import annotations

from enum import Enum


class KeysPolicy(str, Enum):
    """The keys that steps get (``credentials`` of a target)."""

    AUTO = "auto"
    """Keys of the attempt's own where the store makes such, else those of the whole store."""
    SCOPED = "scoped"
    """Keys of the attempt's own, or no step starts."""
    STATIC = "static"
    """The keys of the whole store."""
