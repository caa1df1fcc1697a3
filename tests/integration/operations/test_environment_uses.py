"""The uses of environments, read from journals by several threads."""

from __future__ import annotations

from runner.environments import lock_store
from runner.environments.lock import Lock
from runner.operations.environment_uses import uses
from runner.runs import index, journal, plans
from tests.support import sample_run as sample
from tests.support.memory_store import MemoryStore


def test_the_uses_of_a_store_are_those_of_its_journals() -> None:
    store = sample.stored()
    index.add(store, index.IndexEntry(run="20261122t084637124z-never", experiment="e", created=sample.BEGIN))
    (found,) = uses(store)  # the journal of the other one was never begun
    assert (found.run, found.ended) == (sample.RUN, sample.at(8.1))
    assert found.references == {"runner/env:1": "sklearn"}


def test_a_run_in_progress_needs_the_locks_of_its_specifications() -> None:
    store = MemoryStore()
    plans.save(store, sample.PLAN)
    for entry in sample.entries()[:2]:
        journal.Writer(store, sample.RUN, "c1", entry.number - 1).append(entry.events, entry.time)
    index.add(store, index.IndexEntry(run=sample.RUN, experiment="e", created=sample.BEGIN))
    spec = next(iter(sample.PLAN.environments.values())).spec.digest
    lock = lock_store.keep(store, Lock(spec=spec, python="3.11", platform="any"))
    (found,) = uses(store)
    assert found.ended is None
    assert (found.references, sorted(found.locks)) == ({}, [lock.digest])
    (again,) = uses(store, {sample.RUN: found})
    assert again == found  # it is read again, because it has not ended
