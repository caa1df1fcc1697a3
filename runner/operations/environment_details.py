"""The environments of a plan on their targets: what was written, what becomes of it, and what exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields

from ..dataclass import dataclass
from ..environments.lock import Lock
from ..environments.requirements import read
from ..errors import BadInput, EnvironmentFailed, RunnerError
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.plan import Plan
from ..model.redaction import redacted
from ..ports import EnvironmentStore, Prepared
from .environment_locks import known_lock, notes, versions


@dataclass(frozen=True)
class PlacedEnvironment:
    """An environment of a plan on one target."""

    environment: NamedEnvironment
    target: str


@dataclass(frozen=True, kw_only=True)
class LockDetail:
    """A lock in full."""

    digest: str
    python: str
    platform: str
    date: str
    packages: Mapping[str, str]
    """The versions by package name."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentDetail:
    """One environment in full. Every field is always written."""

    name: str
    target: str
    written: Mapping[str, tuple[str, ...]]
    """The fields of the specification that are not empty."""
    notes: tuple[str, ...]
    """The differences between the specification and what is installed."""
    python: str
    """The Python version that is asked for, or follows from the date. Empty: that of the target."""
    date: str
    """No package is newer than this. Empty: any package."""
    lock: LockDetail | None
    """The stored lock for the target; None: there is none."""
    reference: str
    """The image or interpreter that exists; empty: a run makes it."""
    problems: tuple[str, ...]
    """The reasons why it cannot be made."""


def placed(plan: Plan, targets: Mapping[str, str], name: str = "") -> tuple[PlacedEnvironment, ...]:
    """Return the environments of a plan's steps on their targets, each once.

    Args:
        plan: The plan.
        targets: The target of each step by the step's key.
        name: The name or the key of one environment. Default: empty, all.

    Raises:
        BadInput: No step uses an environment of that name.

    """
    pairs = dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps)
    found = tuple(
        PlacedEnvironment(plan.environments[key], target)
        for key, target in pairs
        if name in ("", key, plan.environments[key].name)
    )
    if not found:
        names = ", ".join(sorted({plan.environments[key].name for key, _ in pairs}))
        raise BadInput(f"no step uses an environment '{name}'", remedy=f"its environments: {names}")
    return found


def details(
    chosen: tuple[PlacedEnvironment, ...], environments: Callable[[str], EnvironmentStore]
) -> Iterator[EnvironmentDetail]:
    """Yield each environment in full. Nothing is resolved or made.

    Args:
        chosen: The environments.
        environments: Returns the store of environments of a target.

    """
    for each in chosen:
        yield _detail(each, environments(each.target))


def _detail(each: PlacedEnvironment, store: EnvironmentStore) -> EnvironmentDetail:
    environment = each.environment
    requirements = read(environment)
    python = requirements.python
    return EnvironmentDetail(
        name=environment.name,
        target=each.target,
        written=written(environment.spec),
        notes=notes(store, environment),
        python="{}.{}".format(*python) if python else "",
        date=requirements.date,
        lock=_lock(store, environment),
        reference=_reference(store, environment),
        problems=tuple(str(problem) for problem in store.problems(environment)),
    )


def lock_detail(lock: Lock | None) -> LockDetail | None:
    """Return a lock in full; None for None."""
    if lock is None:
        return None
    return LockDetail(
        digest=lock.digest, python=lock.python, platform=lock.platform, date=lock.date, packages=versions(lock)
    )


def _lock(store: EnvironmentStore, environment: NamedEnvironment) -> LockDetail | None:
    try:
        return lock_detail(known_lock(store, environment))
    except EnvironmentFailed:
        return None  # its problems tell why


def _reference(store: EnvironmentStore, environment: NamedEnvironment) -> str:
    try:
        return (store.find(environment) or Prepared("")).reference
    except RunnerError:
        return ""  # its problems tell why


def written(spec: EnvironmentSpec) -> dict[str, tuple[str, ...]]:
    """Return the fields of a specification that are not empty, each as a list of texts without credentials."""
    found: dict[str, tuple[str, ...]] = {}
    for each in fields(EnvironmentSpec):
        value = getattr(spec, each.name)
        if not value:
            continue
        if each.name == "wheels":
            lines = tuple(wheel.name for wheel in value)
        elif each.name == "dockerfile":
            lines = tuple(value.splitlines())
        else:
            lines = value if isinstance(value, tuple) else (str(value),)
        found[each.name] = tuple(map(redacted, lines))
    return found
