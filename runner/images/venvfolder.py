"""One virtual environment on disk: made in place, once, whoever else tries and whatever is killed.

``<folder>/ready`` is written last and holds the folder's own path: a venv does not survive being
moved, so one that was moved is made anew. The lock beside the folder is inherited by pip, so it
is held for as long as anything writes, even if the process that started pip is gone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from ..dataclass import dataclass
from ..errors import EnvironmentFailed
from .failure import explain
from .installed import installed

Say = Callable[[str], None]

_KEPT = 200
"""Lines of pip's output kept for its error."""
_FOREIGN = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "__PYVENV_LAUNCHER__")
"""Variables that would make pip look or install elsewhere than into the new venv."""


@dataclass(frozen=True)
class Filling:
    """What a virtual environment is filled with."""

    environment: str
    """Its name, for people."""
    requirements: tuple[str, ...]
    """Lines of a pip requirements file."""
    python_note: str = ""
    """Why its Python is another one than was asked for; empty: it is that one."""


class VenvFolder:
    """The folder of one virtual environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()

    @property
    def python(self) -> str:
        """Path of its interpreter."""
        return str(self._folder / "bin" / "python")

    def ready(self) -> bool:
        """Whether it was made to the end, here, and its base Python still exists."""
        try:
            made_at = (self._folder / "ready").read_text(encoding="utf-8")
        except OSError:
            return False
        return made_at == str(self._folder) and os.access(self.python, os.X_OK)

    def lock(self) -> tuple[str, ...]:
        """The exact versions in it; empty unless it is ready."""
        if not self.ready():
            return ()
        return tuple((self._folder / "lock.txt").read_text(encoding="utf-8").splitlines())

    def make(self, python: str, filling: Filling, say: Say) -> None:
        """Make it with `python` as its base, unless another process has by now. Raises EnvironmentFailed."""
        name, what = filling.environment, f"the virtual environment of {filling.environment!r} could not be made"
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            with self._held(say, name) as held:
                if not self.ready():
                    say(f"environment {name!r}: installing {_count(filling.requirements)} into {self._folder}")
                    installer = _Installer(held, say, what, filling.python_note)
                    self._fill(installer, python, filling.requirements)
        except OSError as error:
            raise EnvironmentFailed(f"{what}: {error}") from error

    def _fill(self, installer: _Installer, python: str, requirements: Sequence[str]) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        installer.run(python, "-m", "venv", str(self._folder))
        listing = self._folder / "requirements.txt"
        listing.write_text("".join(f"{line}\n" for line in requirements), encoding="utf-8")
        pip = (self.python, "-m", "pip", "--disable-pip-version-check", "--no-input")
        installer.run(*pip, "install", "--progress-bar", "off", "-r", str(listing))
        frozen = installed(map(str, self._folder.glob("lib/python*/site-packages")))
        lock = "".join(f"{name}=={version}\n" for name, version in sorted(frozen.items()))
        (self._folder / "lock.txt").write_text(lock, encoding="utf-8")
        unfinished = self._folder / "ready.new"
        unfinished.write_text(str(self._folder), encoding="utf-8")
        unfinished.replace(self._folder / "ready")

    @contextmanager
    def _held(self, say: Say, environment: str) -> Iterator[int]:
        import fcntl

        with self._folder.with_suffix(".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"environment {environment!r}: another process is making it; waiting")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield file.fileno()


class _Installer:
    """Runs the programs that fill a venv."""

    def __init__(self, held: int, say: Say, what: str, python_note: str) -> None:
        self._held = held
        self._say = say
        self._what = what
        self._python_note = python_note

    def run(self, *command: str) -> None:
        """Run to the end. Raises EnvironmentFailed if it fails."""
        last: deque[str] = deque(maxlen=_KEPT)
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=_clean(os.environ),
            pass_fds=(self._held,),
        ) as process:
            for line in map(str.rstrip, process.stdout or ()):
                last.append(line)
                self._say(line)
        if process.returncode:
            raise EnvironmentFailed(explain(self._what, list(last), python_note=self._python_note))


@cache
def answers(python: str) -> bool:
    """Whether the program runs: version switchers leave names on PATH that only print an error."""
    try:
        done = subprocess.run([python, "-c", ""], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@cache
def version_of(python: str) -> str:
    """Return the version of an interpreter, like 3.11.4; empty: it does not tell."""
    code = "import sys; sys.stdout.write(sys.version.split()[0])"
    try:
        done = subprocess.run([python, "-I", "-S", "-c", code], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace").strip()


def _count(requirements: Sequence[str]) -> str:
    packages = sum(not line.startswith("-") for line in requirements)
    return f"{packages} package" + "s" * (packages != 1)


def _clean(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in _FOREIGN}
