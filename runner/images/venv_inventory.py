"""The virtual environments in the cache folder of this machine."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from ..errors import EnvironmentFailed
from ..ports import StoredEnvironment
from .venv_folder import ABOUT, READY, VenvFolder


class VenvInventory:
    """An `EnvironmentInventory` of the folders below `envs`."""

    def __init__(self, envs: Path) -> None:
        self._envs = envs.absolute()

    def stored(self) -> tuple[StoredEnvironment, ...]:
        """Return all virtual environments, also incomplete ones, the newest first."""
        found = (self._described(folder) for folder in self._folders())
        return tuple(sorted(found, key=_age, reverse=True))

    def remove(self, listed: StoredEnvironment) -> bool:
        """Delete a virtual environment unless a process makes it or has used it since. Raises EnvironmentFailed."""
        folder = next((each for each in self._folders() if VenvFolder(each).python == listed.reference), None)
        if folder is None:
            return True
        try:
            with VenvFolder(folder).exclusive() as mine:
                free = mine and _time(folder / READY) == listed.used
                if free:
                    _delete(folder)
                return free
        except OSError as error:
            raise EnvironmentFailed(f"the virtual environment {folder} could not be deleted: {error}") from error

    def _folders(self) -> Iterator[Path]:
        try:
            found = sorted(path for path in self._envs.iterdir() if path.is_dir() and not path.is_symlink())
        except OSError:
            return
        yield from found

    def _described(self, folder: Path) -> StoredEnvironment:
        venv = VenvFolder(folder)
        about = _about(folder)
        return StoredEnvironment(
            reference=venv.python,
            names=frozenset({venv.python}),
            place="folder",
            complete=venv.ready(),
            environment=about.get("environment", ""),
            lock=about.get("lock", ""),
            size=_size(folder),
            made=_time(folder / ABOUT) or _time(folder),
            used=_time(folder / READY),
            busy=_busy(venv),
        )


def _busy(venv: VenvFolder) -> str:
    try:
        with venv.exclusive() as mine:
            return "" if mine else "it is being made"
    except OSError as error:
        return f"its folder cannot be written: {error.strerror}"


def _age(stored: StoredEnvironment) -> float:
    return stored.made.timestamp() if stored.made else 0.0


def _about(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _time(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except OSError:
        return None


def _size(folder: Path) -> int:
    """Return the bytes of all files, each file once. Files that vanish meanwhile do not count."""
    seen: dict[tuple[int, int], int] = {}
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                facts = os.lstat(f"{root}/{name}")
            except OSError:
                continue
            seen[facts.st_dev, facts.st_ino] = facts.st_size
    return sum(seen.values())


def _delete(folder: Path) -> None:
    """Delete a folder; its mark goes first, so that nobody uses what is half deleted."""
    (folder / READY).unlink(missing_ok=True)
    shutil.rmtree(folder)
