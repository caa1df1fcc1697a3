"""Controllers as processes of this machine, each in a session of its own: it outlives the one that started it."""

from __future__ import annotations

import sys
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from .cache import cache_folder, cache_note

if TYPE_CHECKING:
    import subprocess

_PACKAGE = Path(__file__).parents[1]
_ROOT = __name__.partition(".")[0]
"""``runner``, or the private name it is loaded under."""
MARK = ".controller import main"
"""A text that only a controller's command line has."""
_CODE = f"import sys; sys.path[0] = sys.argv.pop(1); from {_ROOT}{MARK}; main()"


def log_folder() -> Path:
    """Return the folder of the controllers' logs, one file per run."""
    return cache_folder() / "controllers"


def log_of(run: str) -> Path | None:
    """Return the log of the run's last controller on this machine; None if there was none."""
    path = log_folder() / f"{run}.log"
    return path if path.is_file() else None


class Starter(Protocol):
    """A starter of controllers for the runs of one workspace."""

    def check(self, targets: Collection[str]) -> None:
        """Raise BadInput when no controller could be started for a run on these targets."""

    def start(self, run: str) -> None:
        """Start a controller for the run."""

    def process_of(self, run: str) -> subprocess.Popen[bytes] | None:
        """Return the process that this session has started for the run, if any."""


@dataclass
class Controllers:
    """Starts controllers for the runs of one workspace."""

    workspace: Path
    target: str
    """The value of ``--target`` for the controllers."""
    _started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _waiting: subprocess.Popen[bytes] | None = None

    def prepare(self) -> None:
        """Start a process that imports what a controller needs and then waits for its run.

        It does so while the driver still authors; told nothing, it ends with the driver.
        """
        if self._waiting is None:
            self._waiting = self._spawn()

    def check(self, targets: Collection[str]) -> None:
        """Accept every run: a process of this machine can always be started."""

    def start(self, run: str) -> None:
        """Start a controller for the run."""
        process, self._waiting = self._waiting, None
        if process is None or not _tell(process, run):
            process = self._spawn()
            _tell(process, run)
        self._started[run] = process

    def process_of(self, run: str) -> subprocess.Popen[bytes] | None:
        """Return the process that this session has started for the run, if any."""
        return self._started.get(run)

    def _spawn(self) -> subprocess.Popen[bytes]:
        import subprocess  # only those who start a controller need it

        if note := cache_note():
            print(f"note: {note}", file=sys.stderr)  # noqa: T201 - before anything else is loaded
        logs = log_folder()
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / "starting.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", _CODE, str(_PACKAGE.parent), str(self.workspace), self.target],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _tell(process: subprocess.Popen[bytes], run: str) -> bool:
    """Send the run's id to a waiting process; return False if it has died."""
    if process.stdin is None or process.poll() is not None:
        return False
    try:
        with process.stdin as told:
            told.write(f"{run}\n".encode())
    except BrokenPipeError:
        return False
    return True
