"""Recognize a full disk."""

from __future__ import annotations

import errno

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The error numbers of a full disk and of an exhausted quota."""


def is_disk_full(error: Exception) -> bool:
    """Return True if a full disk caused the error of a store."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in DISK_FULL
