"""One virtual environment on disk, made in place and only once, even if processes compete or are killed.

``<folder>/ready`` is written last and holds the folder's own path: a moved venv does not work, so it is made again.
uv inherits the lock file beside the folder, so that file stays locked as long as anything writes, even if the process
that started uv is gone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..dataclass import dataclass
from ..environments import uv_program
from ..environments.credentials import Opened
from ..environments.index_order import strategy
from ..environments.lock import Lock
from ..environments.uv_options import own_index, split_options, until, without_date
from ..environments.uv_program import Outcome
from ..errors import EnvironmentFailed
from ..ports import Notify
from .build_failure import explain

READY = "ready"
"""The file that marks a complete environment. The time of its last change is that of the last use."""
ABOUT = "about.json"
"""The file with the digests of the specification and of the lock."""
_BUNDLED = (
    "import ensurepip, pathlib, sysconfig;"
    "folder = sysconfig.get_config_var('WHEEL_PKG_DIR') or pathlib.Path(ensurepip.__file__).parent / '_bundled';"
    "names = ('pip', 'setuptools') if __import__('sys').version_info < (3, 12) else ('pip',);"
    "print(*(sorted(pathlib.Path(folder).glob(name + '-*.whl'))[-1] for name in names), sep='\\n')"
)
"""A program that prints the wheels that the module `venv` would install."""


@dataclass(frozen=True, kw_only=True)
class VenvContents:
    """The content of a virtual environment."""

    environment: str
    """The name of the environment, for messages."""
    lock: Lock
    """Its packages."""
    opened: Opened
    """The lines of the lock, with the secrets that they name."""
    wheels: tuple[Path, ...] = ()
    """The files of the wheels that accompany it."""
    python_note: str = ""
    """The reason why its Python is not the requested one. Empty: it is that one."""


class VenvFolder:
    """The folder of one virtual environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def python(self) -> str:
        """Return the path of its interpreter."""
        return str(self._folder / "bin" / "python")

    def ready(self) -> bool:
        """Return True if it was completed in this place and its base Python still exists."""
        try:
            made_at = (self._folder / READY).read_text(encoding="utf-8")
        except OSError:
            return False
        return made_at == str(self._folder) and os.access(self.python, os.X_OK)

    def mark_used(self) -> None:
        """Set the time of its last use to now. A folder that cannot be written stays as it is."""
        with suppress(OSError):
            os.utime(self._folder / READY)

    @contextmanager
    def exclusive(self) -> Iterator[bool]:
        """Yield True if no process makes it, and let none make it meanwhile. Yield False otherwise, without waiting."""
        import fcntl

        with self._folder.with_suffix(".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def make(self, python: str, contents: VenvContents, notify: Notify) -> None:
        """Make it from the interpreter `python` unless another process has made it. Raises EnvironmentFailed."""
        name, what = contents.environment, f"the virtual environment of {contents.environment!r} could not be made"
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with self._held(notify, name) as held:
                if not self.ready():
                    amount = _count(len(contents.lock.packages))
                    notify(f"environment {name!r}: installing {amount} into {self._folder} ({python})")
                    self._fill(_Installer(held, notify, what, contents), python, contents)
        except OSError as error:
            raise EnvironmentFailed(f"{what}: {error}") from error

    def _fill(self, installer: _Installer, python: str, contents: VenvContents) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        installer.run("venv", "--quiet", "--no-config", "--no-project", "--python", python, str(self._folder))
        install = ("pip", "install", "--no-config", "--no-deps", "--python", self.python)
        bundled = _bundled(self.python)
        if bundled:  # pip and setuptools, as every other virtual environment has them
            installer.run(*install, "--quiet", "--no-index", *bundled)
        listing = self._folder / "lock.txt"
        lines, alone = split_options(contents.opened.lines)
        listing.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        checked = ("--require-hashes",) if contents.lock.hashed else ()
        wheels = [option for wheel in contents.wheels for option in ("--find-links", str(wheel.parent))]
        indexes = ("--index-strategy", strategy(contents.lock.lines()))
        installer.install(*install, *indexes, *alone, *checked, *wheels, "-r", str(listing))
        about = json.dumps({"environment": contents.lock.spec, "lock": contents.lock.digest})
        (self._folder / ABOUT).write_text(about, encoding="utf-8")
        unfinished = self._folder / "ready.new"
        unfinished.write_text(str(self._folder), encoding="utf-8")
        unfinished.replace(self._folder / READY)

    @contextmanager
    def _held(self, notify: Notify, environment: str) -> Iterator[int]:
        import fcntl

        with self._folder.with_suffix(".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                notify(f"environment {environment!r}: another process is making it; waiting")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file.fileno()


class _Installer:
    """uv, which fills a venv."""

    def __init__(self, held: int, notify: Notify, what: str, contents: VenvContents) -> None:
        self._held = held
        self._notify = notify
        self._what = what
        self._opened = contents.opened
        self._lock = contents.lock
        self._python_note = contents.python_note

    def run(self, *arguments: str) -> None:
        """Run uv to its end. Raises EnvironmentFailed if it fails."""
        self._check(self._outcome(*arguments))

    def install(self, *arguments: str) -> None:
        """Install the lock; source packages are built with the tools of its date. Raises EnvironmentFailed.

        The date does not count for a locked package if an index here states another date of it, or none.
        """
        exempt: frozenset[str] = frozenset()
        outcome = self._outcome(*arguments, *until(self._lock.date))
        while outcome.code and any("exclude-newer" in line or "upload date" in line for line in outcome.lines):
            more = exempt | without_date(outcome.lines) | {package.name for package in self._lock.packages}
            if more == exempt:
                break
            exempt = more
            outcome = self._outcome(*arguments, *until(self._lock.date, exempt))
        self._check(outcome)

    def _outcome(self, *arguments: str) -> Outcome:
        variables = {**self._opened.variables, **own_index(self._opened.lines)}
        found = uv_program.stream(arguments, self._hear, extra=variables, inherit=(self._held,))
        return self._opened.hidden(found)

    def _check(self, outcome: Outcome) -> None:
        if outcome.code:
            raise EnvironmentFailed(explain(self._what, outcome.lines, python_note=self._python_note))

    def _hear(self, line: str) -> None:
        self._notify(self._opened.hide(line))


def _bundled(python: str) -> tuple[str, ...]:
    """Return the wheels of pip and setuptools that an interpreter brings; empty if its distributor left them out."""
    done = subprocess.run([python, "-I", "-c", _BUNDLED], capture_output=True, text=True, check=False)
    return tuple(done.stdout.splitlines()) if done.returncode == 0 else ()


def _count(packages: int) -> str:
    return f"{packages} package" + "s" * (packages != 1)
