"""What stands between this machine and a run, each with the one command that mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from ..dataclass import dataclass
from ..errors import BadInput, Problem, RunnerError, StoreDenied, StoreError
from ..ports import ObjectStore
from .options import ClusterOptions

PYTHON = (3, 10)
SKEW = timedelta(minutes=5)
"""Signed requests are refused from 15 minutes on (AWS Signature Version 4)."""
_KIND_CLUSTER = ClusterOptions.name
_KIND_TARGET = ClusterOptions.target
_PROBED_KEY = "store.json"
"""Every workspace's store has it; asking for another's absence would do as well."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    """What was found, or what is wrong."""
    remedy: str = ""
    """What mends it; empty when nothing needs to."""


@dataclass(frozen=True)
class KindParts:
    """The programs a kind target stands on, and its cluster."""

    name: str
    engine: Callable[[], str]
    """The Docker Engine's version. Raises RunnerError."""
    clusters: Callable[[], Sequence[str]]
    """The kind clusters of this machine. Raises RunnerError."""
    server: Callable[[], str]
    """The API server's version, asked with the controller's kubeconfig. Raises RunnerError."""


@dataclass(frozen=True)
class Parts:
    """All that `diagnose` looks at; None where the configuration has no such part."""

    python: tuple[int, int, int]
    kind: KindParts | None
    target: str
    """The target's name."""
    problems: Callable[[], Sequence[Problem]]
    """What the target says stands against using it. Raises RunnerError when there is no making one."""
    store: Callable[[], ObjectStore]
    """Raises RunnerError."""
    refuses_overwrite: Callable[[ObjectStore], bool]
    """Whether the store honours conditional writes. Raises StoreError."""
    now: Callable[[], datetime]
    """This machine's time, UTC."""

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
        checks.extend(_target(f"target {parts.target}", parts.problems, parts.remedy))
        checks.extend(_store(parts))
    return tuple(checks)


def is_well(checks: Sequence[Check]) -> bool:
    """True when nothing needs mending."""
    return all(check.ok for check in checks)


def to_text(checks: Sequence[Check]) -> str:
    """The checks as lines for people."""
    return "\n".join(line for check in checks for line in _lines(check))


def _lines(check: Check) -> Iterator[str]:
    yield f"{'ok' if check.ok else 'NO':<3} {check.name}: {check.detail}"
    if check.remedy:
        yield f"      do: {check.remedy}"


def _python(version: tuple[int, int, int]) -> Check:
    shown = ".".join(map(str, version))
    if version[:2] >= PYTHON:
        return Check("Python", ok=True, detail=shown)
    return Check("Python", ok=False, detail=f"{shown} is too old", remedy="install Python 3.10 or newer")


def _kind(parts: KindParts, remedy: str) -> Iterator[Check]:
    """Stops at the first that fails: the others stand on it."""
    engine = _asked("Docker Engine", parts.engine, "start Docker")
    yield engine
    if not engine.ok:
        return
    cluster = _asked("kind cluster", lambda: _found(parts, remedy), remedy)
    yield cluster
    if cluster.ok:
        yield _asked("API server", parts.server, remedy)


def _found(parts: KindParts, remedy: str) -> str:
    if parts.name not in parts.clusters():
        raise BadInput(f"there is no kind cluster {parts.name}", remedy=remedy)
    return parts.name


def _target(name: str, ask: Callable[[], Sequence[Problem]], remedy: str) -> Iterator[Check]:
    try:
        problems = ask()
    except RunnerError as error:
        yield _failed(name, error, remedy)
        return
    yield from (_of_problem(name, problem, remedy) for problem in problems)
    if not problems:
        yield Check(name, ok=True, detail="ready")


def _store(parts: Parts) -> Iterator[Check]:
    try:
        store = parts.store()
        store.stat(_PROBED_KEY)
    except StoreDenied as error:
        yield _failed("store's credentials", error, _of_credentials(parts))
        return
    except RunnerError as error:
        yield _failed("store", error, parts.remedy)
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
        return _failed(name, error, "give the credentials the right to write")
    return Check(
        name,
        ok=False,
        detail="ignored: two controllers could drive one run",
        remedy="use a store that honours If-None-Match (MinIO, AWS S3, SeaweedFS)",
    )


def _clock(store: ObjectStore, now: Callable[[], datetime]) -> Check:
    name = "clock"
    try:
        skew = store.now() - now()
    except StoreError as error:
        return _failed(name, error, "runner doctor")
    shown = f"{abs(skew.total_seconds()):.0f} s {'behind' if skew > timedelta() else 'ahead of'} the store's"
    if abs(skew) <= SKEW:
        return Check(name, ok=True, detail=shown)
    return Check(name, ok=False, detail=shown, remedy="set this machine's clock: timedatectl set-ntp true")


def _asked(name: str, ask: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, ok=True, detail=ask())
    except RunnerError as error:
        return _failed(name, error, remedy)


def _failed(name: str, error: RunnerError, remedy: str) -> Check:
    """The error as a check; its own remedy goes before the general one."""
    if isinstance(error, BadInput):
        first = error.problems[0]
        return Check(name, ok=False, detail=first.what, remedy=first.remedy or remedy)
    return Check(name, ok=False, detail=str(error), remedy=remedy)


def _of_credentials(parts: Parts) -> str:
    return "correct the credentials file" + (f", or: {parts.remedy}" if parts.kind else "")


def _of_problem(name: str, problem: Problem, remedy: str) -> Check:
    detail = f"{problem.what} ({problem.where})" if problem.where else problem.what
    return Check(name, ok=False, detail=detail, remedy=problem.remedy or remedy)
