"""Mounting and unmounting by system calls. No call here waits for a file system that does not answer."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

_DETACH = 2
"""MNT_DETACH of umount2(2): unmount now, and let go of what is still open."""
_NO_SUID, _NO_DEVICES, _NO_EXEC = 2, 4, 8
_CONNECTIONS = Path("/sys/fs/fuse/connections")
"""https://docs.kernel.org/filesystems/fuse/fuse.html#control-filesystem"""
_ASK = "import os, sys; os.statvfs(sys.argv[1])"


def mount_frame(target: Path) -> None:
    """Mount a small tmpfs, below which a view can be replaced while pods see the tmpfs. Raises OSError."""
    _mount("runner", target, "tmpfs", _NO_SUID | _NO_DEVICES | _NO_EXEC, "size=64k,nr_inodes=16,mode=0755")


def mount_fuse_control() -> None:
    """Make the control files of FUSE visible, if they are not."""
    if _CONNECTIONS.is_dir() and not mount_at(_CONNECTIONS):
        with suppress(OSError):  # without them, `abort` does nothing
            _mount("none", _CONNECTIONS, "fusectl", 0, "")


def unmount(target: Path) -> None:
    """Take away every mount at this path. Raises OSError."""
    while mount_at(target):
        _check(_libc().umount2(os.fsencode(target), _DETACH), target)


def abort(target: Path) -> None:
    """Let every waiting read of the FUSE mount at this path fail now, even if its server hangs."""
    found = mount_at(target)
    if found and found[1].startswith("fuse"):
        with suppress(OSError):
            (_CONNECTIONS / found[0].partition(":")[2] / "abort").write_text("1", encoding="ascii")


def mount_at(target: Path) -> tuple[str, str] | None:
    """Return device number and type of the topmost mount at exactly this path. None: nothing is mounted there."""
    found = None
    for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        left, _, right = line.partition(" - ")
        parts = left.split()
        if parts[4].encode("utf-8", "surrogateescape").decode("unicode_escape") == str(target):
            found = parts[2], right.split()[0]
    return found


def answers(target: Path, seconds: float) -> bool:
    """Return True if the file system at this path answers within so many seconds.

    Only ``statvfs`` asks the server of a FUSE mount; ``stat`` is answered from a cache. A child asks, because whoever
    asks a server that hangs cannot be killed; the child is left behind then, and ends with the mount.
    """
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", _ASK, str(target)], stderr=subprocess.DEVNULL)
    try:
        return child.wait(seconds) == 0
    except subprocess.TimeoutExpired:
        child.kill()
        return False


def _mount(source: str, target: Path, kind: str, flags: int, options: str) -> None:
    code = _libc().mount(
        source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), options.encode() or None
    )
    _check(code, target)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(code: int, target: Path) -> None:
    if code:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(target))
