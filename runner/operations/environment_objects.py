"""Locks, base images' facts and wheels in the workspace's store that no run needs (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta, timezone

from ..ports import ObjectInfo
from .environment_uses import RunUse

ENVIRONMENTS = "environments/"
"""The prefix of everything that is stored for environments."""
_WHEELS = "wheels"
_OF_SPECS = ("locks", "bases")
"""Folders whose next part is the digest of a specification."""
AGE = timedelta(days=30)
"""An object that was written less than this ago is kept: a lock is made before its first run."""


def unneeded_objects(objects: Iterable[ObjectInfo], runs: Collection[RunUse], now: datetime) -> tuple[ObjectInfo, ...]:
    """Return the stored objects of environments that no run's plan names and that are older than `AGE`.

    Args:
        objects: The objects below `ENVIRONMENTS`.
        runs: The kept runs of the workspace.
        now: The time of the store.

    """
    specs = {digest for run in runs for digest in run.specs}
    wheels = {digest for run in runs for digest in run.wheels}
    return tuple(each for each in objects if _free(each.key, specs, wheels) and _old(each, now))


def _free(key: str, specs: Collection[str], wheels: Collection[str]) -> bool:
    kind, _, rest = key.removeprefix(ENVIRONMENTS).partition("/")
    digest = rest.partition("/")[0]
    if kind == _WHEELS:
        return digest not in wheels
    return kind in _OF_SPECS and digest not in specs


def _old(each: ObjectInfo, now: datetime) -> bool:
    """Return True if the object is older than `AGE`. One of unknown age is not."""
    return bool(each.modified) and now - datetime.fromtimestamp(each.modified, timezone.utc) >= AGE
