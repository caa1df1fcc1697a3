"""Interpreters of this machine: find one of a version, or fetch it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..dataclass import dataclass
from ..ports import Notify
from .requirements import python_minor

Minor = tuple[int, int]

FETCH_SECONDS = 180.0
"""The longest time to fetch an interpreter."""
REMEMBERED = 3600.0
"""Seconds in which an interpreter that could not be fetched is not tried again."""
_ANSWER_SECONDS = 20.0
_NEWEST_MINOR = 14
"""The newest minor version that is looked for in place of one that is missing."""
_VERSION = "import sys; sys.stdout.write(sys.version.split()[0])"


@dataclass(frozen=True)
class Interpreter:
    """An interpreter of this machine."""

    python: str
    """Its path."""
    minor: Minor
    """Its version, as (major, minor)."""
    asked: Minor | None = None
    """The version in whose place it is used. None: it has the version that was asked for."""

    @property
    def version(self) -> str:
        """Return its version, like ``3.11``."""
        return text_of(self.minor)


class Pythons:
    """The interpreters of this machine. An empty file in `memory` records that a version could not be fetched."""

    def __init__(self, memory: Path, running: Interpreter) -> None:
        """Remember the folder, and the interpreter that is used if there is no better one."""
        self._memory = memory
        self.running = running

    def find(self, minor: Minor) -> Interpreter | None:
        """Return an interpreter of a version; a newer one if this one cannot be had; None if it may be fetched.

        Args:
            minor: The version, as (major, minor).

        """
        if minor == self.running.minor:
            return self.running
        path = installed(minor)
        if path:
            return Interpreter(path, minor)
        return self.nearest(minor) if self._missed(minor) else None

    def obtain(self, minor: Minor, notify: Notify) -> Interpreter:
        """Return an interpreter of a version: an installed one, a fetched one, else the nearest newer one.

        Args:
            minor: The version, as (major, minor).
            notify: A function that gets a line at a time for people.

        """
        found = self.find(minor)
        if found is not None:
            return found
        notify(f"fetching Python {text_of(minor)} by `uv python install` (at most {FETCH_SECONDS:.0f} s)")
        path = fetch(minor)
        if path:
            return Interpreter(path, minor)
        with suppress(OSError):
            self._memory.mkdir(parents=True, exist_ok=True)
            (self._memory / text_of(minor)).touch()
        return self.nearest(minor)

    def nearest(self, minor: Minor) -> Interpreter:
        """Return the interpreter of the nearest newer version that is here; the running one if there is none.

        Args:
            minor: The version that is missing, as (major, minor).

        """
        for newer in range(minor[1] + 1, _NEWEST_MINOR + 1):
            version = (minor[0], newer)
            path = self.running.python if version == self.running.minor else installed(version)
            if path:
                return Interpreter(path, version, minor)
        return Interpreter(self.running.python, self.running.minor, minor)

    def _missed(self, minor: Minor) -> bool:
        """Return True if the version could not be fetched a while ago, or must not be fetched."""
        if (
            os.environ.get("UV_OFFLINE", "") not in {"", "0", "false"}
            or os.environ.get("UV_PYTHON_DOWNLOADS") == "never"
        ):
            return True
        try:
            return time.time() - (self._memory / text_of(minor)).stat().st_mtime < REMEMBERED
        except OSError:
            return False


@cache
def installed(minor: Minor) -> str | None:
    """Return the path of an interpreter of a version that is on this machine; None if there is none.

    The places in their order: PATH, pyenv, conda, uv. Each candidate is started: pyenv leaves names on PATH that only
    print an error.

    Args:
        minor: The version, as (major, minor).

    """
    return next((str(path) for path in _candidates(minor) if python_minor(version_of(str(path))) == minor), None)


def fetch(minor: Minor) -> str | None:
    """Return an interpreter that uv has fetched; None if this machine cannot have it.

    Args:
        minor: The version, as (major, minor).

    """
    from . import uv_program

    outcome = uv_program.run(["python", "install", "--no-bin", text_of(minor)], seconds=FETCH_SECONDS)
    installed.cache_clear()
    return installed(minor) if outcome.code == 0 else None


@cache
def version_of(python: str) -> str:
    """Return the version of an interpreter, like 3.11.4; empty if it does not answer.

    Args:
        python: Its path.

    """
    command = [python, "-I", "-S", "-c", _VERSION]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.decode(errors="replace").strip()


def text_of(minor: Minor) -> str:
    """Return a version like ``3.11``."""
    return "{}.{}".format(*minor)


def _candidates(minor: Minor) -> Iterator[Path]:
    name = f"python{text_of(minor)}"
    on_path = shutil.which(name)
    if on_path:
        yield Path(on_path)
    for folder in (*_pyenv(minor), *_conda(), *_managed(minor)):
        path = folder / "bin" / name
        if os.access(path, os.X_OK):
            yield path


def _pyenv(minor: Minor) -> list[Path]:
    """Return the folders of a version in pyenv, the newest patch first."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return sorted((root / "versions").glob(f"{text_of(minor)}.*"), key=_patch, reverse=True)


def _patch(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else -1 for part in folder.name.split("."))


def _conda() -> Iterator[Path]:
    """Yield the folders of conda's environments: the active one, and those that conda lists in its file."""
    active = os.environ.get("CONDA_PREFIX", "")
    if active:
        yield Path(active)
    try:
        listed = (Path.home() / ".conda" / "environments.txt").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    yield from (Path(line.strip()) for line in listed.splitlines() if line.strip())


def _managed(minor: Minor) -> list[Path]:
    """Return the folders of a version among the interpreters that uv manages."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    root = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    return sorted(root.glob(f"cpython-{text_of(minor)}.*"), reverse=True)
