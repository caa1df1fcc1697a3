"""The size of a mini-batch, as v1 writes it (pure)."""

from __future__ import annotations

import re

FILES = 10
"""v1's default for files: their number."""
BYTES = 1 << 20
"""v1's default for tables."""
_FORM = re.compile(r"(\d+)([kmg]b)?", re.IGNORECASE)
_UNITS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}


def batch_size(written: object) -> int:
    """Return the number of files or bytes that a size stands for.

    Args:
        written: A number, or text such as ``"10"``, ``"1KB"``, ``"10MB"``, ``"1GB"`` (units of 1024).

    Raises:
        ValueError: It is no such size, or 0; the message says so and begins with ``is``.

    """
    form = _FORM.fullmatch(str(written).strip()) if not isinstance(written, bool) else None
    if form is None:
        raise ValueError(f"is {written!r}, which is no size")
    size = int(form[1]) * _UNITS[(form[2] or "").lower()]
    if not size:
        raise ValueError(f"is {written!r}, so no batch would hold anything")
    return size


def is_in_bytes(written: object) -> bool:
    """Return True if a size has a unit, which only the sizes of tables have: files are counted.

    Args:
        written: The size, as for `batch_size`.

    """
    form = _FORM.fullmatch(str(written).strip())
    return form is not None and form[2] is not None
