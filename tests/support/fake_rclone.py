"""An rclone that mounts nothing but says that it has, and the system calls that believe it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

_PROGRAM = """\
#!{python} -IS
import os, sys, time
target = sys.argv[-1]
with open({ledger!r}, "a") as ledger:
    print(os.getpid(), *sys.argv[1:], *sorted(os.environ), file=ledger)
mode = open({mode!r}).read()
if mode == "refuses":
    log = [part for part in sys.argv if part.startswith("--log-file=")][0].split("=", 1)[1]
    print("ERROR : fusermount3 is missing", file=open(log, "w"))
    sys.exit(1)
if mode == "mounts":
    open(target + ".mounted", "w").write(str(os.getpid()))
time.sleep(600)
"""


class FakeRclone:
    """The program, in a folder of its own. `mode` is what it does next: ``mounts``, ``refuses`` or ``hangs``."""

    def __init__(self, folder: Path) -> None:
        """Write the program."""
        self.program, self._ledger, self._mode = folder / "rclone", folder / "ledger", folder / "mode"
        self._ledger.touch()
        self.mode = "mounts"
        text = _PROGRAM.format(python=sys.executable, ledger=str(self._ledger), mode=str(self._mode))
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)

    @property
    def mode(self) -> str:
        return self._mode.read_text(encoding="utf-8")

    @mode.setter
    def mode(self, value: str) -> None:
        self._mode.write_text(value, encoding="utf-8")

    @property
    def starts(self) -> list[str]:
        """The command line and the names of the variables of each start."""
        return self._ledger.read_text(encoding="utf-8").splitlines()


class FakeSystem:
    """Mounts that are marks beside their folders."""

    def __init__(self) -> None:
        self.hanging: set[Path] = set()
        self.aborted: list[Path] = []
        self.stuck: set[Path] = set()
        """Mounts that cannot be taken away."""

    def mount_frame(self, target: Path) -> None:
        _mark(target).write_text("frame", encoding="utf-8")

    def mount_at(self, target: Path) -> tuple[str, str] | None:
        return ("0:1", "fuse.rclone") if _mark(target).exists() else None

    def unmount(self, target: Path) -> None:
        if target in self.stuck:
            raise OSError(16, os.strerror(16), str(target))
        _mark(target).unlink(missing_ok=True)
        if target.name == "data" and target.is_dir():
            target.rmdir()  # as a frame in memory goes with what is in it

    def abort(self, target: Path) -> None:
        self.aborted.append(target)

    def answers(self, target: Path, seconds: float) -> bool:  # noqa: ARG002 - the fake answers or not
        return target not in self.hanging


def _mark(target: Path) -> Path:
    return target.with_name(f"{target.name}.mounted")
