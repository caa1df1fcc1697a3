"""Values out of written documents of v1, whose fields may be missing, null or of another type."""

from __future__ import annotations

from collections.abc import Mapping


def mapping(value: object) -> dict[str, object]:
    """The mapping; empty for anything else."""
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """The list; empty for anything else."""
    return list(value) if isinstance(value, (list, tuple)) else []


def text(value: object) -> str:
    """The text; empty for null."""
    return "" if value is None else str(value)


def number(value: object) -> int | None:
    """The whole number; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
