"""Knowledge of the volumes, in files, so that the next start of the plugin has it too. No key is in it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from ..dataclass import dataclass
from ..model.credentials import Credentials
from . import rclone
from .processes import Process
from .volume import Volume

_FILE = "volume.json"


@dataclass(frozen=True)
class Mounted:
    """A volume of a pod."""

    volume_id: str
    target: str
    """The path that the pod sees."""
    volume: Volume
    process: Process | None = None
    """Its rclone. None: it was never started, or the plugin died before it knew."""

    @property
    def data(self) -> Path:
        """The folder of the view, one level below the target."""
        return Path(self.target, "data")


class VolumeFolders:
    """A folder per volume, in memory (``/run``): a restart of the node ends all mounts and empties it."""

    def __init__(self, root: Path) -> None:
        """Make the folder, for this user only.

        Args:
            root: Where the folders lie.
        """
        self._root = root / "volumes"
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def of(self, volume_id: str) -> Path:
        """Return the folder of a volume."""
        return self._root / volume_id

    def load(self, volume_id: str) -> Mounted | None:
        """Return what is known of a volume. None: nothing."""
        try:
            found = json.loads((self.of(volume_id) / _FILE).read_text(encoding="utf-8"))
            process = Process(**found["process"]) if found["process"] else None
            return Mounted(volume_id, found["target"], Volume(**found["volume"]), process)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def save(self, mounted: Mounted) -> None:
        """Write what is known of a volume, with the files that its rclone reads."""
        folder = self.of(mounted.volume_id)
        folder.mkdir(exist_ok=True, mode=0o700)
        for name, text in rclone.files(mounted.volume, folder).items():
            _write(folder / name, text)
        process = asdict(mounted.process) if mounted.process else None
        found = {"target": mounted.target, "volume": asdict(mounted.volume), "process": process}
        _write(folder / _FILE, json.dumps(found))

    def save_keys(self, volume_id: str, text: str) -> None:
        """Write the keys of a volume in one go: its rclone may read them at any time."""
        _write(self.of(volume_id) / rclone.CREDENTIALS, text)

    def log(self, volume_id: str) -> str:
        """Return the last line that a volume's rclone logged."""
        with suppress(OSError):
            lines = (self.of(volume_id) / rclone.LOG).read_text(encoding="utf-8", errors="replace").splitlines()
            return lines[-1][:500] if lines else ""
        return ""

    def remove(self, volume_id: str) -> None:
        """Delete the folder of a volume."""
        shutil.rmtree(self.of(volume_id), ignore_errors=True)

    def all(self) -> Iterator[Mounted]:
        """Yield every volume. A folder whose file cannot be read is of a crash before any mount: it is deleted."""
        for folder in sorted(self._root.iterdir()):
            mounted = self.load(folder.name)
            if mounted is None:
                self.remove(folder.name)
            else:
                yield mounted


def with_process(mounted: Mounted, process: Process | None) -> Mounted:
    """Return the volume with another rclone."""
    return replace(mounted, process=process)


def keys_text(keys: Credentials, now: float) -> str:
    """Return the file with the keys at a time (seconds since 1970)."""
    from datetime import datetime, timezone

    return rclone.credentials(keys, datetime.fromtimestamp(now, timezone.utc))


def _write(path: Path, text: str) -> None:
    new = path.with_name(f"{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)
