from __future__ import annotations

import errno
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import packing, snapshot
from runner.data.attempt_outputs import AttemptOutputs
from runner.data.work_dir import Launch, Staging, WorkDir
from runner.errors import StoreUnreachable
from runner.model.record import AttemptRecord, Failure
from runner.model.task import snapshot_key
from runner.override import override
from runner.ports import ObjectStore
from runner.storage.directory import DirectoryStore
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


class Away(MemoryStore):
    """A store that takes nothing whose key begins so."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self.prefix = prefix

    @override
    def put(self, key: str, data: bytes) -> None:
        if key.startswith(self.prefix):
            raise StoreUnreachable("the store is away")
        super().put(key, data)


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


def failed(found: Launch | AttemptRecord) -> tuple[Failure | None, str]:
    assert isinstance(found, AttemptRecord)
    return found.failure, found.reason


def test_a_good_end_delivers(tmp_path: Path) -> None:
    remains = remains_in(tmp_path)
    outputs = outputs_of(remains)
    outputs["out"].write_text("x")
    (remains.place.code / "outputs" / "model").write_text("m")
    record = remains.delivered(outputs)
    assert (record.failure, record.exit_code, record.artifacts) == (None, 0, ("outputs/model",))
    assert remains.staging.workspace.get(record.outputs["out"].key) == b"x"
    assert record.started <= record.ended


def test_a_snapshot_that_is_gone_is_the_stores(tmp_path: Path) -> None:
    remains = remains_in(tmp_path)
    remains.staging.workspace.delete(snapshot_key(remains.task.snapshot))
    failure, reason = failed(remains.staged("python"))
    assert failure is Failure.STORE
    assert reason.startswith("staging in failed: ")


def test_a_damaged_snapshot_is_named_and_the_step_is_not_tried_again(tmp_path: Path) -> None:
    remains = remains_in(tmp_path)
    key = snapshot_key(remains.task.snapshot)
    remains.staging.workspace.put(key, b"PK no zip")
    failure, reason = failed(remains.staged("python"))
    assert failure is Failure.INPUT
    assert not failure.retriable
    assert key in reason
    assert "submit the run again" in reason
    assert not remains.place.code.exists()


def test_what_cannot_be_staged_however_often_is_not_retried(tmp_path: Path) -> None:
    remains = remains_in(tmp_path)
    remains = replace(remains, task=replace(remains.task, outputs=(b.output("a\0b", folder=True),)))
    failure, reason = failed(remains.staged("python"))
    assert failure is Failure.INPUT
    assert "cannot be staged" in reason


@pytest.mark.parametrize("link", ["out/loop", "code/outputs/loop"])
def test_what_no_store_can_take_is_the_scripts_and_named(tmp_path: Path, link: str) -> None:
    remains = remains_in(tmp_path)
    outputs = outputs_of(remains)
    outputs["out"].mkdir(parents=True)
    path = outputs["out"] / "loop" if link.startswith("out/") else remains.place.root / link
    path.symlink_to(".")
    failure, reason = failed(remains.delivered(outputs))
    assert failure is Failure.INPUT
    assert reason.startswith("its outputs cannot be taken: output")
    assert "the link loop leads to a folder around it" in reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_output_is_the_scripts(tmp_path: Path) -> None:
    remains = remains_in(tmp_path)
    outputs = outputs_of(remains)
    outputs["out"].write_text("x")
    outputs["out"].chmod(0)
    failure, reason = failed(remains.delivered(outputs))
    assert failure is Failure.INPUT
    assert "output 'out'" in reason


def test_an_unreadable_file_of_the_scripts_is_not_the_stores_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remains = remains_in(tmp_path)
    outputs = outputs_of(remains)
    (remains.place.code / "outputs" / "secret").touch()
    monkeypatch.setattr(os, "access", lambda _path, _mode: False)
    failure, reason = failed(remains.delivered(outputs))
    assert failure is Failure.INPUT
    assert "outputs/: no permission to read" in reason


def test_a_store_that_is_away_may_be_back(tmp_path: Path) -> None:
    remains = remains_in(tmp_path, Away("azureml/"))
    outputs = outputs_of(remains)
    outputs["out"].write_text("x")
    failure, reason = failed(remains.delivered(outputs))
    assert failure is Failure.STORE
    assert reason == "staging out failed: the store is away"


def test_a_failed_script_stays_the_users_whatever_the_store_does(tmp_path: Path) -> None:
    remains = remains_in(tmp_path, Away("runs/"))
    outputs_of(remains)
    (remains.place.code / "outputs" / "model").write_text("m")
    record = remains.script_failed(Failure.USER, "exit code 3", exit_code=3, tail="last words")
    assert (record.failure, record.exit_code, record.tail) == (Failure.USER, 3, "last words")
    assert record.warnings == ("what it left in outputs/ and logs/ cannot be kept: the store is away",)


def test_an_output_written_in_place_outlives_the_input_it_links(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "store", durable=False)
    remains = remains_in(tmp_path, store)
    staging = replace(remains.staging, output_place=lambda binding: store.path(binding.key))
    remains = replace(remains, staging=staging)
    outputs = outputs_of(remains)
    outputs["out"].mkdir()
    (tmp_path / "input").write_text("x")
    (outputs["out"] / "linked").symlink_to(tmp_path / "input")
    record = remains.delivered(outputs)
    (tmp_path / "input").unlink()
    assert store.get(f"{record.outputs['out'].key}/linked") == b"x"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (OSError(errno.E2BIG, "Argument list too long"), Failure.REFUSED),
        (ValueError("embedded null byte"), Failure.REFUSED),
        (OSError(errno.ENOSPC, "No space left on device"), Failure.LOST),
        (OSError(errno.EAGAIN, "Resource temporarily unavailable"), Failure.LOST),
    ],
)
def test_what_a_system_lacks_just_now_it_may_have_again(tmp_path: Path, error: Exception, failure: Failure) -> None:
    record = remains_in(tmp_path).refused(error)
    assert record.failure is failure
    assert str(error) in record.reason
