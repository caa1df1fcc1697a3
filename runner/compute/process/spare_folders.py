"""Work folders of ended attempts, kept for later ones, so that no step makes and deletes a dozen files.

A folder is kept only if all that lies in it is small and ordinary, and no process uses it or has a file of it open. Its
files are emptied; they and its folders are moved into the folder ``spare`` inside it, under new names. `FileMaker`
takes them from there. Only the folders that every attempt has keep their places.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import stat
import subprocess
from contextlib import suppress
from itertools import islice
from pathlib import Path

from ...dataclass import dataclass, field
from .files import STATE
from .folder_users import FolderUsers

SPARE = "spare"
"""The folder of a work folder in which its spare files and folders lie."""
FILE_LIMIT = 1 << 20
"""Bytes of a file above which its folder is not kept."""
_ENTRY_LIMIT = 100
"""Files and folders above which a folder is not kept."""
_USUAL_ATTRIBUTES = frozenset({"security.selinux"})
"""The attributes that the system gives to every file."""
_LASTING = frozenset({"", "code", "code/outputs", "code/logs", "inputs", "step", "step/reports", SPARE})
"""The folders that keep their places."""


@dataclass(frozen=True)
class SpareFolders:
    """The spare work folders of a workspace, which several controllers may use at the same time."""

    root: Path
    """The folder that holds them, on the file system of the work folders."""
    most: int
    """The most folders that are kept; further ones are deleted."""
    users: FolderUsers = field(default_factory=FolderUsers)

    def keep(self, folder: Path) -> None:
        """Keep the work folder of an attempt that has ended, or delete it."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            if len(self._fitting()) < self.most and _emptied(folder) and not self.users.exist(folder):
                folder.rename(self.root / f"{folder.parent.name}.{folder.name}")
        except OSError:
            pass  # another user's file, a full disk, a file that a process has open: it is deleted
        delete(folder)

    def take(self, path: Path) -> bool:
        """Make one of the spare folders the folder `path`; False: there is none."""
        for one in self._fitting():
            with suppress(OSError):  # another controller has taken it
                one.rename(path)
                return True
        return False

    def _fitting(self) -> tuple[Path, ...]:
        """Return the folders whose owner, group and mode are those that this process gives to new ones."""
        umask = _umask()
        if umask is None:
            return ()
        found = []
        with suppress(OSError):
            for one in self.root.iterdir():
                with suppress(FileNotFoundError):
                    facts = one.lstat()
                    if _is_own(facts) and stat.S_IMODE(facts.st_mode) == 0o777 & ~umask:
                        found.append(one)
        return tuple(found)


def delete(folder: Path) -> None:
    """Delete a folder as far as possible, however deep it is."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # before Python 3.13
        subprocess.run(["rm", "-rf", "--", str(folder)], stderr=subprocess.DEVNULL, check=False)


def _emptied(folder: Path) -> bool:
    """Move all that lies in the folder to its spare files and folders; False: it must not be used again."""
    umask = _umask()
    found = _found(folder)
    device = found[0][1].st_dev
    if umask is None or len(found) > _ENTRY_LIMIT:
        return False
    if not all(facts.st_dev == device and _is_ordinary(folder / relative, facts) for relative, facts in found):
        return False
    (folder / SPARE).mkdir(exist_ok=True)
    taken = {relative for relative, _ in found}
    names = (name for number in range(2 * _ENTRY_LIMIT) if (name := f"{SPARE}/{number}") not in taken)
    for relative, facts in reversed(found):  # what lies in a folder comes before the folder
        path, is_folder = folder / relative, stat.S_ISDIR(facts.st_mode)
        mode = (0o777 if is_folder else 0o666) & ~umask
        if stat.S_IMODE(facts.st_mode) != mode:
            os.chmod(path, mode)  # noqa: PTH101
        if is_folder:
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # fails for an immutable one (FS_IOC_SETFLAGS(2))
        else:
            _empty(path)
        if relative not in _LASTING and relative != STATE and os.path.dirname(relative) != SPARE:  # noqa: PTH120
            os.rename(path, folder / next(names))  # noqa: PTH104
    return True


def _empty(path: Path) -> None:
    """Remove the content of a file that no process has open. Raises OSError: one has (fcntl(2), ``F_SETLEASE``).

    A process that has it open could write into the file of a later step. Nobody finds the content later: it may be
    secret, and after a power failure it could take the place of what a later step had written.
    """
    import fcntl

    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)  # the default, SIGIO, would end this process
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        os.ftruncate(descriptor, 0)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)  # a child that starts now has the descriptor as well
    finally:
        os.close(descriptor)


def _found(folder: Path) -> list[tuple[str, os.stat_result]]:
    """Return the relative paths and facts of the folder and all that lies in it, cut off behind the limit."""
    found = [("", os.lstat(folder))]
    for relative, facts in found:  # it grows meanwhile
        if stat.S_ISDIR(facts.st_mode) and len(found) <= _ENTRY_LIMIT:
            with os.scandir(folder / relative) as entries:
                inside = f"{relative}/" if relative else ""
                some = islice(entries, _ENTRY_LIMIT)
                found += [(f"{inside}{entry.name}", entry.stat(follow_symlinks=False)) for entry in some]
    return found


def _is_ordinary(path: Path, facts: os.stat_result) -> bool:
    """Return True for a folder or small file as this process makes them: it has no other name, and no attributes."""
    if not _is_own(facts) or stat.S_IMODE(facts.st_mode) & ~0o777 or _has_attributes(path):
        return False
    return stat.S_ISDIR(facts.st_mode) or (
        stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1 and facts.st_size <= FILE_LIMIT
    )


def _is_own(facts: os.stat_result) -> bool:
    return (facts.st_uid, facts.st_gid) == (os.geteuid(), os.getegid())


def _has_attributes(path: Path) -> bool:
    """Return True if it has extended attributes or an access control list (xattr(7), acl(5))."""
    try:
        return not _USUAL_ATTRIBUTES.issuperset(os.listxattr(path, follow_symlinks=False))
    except OSError as error:
        return error.errno != errno.ENOTSUP


def _umask() -> int | None:
    """Return the umask of this process; None if the system does not show it, so that no folder is kept (proc(5))."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1], 8) for line in lines if line.startswith("Umask:")), None)
