"""Run a script that sees some files and folders read-only, whoever runs it: a private view of the file system.

Modes of files do not keep their owner or root from writing. A process in a user namespace of its own may mount
(user_namespaces(7)): a bind mount of each path onto itself is made read-only there. Then a second user namespace
inside the first one locks these mounts (mount_namespaces(7), "Restrictions on mount namespaces"): what runs in there
can neither remount nor unmount them. Linux only, and some systems forbid user namespaces.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
"""CLONE_NEWNS and CLONE_NEWUSER (unshare(2))."""
_READ_ONLY, _REMOUNT, _BIND, _ALL, _SLAVE = 1, 32, 4096, 16384, 1 << 19
"""MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC and MS_SLAVE (mount(2))."""
_KEPT = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
"""Flags of statvfs(3) that a remount has to repeat, as mount(2) writes them: nosuid, nodev, noexec, and of times."""
_CANNOT = 126
_TRY = 'cat "$0" > /dev/null && ! (echo x >> "$0") 2> /dev/null'
_SECONDS = 10
_PACKAGE = Path(__file__).parents[2]
_CODE = f"import sys; sys.path[0] = sys.argv.pop(1); from {__name__} import main; main()"


def command(protected: Iterable[Path]) -> tuple[str, ...]:
    """Return the beginning of a command line that runs the rest of it in a view.

    Args:
        protected: The files and folders that are read-only in the view.

    """
    given = json.dumps([str(path) for path in protected])
    return (sys.executable, "-E", "-S", "-c", _CODE, str(_PACKAGE.parent), given)


@lru_cache(maxsize=1)
def possible() -> bool:
    """Return True if this system makes views: tried once, with a file that must withstand a write."""
    if sys.platform != "linux":
        return False
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "file")
        file.write_bytes(b"kept")
        try:
            tried = subprocess.run(
                [*command([Path(folder)]), "/bin/sh", "-c", _TRY, str(file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return tried.returncode == 0 and file.read_bytes() == b"kept"


def main() -> None:
    """Make the view that the first argument describes, and become the command of the others."""
    protected, rest = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        _enter()
        _protect(protected)
        _enter()
    except OSError as error:
        sys.exit(_failed(f"its inputs cannot be made read-only: {error}"))
    try:
        os.execvp(rest[0], rest)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(_failed(f"{rest[0]}: {error.strerror or error}"))


def _failed(why: str) -> int:
    sys.stderr.write(f"runner: {why}\n")
    return _CANNOT


def _enter() -> None:
    """Enter new namespaces of users and mounts, in which this user has the same ids. Raises OSError."""
    users, groups = (_mapping(name, own) for name, own in (("uid", os.geteuid()), ("gid", os.getegid())))
    whole = os.geteuid() == 0
    entered, told = os.pipe()
    helper = os.fork()
    if helper == 0:  # from outside: inside, this process has no right to map other ids than its own
        os._exit(_map(os.getppid(), entered, told, (users, groups, whole)))
    os.close(entered)
    try:
        _call("unshare", _NEW_USERS | _NEW_MOUNTS)
        os.write(told, b"x")
    finally:
        os.close(told)
        _, status = os.waitpid(helper, 0)
    if status:
        raise OSError(os.waitstatus_to_exitcode(status), "the ids of its user namespace cannot be set")


def _mapping(name: str, own: int) -> str:
    """Return the map of a new namespace: every id of this one where the kernel lets root map them, else one's own."""
    if os.geteuid() != 0:
        return f"{own} {own} 1"
    ranges = (line.split() for line in Path(f"/proc/self/{name}_map").read_text(encoding="ascii").splitlines())
    return "\n".join(f"{first} {first} {count}" for first, _, count in ranges)


def _map(process: int, entered: int, told: int, maps: tuple[str, str, bool]) -> int:
    """Write the maps of a process once it has entered; return 0, or 1 if that fails."""
    os.close(told)
    if not os.read(entered, 1):
        return 0  # it has not entered, and tells why
    users, groups, whole = maps
    try:
        if not whole:
            Path(f"/proc/{process}/setgroups").write_text("deny", encoding="ascii")
        Path(f"/proc/{process}/uid_map").write_text(users, encoding="ascii")
        Path(f"/proc/{process}/gid_map").write_text(groups, encoding="ascii")
    except OSError:
        return 1
    return 0


def _protect(protected: Sequence[str]) -> None:
    """Mount each path onto itself, read-only, with all that is mounted below it. Raises OSError."""
    _mount(None, "/", _SLAVE | _ALL)
    for path in protected:
        real = os.path.realpath(path)
        _mount(real, real, _BIND | _ALL)
        for place in _mounts_in(real):
            kept = sum(flag for shown, flag in _KEPT.items() if os.statvfs(place).f_flag & shown)
            _mount(None, place, _BIND | _REMOUNT | _READ_ONLY | kept)


def _mounts_in(folder: str) -> tuple[str, ...]:
    """Return the places of the mounts at and below a path (proc(5), ``mountinfo``)."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    places = (os.fsdecode(_unescaped(line.split(b" ")[4])) for line in lines)
    return tuple(dict.fromkeys(one for one in places if one == folder or one.startswith(f"{folder}/")))


def _unescaped(text: bytes) -> bytes:
    for code, byte in ((b"\\040", b" "), (b"\\011", b"\t"), (b"\\012", b"\n"), (b"\\134", b"\\")):
        text = text.replace(code, byte)
    return text


def _mount(source: str | None, target: str, flags: int) -> None:
    name = None if source is None else os.fsencode(source)
    _call("mount", name, os.fsencode(target), None, ctypes.c_ulong(flags), None)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library. Raises OSError."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
