"""The volumes of a node: they are mounted, repaired and taken away, and every wait has a limit."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from ..model.credentials import Credentials
from . import mounts, rclone
from .cgroups import ControlGroups
from .probe import check_access
from .processes import Process
from .refusal import Unavailable
from .state import Mounted, VolumeFolders, keys_text, with_process
from .volume import Volume

MOUNT_SECONDS = 15.0
"""The limit of rclone's start."""
ANSWER_SECONDS = 10.0
"""The limit of a mount's answer to ``statvfs``, for which rclone asks nobody."""
KILL_SECONDS = 5.0
LOCK_SECONDS = 60.0
"""The limit of the wait for another request about the same volume. The kubelet gives up after two minutes."""
_POLL = 0.01
_PAUSE_SECONDS = 10.0
"""The wait after a repair that did not work."""
_LOG = logging.getLogger("mounter")


class System(Protocol):
    """The system calls that a volume needs (`mounts`)."""

    def mount_frame(self, target: Path) -> None:
        """Mount a folder in memory. Raises OSError."""

    def mount_at(self, target: Path) -> tuple[str, str] | None:
        """Return device number and type of the mount. None: there is none."""

    def unmount(self, target: Path) -> None:
        """Take away every mount at this path. Raises OSError."""

    def abort(self, target: Path) -> None:
        """Let every waiting read fail."""

    def answers(self, target: Path, seconds: float) -> bool:
        """Return True if the mount answers within so many seconds."""


