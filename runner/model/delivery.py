"""The way in which one attempt gets one input, as the controller has decided it."""

from __future__ import annotations

from ..dataclass import dataclass
from .data import Mode

MOUNTS_FOLDER = "/run/runner/mounts"
"""The folder of a container below which each mounted input has a folder, by the input's name."""
MOUNTED_DATA = "data"
"""The folder of a mount in which the files lie. A level above them can be mounted again under a running script."""


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
