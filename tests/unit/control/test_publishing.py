"""Publishing beside the ticks: what is told of a step, and when."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from runner.control.act import Effects
from runner.data import manifest
from runner.model import events as e
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.step import OutputSpec
from runner.override import override
from tests.support import builders as b
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore

PLAN = b.plan(b.step("a", outputs=(OutputSpec("out", destination="fixed"),)))


@dataclass
class SlowStore(MemoryStore):
    """Copies when it is allowed to."""

    go: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__()

    @override
    def copy(self, source: str, target: str) -> None:
        assert self.go.wait(10)
        super().copy(source, target)


def kept(store: MemoryStore, key: str) -> dict[str, DataRef]:
    """An output of one file at `key`, whose content is the key."""
    store.put(key, key.encode())
    digest = manifest.save(store, Manifest(Kind.FILE, (Entry("", len(key), key, key),)))
    return {"out": replace(b.ref(key), digest=digest)}


def published(effects: Effects, event: e.Event) -> e.Event:
    """What is told in the end."""
    while True:
        for told in effects.published(PLAN, (event,)):
            return told


def test_the_outputs_of_a_step_that_ran_after_all_are_told_not_those_that_vanished() -> None:
    store = SlowStore()
    effects = Effects(store, lambda _name: store, {}, {}, FakeClock(), print, _makers=ThreadPoolExecutor(1))
    reused = e.StepReused("a", "earlier.a", kept(store, "azureml/earlier.a/out"))
    assert effects.published(PLAN, (reused,)) == ()
    store.go.set()
    ran = replace(b.succeeded("a"), outputs=kept(store, "azureml/now.a/out"))
    assert published(effects, ran) == ran
    assert store.get("fixed") == b"azureml/now.a/out"
    assert not effects.busy
    effects.close()
