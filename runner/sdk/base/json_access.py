"""Access to values of v1's documents, whose fields may be missing, null or of another type."""

from __future__ import annotations

from collections.abc import Mapping


def mapping(value: object) -> dict[str, object]:
    """Return the mapping; empty for anything else.

    Args:
        value: The value of a field.

    """
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def items(value: object) -> list[object]:
    """Return the list; empty for anything else.

    Args:
        value: The value of a field.

    """
    return list(value) if isinstance(value, (list, tuple)) else []


def text(value: object) -> str:
    """Return the text; empty for null.

    Args:
        value: The value of a field.

    """
    return "" if value is None else str(value)


def number(value: object) -> int | None:
    """Return the whole number; None for anything else.

    Args:
        value: The value of a field.

    """
    return value if isinstance(value, int) and not isinstance(value, bool) else None
