"""The environments of earlier runs, as facts to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import islice

from ..environments import lock_store
from ..environments.lock import Lock
from ..errors import BadInput, StoreError
from ..ports import ObjectStore
from ..runs import index
from . import watch
from .environment_comparison import EnvironmentFacts
from .environment_locks import versions
from .values import RunView

_FAR = 200
"""The most earlier runs that are read."""


FindLock = Callable[[str, str], Lock | None]


def with_lock(facts: EnvironmentFacts, lock: Lock | None) -> EnvironmentFacts:
    """Return the facts with the content of a lock."""
    if lock is None:
        return facts
    return replace(
        facts,
        lock=lock.digest,
        python=lock.python,
        platform=lock.platform,
        date=lock.date,
        packages=versions(lock),
    )


def of_run(view: RunView, find_lock: FindLock) -> Iterator[EnvironmentFacts]:
    """Yield the environments that a run has used, on each target.

    Args:
        view: The run.
        find_lock: Returns the stored lock of a specification's digest and a lock's digest, see `lock_store.of_digest`.

    Raises:
        StoreError: A lock cannot be read.

    """
    for (key, target), reference in view.state.environments.items():
        environment = view.plan.environments.get(key)
        if environment is None:
            continue
        lock = view.state.locks.get((key, target), "")
        facts = EnvironmentFacts(
            name=environment.name,
            spec=environment.spec,
            target=target,
            run=view.state.run,
            reference=reference,
            made=(key, target) in view.state.made,
            lock=lock,
        )
        yield with_lock(facts, find_lock(environment.spec.digest, lock) if lock else None)


def earlier(store: ObjectStore, before: str = "") -> Iterator[EnvironmentFacts]:
    """Yield the environments of earlier runs, of the newest run first.

    Args:
        store: The workspace store.
        before: A run: only older ones count. Default: empty, all runs.

    Raises:
        StoreError: The list of runs cannot be read.

    """
    find_lock = cache(partial(lock_store.of_digest, store))  # runs share locks
    for run in islice((each for each in index.run_ids(store) if not before or each < before), _FAR):
        try:
            found = tuple(of_run(watch.view(store, run), find_lock))
        except (BadInput, StoreError):
            continue  # one that was never begun, or is damaged, explains nothing
        yield from found
