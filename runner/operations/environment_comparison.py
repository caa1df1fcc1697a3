"""The differences between two environments, and the nearest one to compare with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace

from ..dataclass import dataclass, field
from ..environments import lock_store
from ..errors import StoreError
from ..model.environment import EnvironmentSpec
from ..model.names import short
from ..model.redaction import redacted
from ..ports import ObjectStore
from .differences import Difference
from .environment_locks import versions

ABSENT = "—"
"""The text for a value that one of the two does not have."""
MOST = 10
"""The most packages that are listed one by one where other fields differ too."""
_LISTS = ("pip", "conda")
"""Fields of a specification that are compared line by line."""
_PARTS: Mapping[str, str] = {
    "dockerfile": "Dockerfile",
    "image": "base",
    "interpreter": "base",
    "generation": "lock",
}
"""The part of an environment to which a field of the specification belongs, if it is not the specification itself."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentFacts:
    """Everything that determines an environment on a target, as far as it is known."""

    name: str
    spec: EnvironmentSpec
    target: str = ""
    run: str = ""
    """The run that used it; empty: none has."""
    reference: str = ""
    """Its image or interpreter; empty: it has to be made."""
    base: str = ""
    """The base image with its digest; empty: it has none, or it is unknown."""
    made: bool = False
    """True if it was made for the run."""
    lock: str = ""
    """The digest of its lock; empty: there is none, or it is unknown."""
    python: str = ""
    """The Python version of the lock."""
    platform: str = ""
    date: str = ""
    """The date of the lock: it has no newer package."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """The versions in the lock by package name."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The differences between two environments."""

    before: str
    """The name of the first, with its run."""
    after: str
    parts: tuple[str, ...]
    """The parts that differ: ``specification``, ``lock``, ``base``, ``Dockerfile``."""
    differences: tuple[Difference, ...]


def title(facts: EnvironmentFacts) -> str:
    """Return the name of an environment as ``runner environment why`` takes it: ``NAME``, or ``RUN:NAME``."""
    return f"{short(facts.run)}:{facts.name}" if facts.run else facts.name


def compare(before: EnvironmentFacts, after: EnvironmentFacts) -> Comparison:
    """Return all differences between two environments."""
    found = [*_spec_differences(before.spec, after.spec), *_lock_differences(before, after)]
    if before.target == after.target and before.spec.image == after.spec.image:
        found += _base_differences(before, after, alike=not found)
    return Comparison(
        before=title(before),
        after=title(after),
        parts=tuple(dict.fromkeys(part for part, _ in found)),
        differences=tuple(difference for _, difference in found),
    )


def nearest(facts: EnvironmentFacts, others: Iterable[EnvironmentFacts]) -> Comparison | None:
    """Return the comparison with the environment that differs least; of equal ones the first. None: there is none."""
    found = [compare(other, facts) for other in others]
    return min(found, key=lambda each: len(each.differences), default=None)


def _base_differences(
    before: EnvironmentFacts, after: EnvironmentFacts, *, alike: bool
) -> Iterator[tuple[str, Difference]]:
    """Yield the difference of two base images of one name. Two images that are `alike` otherwise have other bases."""
    if before.base and after.base:
        if before.base != after.base:
            yield "base", Difference("base image", before.base, after.base)
    elif alike and before.reference and after.reference and before.reference != after.reference:
        yield "base", Difference("base image", "an earlier image of this name", "another image")


def _spec_differences(before: EnvironmentSpec, after: EnvironmentSpec) -> Iterator[tuple[str, Difference]]:
    for spec in fields(EnvironmentSpec):
        old, new = getattr(before, spec.name), getattr(after, spec.name)
        if old == new:
            continue
        part = _PARTS.get(spec.name, "specification")
        if spec.name in _LISTS:
            yield from ((part, each) for each in _line_differences(spec.name, old, new))
        elif spec.name == "dockerfile":
            yield part, Difference("Dockerfile", _count(old), _count(new))
        else:
            yield part, Difference(spec.name, _text(old), _text(new))


def _line_differences(name: str, old: Iterable[str], new: Iterable[str]) -> Iterator[Difference]:
    before, after = list(dict.fromkeys(old)), list(dict.fromkeys(new))
    yield from (Difference(name, redacted(line), ABSENT) for line in before if line not in after)
    yield from (Difference(name, ABSENT, redacted(line)) for line in after if line not in before)
    if set(before) == set(after):
        yield Difference(f"order of {name}", redacted(", ".join(old)), redacted(", ".join(new)))


def _lock_differences(before: EnvironmentFacts, after: EnvironmentFacts) -> Iterator[tuple[str, Difference]]:
    if not (before.lock and after.lock) or before.lock == after.lock:
        return
    for name in ("python", "platform", "date"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield "lock", Difference(f"lock {name}", old or ABSENT, new or ABSENT)
    changed = package_differences(before.packages, after.packages)
    yield from (("lock", each) for each in changed)
    if not changed:
        yield "lock", Difference("lock", before.lock[:12], after.lock[:12])


def locked_differences(store: ObjectStore, before: tuple[str, str], after: tuple[str, str]) -> tuple[Difference, ...]:
    """Return the packages that differ between two stored locks, the first `MOST` of them.

    Args:
        store: The workspace store.
        before: The digests of the specification and of the lock. An empty one: it is unknown.
        after: The same of the other one.

    Returns:
        The differences; none if a lock is unknown or can no longer be read.

    """
    try:
        old, new = (lock_store.of_digest(store, *each) if all(each) else None for each in (before, after))
    except StoreError:
        return ()
    found = package_differences(versions(old), versions(new)) if old and new else ()
    rest = (Difference("package", f"and {len(found) - MOST} more", ""),) if len(found) > MOST else ()
    return (*(replace(each, field=f"package {each.field}") for each in found[:MOST]), *rest)


def package_differences(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return the packages that were added, removed or have another version, by name."""
    return tuple(
        Difference(name, before.get(name, ABSENT), after.get(name, ABSENT))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or ABSENT
    return str(value) if value not in ("", None) else ABSENT


def _count(text: str) -> str:
    lines = len(text.splitlines())
    return f"{lines} line{'s' * (lines != 1)}" if text else ABSENT
