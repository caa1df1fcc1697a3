"""What `runner gc` must never break, whenever one looks at a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runner.data.retention import condemned_key, is_final
from runner.model import events as e
from runner.model.data import DataRef, Manifest
from runner.model.plan import Plan
from runner.model.published import PublishedRecord
from runner.model.record import CommitRecord
from runner.model.stored_documents import read_document
from runner.model.task import manifest_key, snapshot_key
from runner.runs.plans import plan_key
from tests.support.memory_store import MemoryStore


def check(store: MemoryStore) -> None:
    """All that a reuse entry, a commit or the journal of a run names is there, unless the run's deletion has begun."""
    for key, data in tuple(store.objects.items()):
        if key.startswith("reuse/"):
            require(store, read_document(CommitRecord, data, key).outputs.values(), key)
        elif key.endswith("/journal/00000001.json"):
            run = key.split("/")[1]
            if not is_final(store.objects.get(condemned_key(run), b"{}")):
                check_run(store, run)
        elif key.startswith("registry/published/pipelines/"):
            check_published(store, read_document(PublishedRecord, data, key))
        elif key.endswith("/committed.json") and not is_final(
            store.objects.get(condemned_key(key.split("/")[1]), b"{}")
        ):
            require(store, read_document(CommitRecord, data, key).outputs.values(), key)


def check_run(store: MemoryStore, run: str) -> None:
    """Everything that the journal of a run names is there."""
    events = list(events_of(store, run))
    assert isinstance(events[0], e.RunSubmitted), f"run {run} has lost its journal"
    key = plan_key(events[0].submission.plan)
    assert key in store.objects, f"the plan of run {run} is gone"
    for step in read_document(Plan, store.objects[key], key).steps:
        assert snapshot_key(step.snapshot) in store.objects, f"a snapshot of run {run} is gone"
    for event in events:
        if isinstance(event, (e.StepSucceeded, e.StepReused)):
            require(store, event.outputs.values(), f"run {run}")


def check_published(store: MemoryStore, record: PublishedRecord) -> None:
    """The plan of a published pipeline is there, and all snapshots."""
    key = plan_key(record.plan)
    assert key in store.objects, f"the plan of the published pipeline {record.id} is gone"
    for step in read_document(Plan, store.objects[key], key).steps:
        assert snapshot_key(step.snapshot) in store.objects, f"a snapshot of the published pipeline {record.id} is gone"


def require(store: MemoryStore, outputs: Iterable[DataRef], who: str) -> None:
    """The manifest and every file of each output are there."""
    for ref in outputs:
        key = manifest_key(ref.digest)
        assert key in store.objects, f"{who} names a manifest that is gone"
        for entry in read_document(Manifest, store.objects[key], key).entries:
            assert f"{ref.key}/{entry.path}" in store.objects, f"{who} names {ref.key}/{entry.path}, which is gone"


def events_of(store: MemoryStore, run: str) -> Iterator[e.Event]:
    """The events of a run's journal."""
    for number in range(1, 1000):
        key = f"runs/{run}/journal/{number:08d}.json"
        if key not in store.objects:
            return
        yield from read_document(e.JournalEntry, store.objects[key], key).events
