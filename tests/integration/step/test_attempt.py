from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import manifest, packing, snapshot
from runner.data.attempt_outputs import AttemptOutputs
from runner.data.work_dir import WorkDir
from runner.errors import StoreUnreachable
from runner.model.context import StoreAccess
from runner.model.data import Kind, Manifest, Mode
from runner.model.delivery import Delivery
from runner.model.record import Failure
from runner.model.step import Argument, Interpreter, OutputPath
from runner.model.task import InputBinding, snapshot_key
from runner.override import override
from runner.step import logs
from runner.step.attempt import Attempt
from runner.step.logs import LogShipper
from runner.step.pod_staging import staging
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

WRITE = "import sys\nopen(sys.argv[1], 'w').write('x')\nprint('hello')\n"


class Forgetful(MemoryStore):
    """A store that takes no log and no artifact."""

    @override
    def put(self, key: str, data: bytes) -> None:
        if "/log-" in key or "/artifacts-" in key:
            raise StoreUnreachable("the store is away")
        super().put(key, data)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "PERIOD", 0.01)


def attempt(folder: Path, script: str, store: MemoryStore | None = None, *arguments: str) -> Attempt:
    store = store or MemoryStore()
    (folder / "source").mkdir()
    (folder / "source" / "script.py").write_text(script)
    taken = snapshot.take(folder / "source")
    packing.keep(store, taken)
    place = WorkDir(folder / "work")
    command: tuple[Argument, ...] = (Interpreter(), "script.py", OutputPath("out"), *arguments)
    task = replace(b.task(snapshot=taken.digest), command=command)
    outputs = AttemptOutputs(
        task=task, place=place, staging=staging(place, store, lambda _: store, StoreAccess()), begun=time.time()
    )
    return Attempt(
        outputs=outputs,
        shipper=LogShipper(store=store, prefix=task.id.logs, secrets=(), also=lambda: None),
        tree=lambda: folder,
    )


def test_a_good_end(tmp_path: Path) -> None:
    made = attempt(tmp_path, WRITE)
    record = made.run()
    assert (record.failure, record.exit_code, record.warnings) == (None, 0, ())
    assert set(record.outputs) == {"out"}
    assert record.phases.script > 0
    assert record.python
    assert made.outputs.staging.workspace.get(f"{made.outputs.task.id.logs}00000001.txt") == b"hello\n"


def test_a_log_that_cannot_be_shipped_is_a_warning(tmp_path: Path) -> None:
    record = attempt(tmp_path, WRITE, Forgetful()).run()
    assert record.failure is None
    assert set(record.outputs) == {"out"}
    assert record.warnings == ("the end of its log could not be kept: the store is away",)


def test_a_failed_script_is_the_users_whatever_the_store_does(tmp_path: Path) -> None:
    script = "import sys\nopen('outputs/model', 'w').write('m')\nsys.exit('no luck')\n"
    record = attempt(tmp_path, script, Forgetful()).run()
    assert (record.failure, record.exit_code, record.tail) == (Failure.USER, 1, "no luck")
    assert len(record.warnings) == 2


def test_what_the_system_refuses_to_start_is_not_retried(tmp_path: Path) -> None:
    """One argument may have 128 KiB (execve(2))."""
    record = attempt(tmp_path, WRITE, None, "x" * 200_000).run()
    assert record.failure is Failure.REFUSED
    assert "cannot be started" in record.reason


def test_a_snapshot_that_is_gone_is_the_stores(tmp_path: Path) -> None:
    made = attempt(tmp_path, WRITE)
    made.outputs.staging.workspace.delete(snapshot_key(made.outputs.task.snapshot))
    record = made.run()
    assert record.failure is Failure.STORE
    assert record.reason.startswith("staging in failed")


def test_an_output_that_cannot_be_taken_is_named(tmp_path: Path) -> None:
    script = "import os, sys\nos.mkdir(sys.argv[1])\nos.symlink('.', sys.argv[1] + '/loop')\n"
    record = attempt(tmp_path, script).run()
    assert record.failure is Failure.INPUT
    assert record.reason.startswith("its outputs cannot be taken: output 'out': the link loop")


def test_a_script_that_fails_over_a_lost_mount_is_tried_again(tmp_path: Path) -> None:
    made = attempt(tmp_path, "raise OSError(107, 'Transport endpoint is not connected')\n")
    ref = b.ref()
    mounted = InputBinding(name="x", ref=ref, delivery=Delivery(Mode.MOUNT, 1, "as asked", "raw"))
    kept = manifest.save(made.outputs.staging.workspace, Manifest(Kind.FOLDER))
    task = replace(made.outputs.task, inputs=(replace(mounted, ref=replace(ref, digest=kept)),))
    (tmp_path / "mount").mkdir()
    there = replace(made.outputs.staging, mount=lambda _binding: tmp_path / "mount")
    made.outputs = replace(made.outputs, task=task, staging=there)
    record = made.run()
    assert record.failure is Failure.STORE
    assert record.reason == (
        "a mounted input could not be read (Transport endpoint is not connected); "
        "the script ended with exit code 1: OSError: [Errno 107] Transport endpoint is not connected"
    )
