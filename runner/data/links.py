"""Give an output that stays where it was written its own bytes, with no link to other files.

A script may link a staged input into its output (inputs are deleted when the step has ended), or a file of the user
(whose next edit would change the committed output). Another process may still have a file open.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ..backports import is_below
from ..errors import BadInput

_COPY = ".runner-copy-"
"""The beginning of the name of an unfinished copy. An existing one was left by a killed controller."""


def own(path: Path) -> None:
    """Replace every file at or below `path` that is shared with others by a copy.

    These are symbolic links that lead out of `path`, files with a hard link outside it, and files that a process has
    open for writing. Links between its own files stay, and so do links to what is neither a file nor a folder
    (``/dev/zero``), which no output holds.

    Raises:
        OSError: A copy cannot be made.
        BadInput: A link leads to a folder around `path`.
    """
    root = Path(os.path.realpath(path.parent), path.name)
    for link in (path,) if path.is_symlink() else tuple(_links_below(path)):
        real = Path(os.path.realpath(link))
        if is_below(root, real):
            raise BadInput(f"the link {link} leads to a folder around it", remedy="remove the link")
        if (real.is_file() or real.is_dir()) and not is_below(real, root):
            _replace(link, real)
    for file in _shared(path):
        _replace(file, file)


def _links_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        for name in names:
            if name.startswith(_COPY):
                Path(parent, name).unlink()
        yield from (path for name in (*folders, *names) if (path := Path(parent, name)).is_symlink())


def _shared(path: Path) -> list[Path]:
    """Yield the files that another name outside `path`, or another process, can change."""
    names: dict[tuple[int, int], list[Path]] = defaultdict(list)
    found: list[Path] = []
    for file in _files(path):
        facts = file.lstat()
        if stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1:
            names[facts.st_dev, facts.st_ino].append(file)
        elif stat.S_ISREG(facts.st_mode) and _open_for_writing(file):
            found.append(file)
    for linked in names.values():
        if len(linked) < linked[0].lstat().st_nlink or _open_for_writing(linked[0]):
            found.extend(linked)
    return found


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield from (path,) if path.exists() else ()
        return
    for parent, _, names in os.walk(path):
        yield from (Path(parent, name) for name in names)


def _open_for_writing(path: Path) -> bool:
    """Return True if a process can write to the file by an open descriptor or mapping; False if this is unknown.

    The kernel refuses a read lease on such a file: fcntl(2), F_SETLEASE.
    """
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False  # reading it fails the step in words
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # ignored; who opens the file now sends us SIGIO else
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:  # another user's file, or a file system without leases
        return False
    finally:
        os.close(descriptor)
    return False


def _replace(path: Path, real: Path) -> None:
    """Replace `path` by a copy of `real`, completely or not at all."""
    made = path.with_name(f"{_COPY}{os.urandom(6).hex()}")
    if real.is_dir():
        shutil.copytree(real, made, ignore=_uncopyable, ignore_dangling_symlinks=True)
        path.unlink()
        made.rename(path)
        return
    try:
        shutil.copy(real, made)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def _uncopyable(folder: str, names: list[str]) -> set[str]:
    """Return the names of entries that are neither files nor folders nor links to these."""
    return {name for name in names if not (Path(folder, name).is_file() or Path(folder, name).is_dir())}
