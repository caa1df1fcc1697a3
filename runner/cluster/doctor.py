"""What stands between this machine and a run, each with the one command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from ..dataclass import dataclass
from ..errors import BadInput, Problem, RunnerError, StoreDenied, StoreError
from ..ports import ObjectStore
from .check import Check, asked, failed, is_well, of_problem, of_skew, to_lines
from .options import ClusterOptions

__all__ = ["Check", "KindParts", "Parts", "diagnose", "is_well", "to_lines"]

PYTHON = (3, 10)
_KIND_CLUSTER = ClusterOptions.name
_KIND_TARGET = ClusterOptions.target
_PROBED_KEY = "store.json"
"""Every workspace's store has it; asking for another's absence would do as well."""


@dataclass(frozen=True)
class KindParts:
    """The programs a kind target stands on, and its cluster."""

    name: str
    engine: Callable[[], str]
    """The Docker Engine's version. Raises RunnerError."""
    clusters: Callable[[], Sequence[str]]
    """The kind clusters of this machine. Raises RunnerError."""


@dataclass(frozen=True)
class Parts:
    """All that `diagnose` looks at; None where the configuration has no such part."""

    python: tuple[int, int, int]
    kind: KindParts | None
    target: str
    """The target's name."""
    checks: Callable[[str], Iterable[Check]]
    """What is looked at in the place where steps run, given what mends it as a whole. Raises RunnerError."""
    problems: Callable[[], Sequence[Problem]]
    """What the target says stands against using it. Raises RunnerError when there is no making one."""
    store: Callable[[], ObjectStore]
    """Raises RunnerError."""
    refuses_overwrite: Callable[[ObjectStore], bool]
    """Whether the store honours conditional writes. Raises StoreError."""
    now: Callable[[], datetime]
    """This machine's time, UTC."""
    trial: Callable[[], Iterable[Check]] = tuple
    """Checks that make something on the target, and so are made only if nothing else is wrong. Raises RunnerError."""

    @property
    def remedy(self) -> str:
        """What mends a target as a whole: only kind clusters are ours to make."""
        if self.kind is None:
            return f"correct the target '{self.target}' in the configuration, or mend what it names"
        name = "" if self.kind.name == _KIND_CLUSTER else f" --name {self.kind.name}"
        target = "" if self.target == _KIND_TARGET else f" --target {self.target}"
        return f"runner cluster up{name}{target}"


def diagnose(parts: Parts) -> tuple[Check, ...]:
    """Look at everything; what stands on something broken is left out. Never raises RunnerError."""
    checks = [_python(parts.python)]
    if parts.kind is not None:
        checks.extend(_kind(parts.kind, parts.remedy))
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
        return Check("Python", ok=True, detail=shown)
    return Check("Python", ok=False, detail=f"{shown} is too old", remedy="install Python 3.10 or newer")


def _kind(parts: KindParts, remedy: str) -> Iterator[Check]:
    """Stops at the first that fails: the others stand on it."""
    engine = asked("Docker Engine", parts.engine, "start Docker")
    yield engine
    if not engine.ok:
        return
    yield asked("kind cluster", lambda: _found(parts, remedy), remedy)


def _found(parts: KindParts, remedy: str) -> str:
    if parts.name not in parts.clusters():
        raise BadInput(f"there is no kind cluster {parts.name}", remedy=remedy)
    return parts.name


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
        yield Check(name, ok=True, detail="ready")


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
    yield Check("store", ok=True, detail="reachable, credentials accepted")
    yield _conditional(store, parts.refuses_overwrite)
    yield _clock(store, parts.now)


def _conditional(store: ObjectStore, refuses_overwrite: Callable[[ObjectStore], bool]) -> Check:
    name = "conditional writes"
    try:
        if refuses_overwrite(store):
            return Check(name, ok=True, detail="honoured")
    except StoreError as error:
        return failed(name, error, "give the credentials the right to write")
    return Check(
        name,
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
    return "correct the credentials file" + (f", or: {parts.remedy}" if parts.kind else "")
