"""Publishing beside the ticks: what is told of a step, and when."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from runner.control import publications
from runner.control.act import Effects
from runner.control.publish import publish, to_publish
from runner.data import integrity, manifest
from runner.errors import BadInput, DataChanged
from runner.model import events as e
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.step import OutputSpec
from runner.override import override
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support.fake_clock import FakeClock
from tests.support.memory_store import MemoryStore

PLAN = b.plan(b.step("a", outputs=(OutputSpec(name="out", destination="fixed"),)))


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
    return committed(store, key, Manifest(Kind.FILE, (Entry("", len(key), key),)))


def kept_folder(store: MemoryStore, key: str, *paths: str) -> dict[str, DataRef]:
    """An output folder of files whose content is their path."""
    for path in paths:
        store.put(f"{key}/{path}", path.encode())
    files = Manifest(Kind.FOLDER, tuple(Entry(path, len(path), path) for path in paths))
    return committed(store, key, files)


def committed(store: ObjectStore, key: str, files: Manifest) -> dict[str, DataRef]:
    etag = integrity.etag_of(store, key, files.entries)
    return {"out": replace(b.ref(key), digest=manifest.save(store, files), etag=etag)}


def published(effects: Effects, event: e.Event) -> e.Event:
    """What is told in the end."""
    while True:
        for reported in effects.published(PLAN, (event,)):
            return reported


def test_a_folder_lies_at_its_fixed_place_file_by_file() -> None:
    store = MemoryStore()
    store.put("fixed/old.csv", b"stays")
    outputs = kept_folder(store, "azureml/now.a/out", "one.csv", "deep/two.csv")
    publish(store, lambda _name: store, to_publish(PLAN.steps[0]), outputs)
    found = {info.key: store.get(info.key) for info in store.list("fixed/")}
    assert found == {"fixed/deep/two.csv": b"deep/two.csv", "fixed/old.csv": b"stays", "fixed/one.csv": b"one.csv"}


def test_an_output_that_was_changed_is_not_published() -> None:
    store = MemoryStore()
    outputs = kept_folder(store, "azureml/now.a/out", "one.csv")
    store.put("azureml/now.a/out/one.csv", b"ONE.csv")
    with pytest.raises(DataChanged, match=r"azureml/now.a/out was changed in the store after its commit"):
        publish(store, lambda _name: store, to_publish(PLAN.steps[0]), outputs)
    assert not list(store.list("fixed"))


def test_an_output_whose_names_are_too_long_for_its_place_is_not_published_in_part() -> None:
    store = MemoryStore()
    deep = "/".join(["d" * 200] * 4)
    outputs = kept_folder(store, "azureml/now.a/out", "one.csv", f"{deep}/two.csv")
    plan = b.plan(b.step("a", outputs=(OutputSpec(name="out", destination="/".join(["e" * 200] * 2)),)))
    with pytest.raises(BadInput, match=r"cannot lie at eee.*: object key too long"):
        publish(store, lambda _name: store, to_publish(plan.steps[0]), outputs)
    assert not list(store.list("e"))


def test_many_successes_are_waited_for_together(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []

    def counted(begun: Sequence[Future[e.Event]], timeout: float) -> None:
        waits.append(len(begun))
        wait(begun, timeout)

    monkeypatch.setattr(publications, "wait", counted)
    store = SlowStore()
    steps = [b.step(key, outputs=(OutputSpec(name="out", destination=f"fixed/{key}"),)) for key in "abc"]
    events = [replace(b.succeeded(key), outputs=kept(store, f"azureml/now.{key}/out")) for key in "abc"]
    effects = Effects(
        store=store,
        datastores=lambda _name: store,
        targets={},
        environments={},
        clock=FakeClock(),
        notify=print,
        _makers=ThreadPoolExecutor(1),
    )
    assert effects.published(b.plan(*steps), events) == ()
    assert waits == [3]
    store.go.set()
    effects.close()


def test_the_outputs_of_a_step_that_ran_after_all_are_told_not_those_that_vanished() -> None:
    store = SlowStore()
    effects = Effects(
        store=store,
        datastores=lambda _name: store,
        targets={},
        environments={},
        clock=FakeClock(),
        notify=print,
        _makers=ThreadPoolExecutor(1),
    )
    reused = e.StepReused("a", "earlier.a", kept(store, "azureml/earlier.a/out"))
    assert effects.published(PLAN, (reused,)) == ()
    store.go.set()
    ran = replace(b.succeeded("a"), outputs=kept(store, "azureml/now.a/out"))
    assert published(effects, ran) == ran
    assert store.get("fixed") == b"azureml/now.a/out"
    assert not effects.busy
    effects.close()


def test_a_manifest_that_names_a_file_of_another_run_is_not_published(tmp_path: Path) -> None:
    """A script may write a manifest, and the controller copies with keys that open everything."""
    store = DirectoryStore(tmp_path)
    store.put("azureml/victim.b/out", b"secret")
    files = Manifest(Kind.FOLDER, (Entry("x", 6, "d", "azureml/victim.b/out"),))
    outputs = committed(store, "azureml/now.a/out", files)
    with pytest.raises(BadInput, match=r"names a file that is not its own: azureml/victim.b/out"):
        publish(store, lambda _name: store, PLAN.steps[0].outputs, outputs)
    assert store.stat("fixed/x") is None
