"""Check the free space of a disk: a full disk keeps a controller from writing, even about the full disk itself."""

from __future__ import annotations

import os
from pathlib import Path

LEAST = 64 << 10
"""Bytes below which a disk counts as full: a journal entry and its folder take less."""


def without_room(folder: Path) -> str:
    """Return a sentence when the disk of `folder`, which need not exist, is full; empty when it is not.

    See statvfs(3): root may also use the blocks that a file system reserves.
    """
    facts = _facts(folder)
    if facts is None:
        return ""
    if _free(facts) < LEAST:
        return f"no room is left on the disk of {folder}: make room there"
    if facts.f_files and not facts.f_ffree:
        return f"the disk of {folder} can hold no more files: delete some there"
    return ""


def free_bytes(folder: Path) -> int | None:
    """Return the bytes that this user may write to the disk of `folder`, which need not exist; None: unknown."""
    facts = _facts(folder)
    return None if facts is None else _free(facts)


def _facts(folder: Path) -> os.statvfs_result | None:
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return os.statvfs(place)
    except OSError:
        return None


def _free(facts: os.statvfs_result) -> int:
    return (facts.f_bfree if os.geteuid() == 0 else facts.f_bavail) * facts.f_frsize
