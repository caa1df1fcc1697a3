"""Opening the files that people name: only regular files of a moderate size are read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ..dataclass import dataclass
from ..errors import BadInput

LARGEST = 4 * 1024 * 1024
"""Bytes. No configuration, pipeline or key file is larger; reading a larger one would exhaust the memory first."""
_MOUNTED = 0o440
"""The mode of a file of a Secret with ``defaultMode: 0400`` in a pod that has an ``fsGroup``."""
_ABSENT = (FileNotFoundError, NotADirectoryError)


@dataclass(frozen=True)
class Found:
    """The content of a file, and who may read it."""

    data: bytes
    mode: int
    """The permission bits: 0o600 is readable by its owner alone."""
    owner: int = 0
    """The id of the user who owns it."""

    @property
    def exposed(self) -> bool:
        """True if others than its owner can read it.

        The files of a Secret in a pod belong to root, and the group of the pod may read them: only root could change
        that, and nobody else is in the group.
        """
        mounted = self.owner == 0 and os.geteuid() != 0 and self.mode & 0o777 == _MOUNTED
        return bool(self.mode & 0o077) and not mounted


def content(path: Path) -> Found | None:
    """Return the content of a regular file.

    Args:
        path: The file, or a link to it.

    Returns:
        The content; None if there is no such file, or if it is the null device, which names none on purpose.

    Raises:
        BadInput: It is a folder, a pipe or a device, it is larger than `LARGEST`, or it cannot be read. A pipe is
            refused without waiting for a writer.
    """
    try:
        # O_NONBLOCK: without it, opening a pipe for reading waits for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except _ABSENT:
        return None
    except PermissionError as error:
        if not os.access(path.parent, os.X_OK):  # another user's home folder: this user has no file there
            return None
        raise _unreadable(path, error) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        facts = os.fstat(descriptor)
        mode = facts.st_mode
        if _is_null_device(descriptor):
            return None
        if not stat.S_ISREG(mode):
            raise BadInput(f"cannot be read: it is {_kind(mode)}", str(path), "put a regular file in its place")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    finally:
        os.close(descriptor)
    if len(data) > LARGEST:
        limit = f"{LARGEST // 1024**2} MiB"
        raise BadInput(f"cannot be read: it is larger than {limit}", str(path), "check that this is the right file")
    return Found(data, stat.S_IMODE(mode), facts.st_uid)


def _is_null_device(descriptor: int) -> bool:
    facts = os.fstat(descriptor)
    return stat.S_ISCHR(facts.st_mode) and facts.st_rdev == Path(os.devnull).stat().st_rdev


def text(path: Path) -> str | None:
    """Return the text of a regular UTF-8 file; None if there is no such file. Raises BadInput as `content` does."""
    found = content(path)
    return None if found is None else decoded(found.data, path)


def private_text(path: Path) -> str | None:
    """Return the text of a file that only its owner can read; None if there is no such file.

    Args:
        path: A file that holds keys or a secret.

    Raises:
        BadInput: As `content`; also if the group or others can read the file. It never holds the content.
    """
    found = content(path)
    if found is None:
        return None
    if found.exposed:
        raise BadInput(f"the file can be read by others (mode {found.mode:04o})", str(path), f"chmod 600 {path}")
    return decoded(found.data, path)


def decoded(data: bytes, path: Path) -> str:
    """Return `data` decoded from UTF-8, without a byte order mark. Raises BadInput if it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"not UTF-8 text: {error.reason} at byte {error.start}"
        raise BadInput(what, str(path), "save it as UTF-8") from None  # the error holds the bytes


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "a folder"
    if stat.S_ISFIFO(mode):
        return "a pipe (FIFO)"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"


def _unreadable(path: Path, error: OSError | ValueError) -> BadInput:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return BadInput(f"cannot be read: {why}", str(path), "make it readable, or remove it")
