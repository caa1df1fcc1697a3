"""Environments as virtual environments, for steps that are processes of this machine."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..environments import platforms
from ..environments.lock_notes import notes_with_lock
from ..environments.pythons import Interpreter, Pythons, text_of, version_of
from ..environments.requirements import OLDEST_MINOR, Requirements, python_minor, read
from ..environments.wheel_tags import misfits
from ..errors import Problem
from ..model.digest import digest_of
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.redaction import references
from ..ports import Notify, Prepared
from .build_failure import refused
from .installed_packages import first_unsatisfied, installed
from .source_builds import source_builds
from .venv_folder import VenvContents, VenvFolder

if TYPE_CHECKING:
    from ..environments.lock import Lock
    from ..environments.locks import Locks


class VenvEnvironments:
    """An `EnvironmentStore` that uses the running interpreter if it is sufficient, else a venv in the cache folder.

    References are paths of interpreters. The running interpreter is used as it is by the default environment, by
    environments without packages, and by those whose packages it has, unless a date or wheels are in force. All others
    get a venv with the packages of their lock, which specifications with equal locks share.
    """

    def __init__(self, cache: Path, locks: Callable[[], Locks], python: str = sys.executable) -> None:
        """Remember the collaborators.

        Args:
            cache: The folder below which the venvs lie.
            locks: Returns the locks of the workspace. Called when an environment needs one.
            python: The interpreter of steps that need no packages. It has the minor version of this process. If it is
                not this process's own interpreter, its packages are not examined.

        """
        self._envs = cache / "envs"
        self._locks = locks
        self._running = Interpreter(python, sys.version_info[:2])
        self._pythons = Pythons(cache / "pythons", self._running)

    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Return the interpreter if nothing has to be made or fetched. Raises StoreError."""
        wanted = read(environment)
        if self._serves(environment.spec, wanted):
            return Prepared(self._running.python)
        base = self._base(environment.spec, wanted)
        if base is None or not _installs(environment.spec, wanted):
            return Prepared(base.python) if base else None
        lock = self._locks().known(environment, base.version, platforms.here())
        folder = self._folder(lock, base) if lock else None
        if lock is None or folder is None or not folder.ready():
            return None
        folder.mark_used()
        return Prepared(folder.python, lock.digest)

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the reasons why the environment cannot be made here."""
        old, spec = _too_old(environment), environment.spec
        if spec.ready:
            return old
        wanted = read(environment)
        found = (*old, *wanted.problems, *wanted.conda_problems, *self._wheel_problems(environment, wanted))
        return found or self._secret_problems(environment)

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """Return the differences between the step's environment and the specification, and the interpreter in use."""
        wanted = read(environment)
        return (*self._notes(environment, wanted), *wanted.notes)

    def has_program(self, environment: NamedEnvironment, name: str) -> bool:
        """Return True if a step can start a program: one of this machine, or one that a package will bring.

        The programs of packages are known when they are installed, so until then any is taken to be among them.
        """
        own = environment.variables.get("PATH") or os.environ.get("PATH", "")
        base = self.find(environment)
        folder = os.path.dirname(base.reference) if base else ""  # noqa: PTH120 - text is wanted
        if shutil.which(name, path=os.pathsep.join(filter(None, (folder, own)))):
            return True
        return base is None and _installs(environment.spec, read(environment))

    def ensure(self, environment: NamedEnvironment, notify: Notify) -> Prepared:
        """Make the venv unless it exists or the interpreter is sufficient. Raises EnvironmentFailed, StoreError."""
        problems = self.problems(environment)
        if problems:
            raise refused(problems)
        wanted = read(environment)
        if self._serves(environment.spec, wanted):
            for note in self._notes(environment, wanted):
                notify(note)
            return Prepared(self._running.python)
        base = self._base(environment.spec, wanted) or self._pythons.obtain(_minor(wanted, self._running), notify)
        if not _installs(environment.spec, wanted):
            for note in self._notes(environment, wanted):
                notify(note)
            return Prepared(base.python)
        lock = self._locks().obtain(environment, base.version, platforms.here(), notify)
        folder = self._folder(lock, base)
        if not folder.ready():
            for note in notes_with_lock(environment.name, self.notes(environment), wanted.date, lock):
                notify(note)
            contents = self._contents(environment, lock, base)
            with source_builds(lock, lambda _: contents.opened, notify) as hear:
                folder.make(base.python, contents, hear)
        return Prepared(folder.python, lock.digest)

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        """Return the stored lock of an environment; None: there is none. Nothing is resolved or fetched."""
        if environment.spec.default:
            return None
        base = self._base(environment.spec, read(environment))
        return self._locks().known(environment, base.version, platforms.here()) if base else None

    def obtain_lock(self, environment: NamedEnvironment, notify: Notify) -> Lock | None:
        """Return the lock of an environment, resolved and stored unless it is known. None: nothing is installed.

        Raises EnvironmentFailed, StoreError.
        """
        wanted = read(environment)
        if environment.spec.default or not _installs(environment.spec, wanted):
            return None
        base = self._base(environment.spec, wanted) or self._pythons.obtain(_minor(wanted, self._running), notify)
        return self._locks().obtain(environment, base.version, platforms.here(), notify)

    def _wheel_problems(self, environment: NamedEnvironment, wanted: Requirements) -> tuple[Problem, ...]:
        """Return a problem for each wheel that is not for the Python of the environment or for this machine."""
        spec = environment.spec
        if not spec.wheels:
            return ()
        base = self._base(spec, wanted)
        minor = base.minor if base else _minor(wanted, self._running)
        return tuple(misfits(spec.wheels, minor, platforms.here(), f"environment {environment.name!r}"))

    def _secret_problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return a problem for each secret without a value that the making of the venv needs. Raises StoreError."""
        spec = environment.spec
        if not references(spec.pip):
            return ()
        where = f"environment {environment.name!r}"
        found = self._locks().sources.credentials.without_value(spec.pip, where)
        return () if found and self.find(environment) else found

    def _contents(self, environment: NamedEnvironment, lock: Lock, base: Interpreter) -> VenvContents:
        """Return the packages with the secrets and wheels that they need. Raises EnvironmentFailed, StoreError."""
        from ..environments.index_order import ordered

        sources = self._locks().sources
        return VenvContents(
            environment=environment.name,
            lock=lock,
            opened=sources.credentials.open(ordered(lock.lines())),
            wheels=tuple(sources.wheels(environment.spec).values()),
            python_note=_instead(base),
        )

    def _folder(self, lock: Lock, base: Interpreter) -> VenvFolder:
        return VenvFolder(self._envs / digest_of([lock.digest, base.python])[:16])

    def _base(self, spec: EnvironmentSpec, wanted: Requirements) -> Interpreter | None:
        """Return the interpreter that the environment names, or one of its version; None if it may be fetched."""
        if _named(spec):
            return Interpreter(spec.interpreter, python_minor(version_of(spec.interpreter)) or self._running.minor)
        return self._running if spec.ready else self._pythons.find(_minor(wanted, self._running))

    def _serves(self, spec: EnvironmentSpec, wanted: Requirements) -> bool:
        """Return True if the running interpreter is used as it is."""
        if spec.default:
            return True
        if _named(spec) or not (spec.ready or _minor(wanted, self._running) == self._running.minor):
            return False
        if not _installs(spec, wanted):
            return True
        if wanted.date or spec.wheels or self._running.python != sys.executable:
            return False
        folders = [folder for folder in sys.path if folder.endswith(("site-packages", "dist-packages"))]
        return first_unsatisfied(wanted.lines, installed(folders)) is None

    def _notes(self, environment: NamedEnvironment, wanted: Requirements) -> list[str]:
        """Return what is used in place of the requested interpreter, image and packages."""
        where, spec = f"environment {environment.name!r}", environment.spec
        notes = []
        if self._serves(spec, wanted):
            if _installs(spec, wanted) and not spec.default:
                notes.append(f"{where}: {self._running.python} has all its packages and is used as it is")
        else:
            notes += self._python_notes(spec, wanted)
        if spec.image or spec.dockerfile:
            subject = f"image {spec.image}" if spec.image else "its Dockerfile"
            notes.append(f"{subject} is not used here: steps are processes of this machine")
        return [note if note.startswith(where) else f"{where}: {note}" for note in notes]

    def _python_notes(self, spec: EnvironmentSpec, wanted: Requirements) -> list[str]:
        base = self._base(spec, wanted)
        if base is None:
            version = text_of(_minor(wanted, self._running))
            return [f"Python {version} is not on this machine: uv fetches it, else the nearest newer one is used"]
        if base.asked:
            return [f"ATTENTION: {_instead(base)}"]
        return [] if base.minor == self._running.minor else [f"steps run on Python {base.version}: {base.python}"]


def _minor(wanted: Requirements, running: Interpreter) -> tuple[int, int]:
    return max(wanted.python, OLDEST_MINOR) if wanted.python else running.minor


def _installs(spec: EnvironmentSpec, wanted: Requirements) -> bool:
    return bool(wanted.lines or spec.wheels)


def _named(spec: EnvironmentSpec) -> bool:
    """Return True if the environment names an interpreter of this machine."""
    return spec.interpreter.startswith("/") and not spec.image and os.access(spec.interpreter, os.X_OK)


def _instead(base: Interpreter) -> str:
    """Return the reason why another Python is used than the requested one; empty if it is that one."""
    if base.asked is None:
        return ""
    missing = text_of(base.asked)
    return (
        f"Python {missing} is not on this machine and cannot be fetched; {base.version} is used instead: {base.python}"
    )


def _too_old(environment: NamedEnvironment) -> tuple[Problem, ...]:
    """Return the problem with an interpreter that the environment names and that cannot run a step."""
    spec = environment.spec
    if not _named(spec):
        return ()
    version = version_of(spec.interpreter)
    minor = python_minor(version)
    if minor is None or minor >= OLDEST_MINOR:
        return ()
    needed = "{}.{}".format(*OLDEST_MINOR)
    what = f"{spec.interpreter} is Python {version}, and a step needs {needed} or newer"
    return (Problem(what, f"environment {environment.name!r}", f"name an interpreter of Python {needed} or newer"),)
