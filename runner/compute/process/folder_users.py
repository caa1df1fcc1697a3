"""Find processes that use a folder: by their working directories, open folders and mounts (proc(5)).

A process that is no descendant of a step's script may do so: a container that the script has started detached, a shell
of a person, a server that was asked to change its directory.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ...dataclass import dataclass, field

_PROC = "/proc"


@dataclass(frozen=True)
class FolderUsers:
    """The processes of this machine, as far as this user can see them."""

    _known: set[str] = field(default_factory=lambda: set(_processes()))
    """The ids of processes that were there before any step began: none of them has a mount of a step's folder."""

    def exist(self, folder: Path) -> bool:
        """Return True if a process uses the folder or one below it."""
        running = _processes()
        self._known.intersection_update(running)
        return any(_is_in(pid, folder) or (pid not in self._known and _reaches(pid, folder)) for pid in running)


def _processes() -> list[str]:
    try:
        return [name for name in os.listdir(_PROC) if name.isdecimal()]  # noqa: PTH208
    except OSError:
        return []


def _is_in(pid: str, folder: Path) -> bool:
    return _leads_to(f"{_PROC}/{pid}/cwd", f"{folder}/")


def _reaches(pid: str, folder: Path) -> bool:
    """Return True if the process has a mount of the folder, or an open descriptor of a file or folder there."""
    mounted = os.fsencode(f"/{folder.parent.name}/{folder.name}")
    with suppress(OSError), open(f"{_PROC}/{pid}/mountinfo", "rb") as mounts:  # noqa: PTH123
        if mounted in mounts.read():
            return True
    with suppress(OSError), os.scandir(f"{_PROC}/{pid}/fd") as descriptors:
        return any(_leads_to(one.path, f"{folder}/") for one in descriptors)
    return False


def _leads_to(link: str, below: str) -> bool:
    try:
        return f"{os.readlink(link)}/".startswith(below)  # noqa: PTH115
    except OSError:  # another user's, or it has ended
        return False
