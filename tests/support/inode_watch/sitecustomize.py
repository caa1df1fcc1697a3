"""Write down each file and folder that this process makes or frees below a folder; Python imports this at its start.

The environment names the folder, ``INODE_WATCH``, and the log, ``INODE_WATCH_LOG``. The log has a line for each file:
``made`` or ``freed``, a space and the path. A file is freed with its last name. Audit events are those of PEP 578.
"""

# ruff: noqa: PTH100, PTH112, PTH115, PTH118, PTH120
# Paths are text here: this runs before each system call of every process.

from __future__ import annotations

import os
import stat
import sys

ROOT, LOG = os.environ.get("INODE_WATCH", ""), os.environ.get("INODE_WATCH_LOG", "")


def _absolute(path: object, folder: object = -1) -> str:
    text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    if isinstance(folder, int) and folder >= 0:
        text = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), text)
    return os.path.abspath(text) if text else ""


def _is_last_name(path: str) -> bool:
    try:
        facts = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) or facts.st_nlink == 1


def _watch(descriptor: int) -> None:
    def note(what: str, path: str) -> None:
        if path.startswith(f"{ROOT}/"):
            os.write(descriptor, f"{what} {path}\n".encode())

    def heard(event: str, given: tuple[object, ...]) -> None:
        if event == "open" and isinstance(given[2], int) and given[2] & os.O_CREAT:
            path = _absolute(given[0])
            if path and not os.path.lexists(path):
                note("made", path)
        elif event == "os.mkdir":
            path = _absolute(given[0], given[2])
            if not os.path.lexists(path) and os.path.isdir(os.path.dirname(path)):
                note("made", path)
        elif event in ("os.remove", "os.rmdir"):
            path = _absolute(given[0], given[1])
            if _is_last_name(path):
                note("freed", path)
        elif event == "os.rename":
            path = _absolute(given[1], given[3])
            if _is_last_name(path):
                note("freed", path)

    sys.addaudithook(heard)


if ROOT:
    _watch(os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644))
