"""Environments as virtual environments, for steps that are processes of this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ..dataclass import dataclass
from ..errors import Problem
from ..model.digest import digest_of
from ..model.environment import EnvironmentSpec, NamedEnvironment
from .failure import refused
from .installed import installed, lacking
from .packages import OLDEST_MINOR, Packages, python_minor, read
from .venvfolder import Filling, VenvFolder, answers, version_of


@dataclass(frozen=True)
class _Choice:
    """The Python that an environment is made with."""

    python: str
    minor: tuple[int, int]
    note: str = ""
    """Loud, if it is not the one asked for."""


@dataclass(frozen=True)
class _Found:
    """What an environment comes to on this machine now."""

    choice: _Choice
    folder: VenvFolder
    """The virtual environment that it has, or would have."""
    python: str = ""
    """The interpreter that serves as things are; empty: the folder has to be filled first."""
    note: str = ""
    """Set if that interpreter is used though no environment was made for it."""


class VenvEnvironments:
    """An `EnvironmentStore`: the running interpreter where it serves, else a venv under the cache.

    References are paths of interpreters. `python` runs the steps that ask for nothing else; it has
    the minor version of this process, and unless it is this process's own it is not looked into.
    """

    def __init__(self, cache: Path, python: str = sys.executable) -> None:
        self._envs = cache / "envs"
        self._python = python

    def find(self, environment: NamedEnvironment) -> str | None:
        """The interpreter, if nothing has to be made."""
        return self._found(environment, read(environment)).python or None

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Why the environment could not be made here."""
        old = _too_old(environment)
        return (*old, *(() if environment.spec.ready else read(environment).problems))

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """How what a step gets differs from what was asked for, and which interpreter serves."""
        packages = read(environment)
        found = self._found(environment, packages)
        return tuple(filter(None, (*_notes(environment, found.choice), *packages.notes, found.note)))

    def ensure(self, environment: NamedEnvironment, say: Callable[[str], None]) -> str:
        """Make the venv unless the interpreter serves or it is there. Raises EnvironmentFailed."""
        problems = self.problems(environment)
        if problems:
            raise refused(problems)
        packages = read(environment)
        found = self._found(environment, packages)
        for note in (*_notes(environment, found.choice), *filter(None, [found.note])):
            say(note)
        if found.python:
            return found.python
        for note in packages.notes:
            say(note)
        filling = Filling(environment.name, packages.requirements, found.choice.note)
        found.folder.make(found.choice.python, filling, say)
        return found.folder.python

    def lock(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """The exact versions in the environment's venv, as ``name==version`` lines; empty: it has none."""
        return self._found(environment, read(environment)).folder.lock()

    def _found(self, environment: NamedEnvironment, packages: Packages) -> _Found:
        """Decide what serves: a venv that was made for it, else the Python as it is, else a venv to be made."""
        spec = environment.spec
        wanted = _wanted(spec)
        made = self._folder(packages.requirements, wanted)
        if packages.requirements and made.ready():
            return _Found(_Choice(made.python, wanted), made, made.python)
        choice = self._choose(spec)
        folder = self._folder(packages.requirements, choice.minor)
        if packages.requirements and folder.ready():
            return _Found(choice, folder, folder.python)
        if not self._serves(choice, packages):
            return _Found(choice, folder)
        note = f"environment {environment.name!r}: {choice.python} has all its packages and is used as it is"
        return _Found(choice, folder, choice.python, note if packages.requirements else "")

    def _folder(self, requirements: Sequence[str], minor: tuple[int, int]) -> VenvFolder:
        key = digest_of([list(requirements), list(minor), sys.platform, os.uname().machine])
        return VenvFolder(self._envs / key[:16])

    def _serves(self, choice: _Choice, packages: Packages) -> bool:
        """Whether the Python has everything: surely so if nothing is asked for."""
        if not packages.requirements:
            return True
        if choice.python != sys.executable:
            return False
        folders = [folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
        return lacking(packages.requirements, installed(folders)) is None

    def _choose(self, spec: EnvironmentSpec) -> _Choice:
        """The Python named, the running one, or one on PATH; the running one in place of one that is missing."""
        running = _Choice(self._python, sys.version_info[:2])
        if spec.interpreter.startswith("/") and not spec.image and os.access(spec.interpreter, os.X_OK):
            return _Choice(spec.interpreter, running.minor)
        wanted = _wanted(spec)
        if wanted == running.minor or spec.ready:
            return running
        name = "python{}.{}".format(*wanted)
        path = shutil.which(name) if wanted >= OLDEST_MINOR else None
        if path and answers(path):
            return _Choice(path, wanted)
        why = "is too old for a step" if wanted < OLDEST_MINOR else "is not on this machine"
        version = "{}.{}".format(*running.minor)
        return _Choice(running.python, running.minor, f"Python {spec.python} {why}; {version} is used instead")


def _wanted(spec: EnvironmentSpec) -> tuple[int, int]:
    return python_minor(spec.python) or sys.version_info[:2]


def _too_old(environment: NamedEnvironment) -> tuple[Problem, ...]:
    """Return the problem with an interpreter that the environment names and that cannot run a step."""
    spec = environment.spec
    if not spec.interpreter.startswith("/") or spec.image or not os.access(spec.interpreter, os.X_OK):
        return ()
    version = version_of(spec.interpreter)
    minor = python_minor(version)
    if minor is None or minor >= OLDEST_MINOR:
        return ()
    needed = "{}.{}".format(*OLDEST_MINOR)
    what = f"{spec.interpreter} is Python {version}, and a step needs {needed} or newer"
    return (Problem(what, f"environment {environment.name!r}", f"name an interpreter of Python {needed} or newer"),)


def _notes(environment: NamedEnvironment, choice: _Choice) -> list[str]:
    where, spec = f"environment {environment.name!r}", environment.spec
    said = [f"{where}: {choice.note}"] if choice.note else []
    if spec.image or spec.dockerfile:
        subject = f"image {spec.image}" if spec.image else "its Dockerfile"
        said.append(f"{where}: {subject} is not used here: steps are processes of this machine")
    return said
