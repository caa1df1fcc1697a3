from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from runner.data import packing, snapshot
from runner.data.attempt_outputs import AttemptOutputs
from runner.data.work_dir import Launch, Staging, WorkDir
from runner.ports import ObjectStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


def remains_in(folder: Path, store: ObjectStore | None = None) -> AttemptOutputs:
    store = store or MemoryStore()
    (folder / "source").mkdir(exist_ok=True)
    taken = snapshot.take(folder / "source")
    packing.keep(store, taken)
    place = WorkDir(folder / "work")
    staging = Staging(
        workspace=store,
        datastores=lambda _: store,
        input_place=lambda it, _: place.inputs / it.name,
        output_place=lambda it: place.outputs / it.name,
    )
    return AttemptOutputs(task=b.task(snapshot=taken.digest), place=place, staging=staging, begun=time.time())


def outputs_of(remains: AttemptOutputs) -> Mapping[str, Path]:
    launch = remains.staged("python")
    assert isinstance(launch, Launch), launch
    return launch.outputs


def test_what_does_not_count_is_discarded_and_nothing_else(tmp_path: Path) -> None:
    remains = remains_in(tmp_path)
    outputs = outputs_of(remains)
    outputs["out"].mkdir(parents=True)
    (outputs["out"] / "a").write_text("x")
    key = remains.delivered(outputs).outputs["out"].key
    store = remains.staging.workspace
    store.put(f"{key}2", b"another's")
    remains.discard()
    assert [info.key for info in store.list(key)] == [f"{key}2"]