class Node:
    """All volumes of this node."""

    def __init__(
        self,
        folders: VolumeFolders,
        groups: ControlGroups,
        *,
        system: System = mounts,
        program: str = "rclone",
        probe: Callable[[Volume, Credentials], None] = check_access,
    ) -> None:
        """Start nothing.

        Args:
            folders: The folders with what is known of the volumes.
            groups: The control groups of the rclones.
            system: The system calls. Default: those of Linux.
            program: The path of rclone. Default: the one on the path.
            probe: Raises a Refusal if the keys do not open the volume. Default: asks the store.
        """
        self._folders, self._groups = folders, groups
        self._system, self._program, self._probe = system, program, probe
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._not_before: dict[str, float] = {}

    def publish(self, volume_id: str, target: str, volume: Volume, keys: Credentials) -> None:
        """Mount the volume, or see that it is mounted, and give it these keys.

        The kubelet repeats the request about once a minute (``requiresRepublish``), with the keys that the Secret has
        then.

        Raises:
            Refusal: It cannot be mounted. Nothing stays mounted, unless it was before.
        """
        with self._locked(volume_id):
            known = self._folders.load(volume_id)
            if known is not None and (known.target, known.volume) == (target, volume):
                self._folders.save_keys(volume_id, keys_text(keys, time.time()))
                if not self._is_well(known):
                    self._repair(known)
                return
            if known is not None:
                self._take_away(known)
            self._probe(volume, keys)
            self._mount(Mounted(volume_id, target, volume), keys)

    def unpublish(self, volume_id: str, target: str) -> None:
        """Take the volume away, whether it works, hangs or was never there.

        Raises:
            Unavailable: Something stays mounted.
        """
        with self._locked(volume_id):
            known = self._folders.load(volume_id)
            self._take_away(known or Mounted(volume_id, target, Volume(endpoint="", bucket="")))
            if known is not None and known.target != target:
                self._take_away(Mounted(volume_id, target, known.volume))

    def look_after(self, *, ask: bool) -> None:
        """Repair the volumes whose rclone has ended, and take away those whose pod is gone.

        Args:
            ask: Also ask every mount whether it answers.
        """
        known = list(self._folders.all())
        for found in known:
            if time.monotonic() < self._not_before.get(found.volume_id, 0.0):
                continue
            self._not_before.pop(found.volume_id, None)
            try:
                self._look_at(found.volume_id, ask=ask)
            except (OSError, Unavailable) as error:
                _LOG.warning("volume %s: %s", found.volume_id, error)
                self._not_before[found.volume_id] = time.monotonic() + _PAUSE_SECONDS
        if ask:
            self._groups.sweep({found.volume_id for found in known})

    def _look_at(self, volume_id: str, *, ask: bool) -> None:
        with self._locked(volume_id):
            known = self._folders.load(volume_id)
            if known is None:
                return
            if not Path(known.target).exists():
                _LOG.info("volume %s: its pod is gone", known.volume_id)
                self._take_away(known)
            elif not self._is_well(known, ask=ask):
                self._repair(known)

    def _is_well(self, known: Mounted, *, ask: bool = True) -> bool:
        lives = known.process is not None and known.process.lives()
        if not lives or self._system.mount_at(known.data) is None:
            return False
        return not ask or self._system.answers(known.data, ANSWER_SECONDS)

    def _mount(self, mounted: Mounted, keys: Credentials) -> None:
        # Written first: a plugin that dies in between finds and removes what it began.
        self._folders.save(mounted)
        self._folders.save_keys(mounted.volume_id, keys_text(keys, time.time()))
        try:
            target = Path(mounted.target)
            target.mkdir(parents=True, exist_ok=True, mode=0o750)
            if self._system.mount_at(target) is None:
                self._system.mount_frame(target)
            mounted.data.mkdir(exist_ok=True, mode=0o755)
            self._start(mounted)
        except (OSError, Unavailable) as error:
            self._take_away(self._folders.load(mounted.volume_id) or mounted)
            if isinstance(error, Unavailable):
                raise
            raise Unavailable(f"{mounted.volume.shown} could not be mounted: {error}") from error

    def _repair(self, known: Mounted) -> None:
        """Mount the view again, below the frame that the pod already sees."""
        _LOG.warning("volume %s: mounting it again; %s", known.volume_id, self._folders.log(known.volume_id))
        self._end(known)
        if self._system.mount_at(Path(known.target)) is None:
            self._system.mount_frame(Path(known.target))
        known.data.mkdir(exist_ok=True, mode=0o755)
        self._start(known)

    def _start(self, mounted: Mounted) -> None:
        """Start rclone and wait until its view is mounted. Raises OSError and Unavailable."""
        folder = self._folders.of(mounted.volume_id)
        child = subprocess.Popen(
            rclone.command(mounted.volume, folder, mounted.data, self._program),
            env=dict(rclone.variables(mounted.volume, folder)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        process = Process.of(child.pid)
        child.returncode = 0  # `Process` waits for it, also after a restart
        self._folders.save(with_process(mounted, process))
        self._groups.move(process.pid, mounted.volume_id)
        end = time.monotonic() + MOUNT_SECONDS
        while self._system.mount_at(mounted.data) is None:
            if not process.lives():
                raise Unavailable(f"rclone ended: {self._folders.log(mounted.volume_id) or 'it said nothing'}")
            if time.monotonic() > end:
                raise Unavailable(f"{mounted.volume.shown} was not mounted within {MOUNT_SECONDS:.0f} s")
            time.sleep(_POLL)

    def _end(self, mounted: Mounted) -> None:
        """Take the view away and end its rclone; the frame stays."""
        self._system.abort(mounted.data)
        with _as_unavailable(mounted.data):
            self._system.unmount(mounted.data)
        if mounted.process is not None and not mounted.process.kill(KILL_SECONDS):
            _LOG.error("volume %s: rclone (process %d) does not end", mounted.volume_id, mounted.process.pid)

    def _take_away(self, mounted: Mounted) -> None:
        self._end(mounted)
        target = Path(mounted.target)
        with _as_unavailable(target):
            self._system.unmount(target)
            with suppress(FileNotFoundError):
                os.rmdir(target)  # noqa: PTH106 - never anything but an empty folder
        self._groups.remove(mounted.volume_id)
        self._folders.remove(mounted.volume_id)

    @contextmanager
    def _locked(self, volume_id: str) -> Iterator[None]:
        lock = self._locks[volume_id]
        if not lock.acquire(timeout=LOCK_SECONDS):
            raise Unavailable("another request about this volume is not finished")
        try:
            yield
        finally:
            lock.release()


@contextmanager
def _as_unavailable(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{target} could not be taken away: {error}") from error
