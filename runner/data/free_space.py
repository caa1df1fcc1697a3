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
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        facts = os.statvfs(place)
    except OSError:
        return ""
    blocks = facts.f_bfree if os.geteuid() == 0 else facts.f_bavail
    if blocks * facts.f_frsize < LEAST:
        return f"no room is left on the disk of {folder}: make room there"
    if facts.f_files and not facts.f_ffree:
        return f"the disk of {folder} can hold no more files: delete some there"
    return ""
