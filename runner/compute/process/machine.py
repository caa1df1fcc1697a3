"""Checks of this machine, on which steps run as processes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...model.check import Check

ROOM = 1 << 30
"""Free bytes below which a disk counts as full: snapshots, environments and outputs are copied there."""


def checks(folder: Path) -> Iterator[Check]:
    """Yield the checks; `folder` holds the workspace's store, or will hold it."""
    yield _shell()
    places = {"workspace's disk": _nearest(folder), "temporary disk": Path(tempfile.gettempdir())}
    for name, place in places.items():
        yield _room(name, place)
    yield Check(
        name="cores", ok=True, detail=f"{os.cpu_count() or 1}: the most steps at a time unless workers says else"
    )


def _shell() -> Check:
    found = shutil.which("sh")
    if found:
        return Check(name="sh", ok=True, detail=found)
    return Check(name="sh", ok=False, detail="not on the PATH: steps run under it", remedy="install a POSIX shell")


def _room(name: str, place: Path) -> Check:
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Check(name=name, ok=False, detail=f"{place}: {error.strerror}", remedy="make the folder readable")
    shown = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free >= ROOM:
        return Check(name=name, ok=True, detail=shown)
    return Check(
        name=name, ok=False, detail=shown, remedy="free some disk, or set TMPDIR or the workspace's folder elsewhere"
    )


def _nearest(folder: Path) -> Path:
    """Return the folder itself or the first above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.exists())
