"""Checks of this machine and its targets, each with the one command that repairs a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from ..dataclass import dataclass
from ..errors import Problem, RunnerError, StoreDenied, StoreError
from ..model.check import Check, failed, is_well, of_problem, of_skew, to_lines
from ..ports import ObjectStore

__all__ = ["Check", "Parts", "diagnose", "is_well", "to_lines"]

PYTHON = (3, 10)
_PROBED_KEY = "store.json"
"""Every workspace's store has it; asking for another's absence would do as well."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """All that `diagnose` looks at; None where the configuration has no such part."""

    python: tuple[int, int, int]
    target: str
    """The target's name."""
    checks: Callable[[str], Iterable[Check]]
    """The checks of the target, given the command that repairs it as a whole. Raises RunnerError."""
    problems: Callable[[], Sequence[Problem]]
    """The problems that the target reports. Raises RunnerError if the target cannot be built."""
    store: Callable[[], ObjectStore]
    """Raises RunnerError."""
    refuses_overwrite: Callable[[ObjectStore], bool]
    """True if the store honours conditional writes. Raises StoreError."""
    now: Callable[[], datetime]
    """This machine's time, UTC."""
    repair: str = ""
    """The command that makes or repairs the target as a whole. Empty: there is none."""
    requirements: Callable[[str], Iterable[Check]] = lambda _remedy: ()
    """Check what all else needs, given what repairs the target as a whole."""
    trial: Callable[[], Iterable[Check]] = tuple
    """Checks that make something on the target, and so are made only if nothing else is wrong. Raises RunnerError."""

    @property
    def remedy(self) -> str:
        """The command that repairs a target as a whole; only kind clusters have one."""
        return self.repair or f"correct the target '{self.target}' in the configuration, or mend what it names"


def diagnose(parts: Parts) -> tuple[Check, ...]:
    """Look at everything; what stands on something broken is left out. Never raises RunnerError."""
    checks = [_python(parts.python)]
    checks.extend(parts.requirements(parts.remedy))
    if all(check.ok for check in checks):
        checks.extend(_target(f"target {parts.target}", parts))
        checks.extend(_store(parts))
    if is_well(checks):
        checks.extend(_trial(parts))
    return tuple(checks)


def _trial(parts: Parts) -> Iterator[Check]:
    try:
        yield from parts.trial()
    except RunnerError as error:
        yield failed(f"target {parts.target}", error, parts.remedy)


def _python(version: tuple[int, int, int]) -> Check:
    shown = ".".join(map(str, version))
    if version[:2] >= PYTHON:
        return Check(name="Python", ok=True, detail=shown)
    return Check(name="Python", ok=False, detail=f"{shown} is too old", remedy="install Python 3.10 or newer")


def _target(name: str, parts: Parts) -> Iterator[Check]:
    looked: list[Check] = []
    try:
        for check in parts.checks(parts.remedy):
            looked.append(check)
            yield check
        problems = parts.problems()
    except StoreError:
        return  # the store is looked at by itself
    except RunnerError as error:
        yield failed(name, error, parts.remedy)
        return
    yield from (of_problem(name, problem, parts.remedy) for problem in problems)
    if not problems and is_well(looked):
        yield Check(name=name, ok=True, detail="ready")


def _store(parts: Parts) -> Iterator[Check]:
    try:
        store = parts.store()
        store.stat(_PROBED_KEY)
    except StoreDenied as error:
        yield failed("store's credentials", error, _of_credentials(parts))
        return
    except RunnerError as error:
        yield failed("store", error, parts.remedy)
        return
    yield Check(name="store", ok=True, detail="reachable, credentials accepted")
    yield _conditional(store, parts.refuses_overwrite)
    yield _clock(store, parts.now)


def _conditional(store: ObjectStore, refuses_overwrite: Callable[[ObjectStore], bool]) -> Check:
    name = "conditional writes"
    try:
        if refuses_overwrite(store):
            return Check(name=name, ok=True, detail="honoured")
    except StoreError as error:
        return failed(name, error, "give the credentials the right to write")
    return Check(
        name=name,
        ok=False,
        detail="ignored: two controllers could drive one run",
        remedy="use a store that honours If-None-Match (MinIO, AWS S3, SeaweedFS)",
    )


def _clock(store: ObjectStore, now: Callable[[], datetime]) -> Check:
    name = "clock (store)"
    try:
        skew = store.now() - now()
    except StoreError as error:
        return failed(name, error, "runner doctor")
    return of_skew(name, skew, "the store's")


def _of_credentials(parts: Parts) -> str:
    return "correct the credentials file" + (f", or: {parts.remedy}" if parts.repair else "")
