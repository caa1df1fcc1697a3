"""The way in which one attempt gets one input, as the controller has decided it."""

from __future__ import annotations

from ..dataclass import dataclass
from .data import Mode

MOUNTS_FOLDER = "/run/runner/mounts"
"""The folder of a container below which each mounted input has a folder, by the input's name."""
MOUNTED_DATA = "data"
"""The folder of a mount in which the files lie. A level above them can be mounted again under a running script."""

_LONGEST_NAME = 255
"""Bytes of a file's name in Linux (NAME_MAX of limits.h)."""

READY = "ready"
"""The file beside that folder which tells, on the user's machine, that the mount has come up."""


@dataclass(frozen=True)
class Delivery:
    """The way in which an attempt gets an input. It is no part of the reuse key."""

    mode: Mode
    """`Mode.DOWNLOAD`, `Mode.MOUNT` or `Mode.DIRECT`."""
    bytes: int
    """The size of the input."""
    reason: str
    """The reason, in a few words for people."""
    prefix: str = ""
    """Of a mount: the key of the folder that is mounted, without a trailing slash; empty: the whole datastore.

    It is the input's own folder; of an input that is a single file, the folder around it.
    """


def mount_place(name: str) -> str:
    """Return the absolute path at which a container has the mount of the input `name`."""
    return f"{MOUNTS_FOLDER}/{name}"


def unshown_name(path: str) -> bool:
    """Return True if a mounted bucket cannot show a file of that key or path under its own name.

    Such are names that are too long, no UTF-8 or not printable, and paths with empty parts, ``.`` or ``..``.
    """
    if not path:
        return False
    parts = path.split("/")
    odd = not path.isprintable() or not {"", ".", ".."}.isdisjoint(parts)
    return odd or any(len(part.encode()) > _LONGEST_NAME for part in parts)
