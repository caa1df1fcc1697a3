"""Views of buckets on this machine: one rclone for each mounted input, by FUSE.

A mount outlives the controller, as the script does, and is found again by its path. It lies beside the attempts'
folders, not in them, so that nothing that deletes a folder walks through a bucket. Where a mount does not come up, the
input is downloaded.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from ...data.free_space import free_bytes
from ...dataclass import dataclass, field
from ...model.data_access import DataAccess
from ...model.delivery import MOUNTED_DATA, READY
from ...model.store_endpoint import BucketEndpoint, StoreEndpoint
from ...model.task import InputBinding, Task, TaskId

KEYS = "keys"
LOG = "rclone.log"
_SECONDS = 15.0
"""The longest wait for a mount to come up."""
_PAUSE = 0.02
_REMOTE = "STORE"
_FLAGS = (
    # As the mounter's in pods, which tells why (runner/mounter/rclone.py); this one serves its own user alone.
    "--read-only",
    "--config=",
    "--vfs-read-chunk-streams=0",
    "--vfs-read-chunk-size=1Mi",
    "--buffer-size=0",
    "--vfs-cache-mode=off",
    "--use-server-modtime",
    "--no-checksum",
    "--dir-cache-time=1h",
    "--attr-timeout=1m",
    "--poll-interval=0",
    "--contimeout=5s",
    "--timeout=15s",
    "--low-level-retries=4",
    "--retries=1",
    "--log-level=ERROR",
    "--ask-password=false",
)
_OCTAL = re.compile(r"\\([0-7]{3})")


@lru_cache(maxsize=1)
def missing() -> str:
    """Return what this machine lacks for mounts; empty: nothing."""
    if sys.platform != "linux" or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "/dev/fuse"
    programs = ("rclone", "fusermount3") if shutil.which("fusermount3") else ("rclone", "fusermount")
    return next((name for name in programs if not shutil.which(name)), "")


@dataclass(frozen=True, kw_only=True)
class LocalMounts:
    """The mounts of the attempts on this machine."""

    folder: Path
    """The folder below which they lie."""
    buckets: Callable[[], Mapping[str, StoreEndpoint]]
    """Return the datastores that are no folders, by name. Raises BadInput."""
    folders: Callable[[], Collection[str]]
    """Return the names of those that are folders."""
    direct: bool = False
    """True if scripts can open the datastores that are no folders."""
    _serving: dict[Path, subprocess.Popen[bytes]] = field(default_factory=dict)

    @cached_property
    def access(self) -> DataAccess:
        """Return the ways in which steps get their inputs. `access_of` adds the room on the disk."""
        buckets, lacking = self.buckets(), missing()
        return DataAccess(
            mounts=bool(buckets) and not lacking,
            driver="rclone",
            problem=f"this machine has no {lacking}" if lacking else "",
            unmountable=frozenset(name for name, one in buckets.items() if not isinstance(one, BucketEndpoint)),
            at_hand=frozenset(self.folders()),
            unreadable=frozenset() if self.direct else frozenset(buckets),
        )

    def of(self, task: TaskId) -> Path:
        """Return the folder of an attempt's mounts, one folder each by the input's name."""
        return self.folder / task.run / f"{task.key}.{task.attempt}"

    def serve(self, task: Task, binding: InputBinding) -> Path | None:
        """Mount an input unless it is mounted, and return the folder with its files; None: it cannot be mounted."""
        place = self.of(task.id) / binding.name
        data = place / MOUNTED_DATA
        if is_mounted(data):
            return data
        endpoint = self.buckets().get(binding.ref.datastore)
        if missing() or binding.delivery is None or not isinstance(endpoint, BucketEndpoint):
            return None
        try:
            return data if self._start(endpoint, binding.delivery.prefix, place) else None
        except OSError:
            return None

    def serve_all(self, task: Task) -> Path:
        """Mount all inputs that are to be mounted, and return the folder with a folder for each by its name."""
        for binding in task.inputs:
            if binding.is_mounted:
                self.serve(task, binding)
        return self.of(task.id)

    def end(self, task: TaskId) -> None:
        """Unmount all of an attempt, and remove what belongs to it."""
        self._end_below(self.of(task))

    def finish(self, run: str) -> None:
        """Unmount all of a run."""
        for attempt in _entries(self.folder / run):
            self._end_below(attempt)
        with suppress(OSError):
            (self.folder / run).rmdir()

    def _start(self, endpoint: BucketEndpoint, prefix: str, place: Path) -> bool:
        (place / MOUNTED_DATA).mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(place / KEYS, "w", encoding="utf-8", opener=_private) as file:
            file.write(_keys(endpoint))
        with (place / LOG).open("wb") as log:
            process = subprocess.Popen(
                command(endpoint, prefix, place),
                env=variables(endpoint, place),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._serving[place] = process
        until = time.monotonic() + _SECONDS
        while not is_mounted(place / MOUNTED_DATA):
            if process.poll() is not None or time.monotonic() > until:
                self._end(place)
                return False
            time.sleep(_PAUSE)
        (place / READY).touch()
        return True

    def _end_below(self, folder: Path) -> None:
        for place in _entries(folder):
            self._end(place)
        with suppress(OSError):
            folder.rmdir()

    def _end(self, place: Path) -> None:
        if is_mounted(place / MOUNTED_DATA):
            unmount(place / MOUNTED_DATA)
        process = self._serving.pop(place, None)
        if process is not None:  # it ends when nothing is mounted any more
            try:
                process.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for name in (KEYS, LOG, READY):
            (place / name).unlink(missing_ok=True)
        for one in (place / MOUNTED_DATA, place):
            with suppress(OSError):  # never more than empty folders: a bucket may be mounted there
                one.rmdir()


def access_of(mounts: LocalMounts | None, work: Path) -> DataAccess:
    """Return the ways in which steps of this machine get their inputs.

    Args:
        mounts: The mounts of attempts; None: there are none.
        work: The folder of the attempts, on whose disk inputs are downloaded.
    """
    return replace(mounts.access if mounts else DataAccess(), free_bytes=free_bytes(work))


def command(endpoint: BucketEndpoint, prefix: str, place: Path) -> tuple[str, ...]:
    """Return the command line of the rclone that serves keys below a prefix of the store at ``data`` of `place`."""
    whole = f"{endpoint.bucket}/{endpoint.prefix}{prefix}".rstrip("/")
    return (
        shutil.which("rclone") or "rclone",
        "mount",
        *_FLAGS,
        "--devname=runner",
        "--",
        f"{_REMOTE}:{whole}",
        str(place / MOUNTED_DATA),
    )


def variables(endpoint: BucketEndpoint, place: Path) -> dict[str, str]:
    """Return the whole environment of rclone, which holds no key."""
    remote: Mapping[str, str] = {
        "TYPE": "s3",
        "PROVIDER": "Other",
        "ENV_AUTH": "true",
        "ENDPOINT": endpoint.endpoint,
        "REGION": endpoint.region,
        "FORCE_PATH_STYLE": "true",
        "NO_CHECK_BUCKET": "true",
        "LIST_VERSION": "2",
        "USE_ACCEPT_ENCODING_GZIP": "false",
    }
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(place),
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": str(place / KEYS),
        "AWS_EC2_METADATA_DISABLED": "true",
        **{f"RCLONE_CONFIG_{_REMOTE}_{name}": value for name, value in remote.items()},
    }


def is_mounted(path: Path) -> bool:
    """Return True if a mount is at the path. The mount itself is not asked: it may not answer (proc(5))."""
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return False
    real = os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118
    return any(_OCTAL.sub(lambda code: chr(int(code[1], 8)), line.split(" ")[4]) == real for line in lines)


def unmount(path: Path) -> None:
    """Unmount now, and let go of what is still open. A failure leaves it mounted."""
    program = shutil.which("fusermount3") or shutil.which("fusermount") or "umount"
    flags = ("-l",) if program == "umount" else ("-u", "-z")
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            [program, *flags, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )


def _keys(endpoint: BucketEndpoint) -> str:
    """Return the file with the keys, as all programs with Amazon's library read it."""
    keys = endpoint.credentials
    token = f"aws_session_token = {keys.session_token}\n" if keys.session_token else ""
    pair = f"aws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret_key}\n"
    return f"[default]\n{pair}{token}"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_TRUNC, 0o600)


def _entries(folder: Path) -> tuple[Path, ...]:
    try:
        return tuple(folder.iterdir())
    except OSError:
        return ()
