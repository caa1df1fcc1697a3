"""Lines about long transfers in the log of a whole attempt."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import manifest, packing, snapshot
from runner.data.attempt_outputs import AttemptOutputs
from runner.data.transfers import count
from runner.data.work_dir import WorkDir
from runner.errors import StoreUnreachable
from runner.model.context import StoreAccess
from runner.model.data import DataRef, Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.model.record import Failure
from runner.model.step import Interpreter, OutputPath
from runner.model.task import InputBinding
from runner.override import override
from runner.step import logs, transfer_lines
from runner.step.attempt import Attempt
from runner.step.logs import LogShipper
from runner.step.pod_staging import staging
from runner.step.transfer_lines import reported
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

SCRIPT = "import sys\nopen(sys.argv[1], 'w').write('result')\nprint('hello', end='')\n"
DATA = {"raw/a": b"first", "raw/b": b"other"}


class Waiting(MemoryStore):
    """A store that moves no data before the log tells of it. It may have lost the inputs."""

    lost = False

    def _await(self, phase: str) -> None:
        deadline = time.monotonic() + 10
        while not any(line["phase"] == phase for line in lines(self)):
            assert time.monotonic() < deadline, f"no line about {phase}"
            time.sleep(0.005)

    @override
    def download(self, key: str, path: Path) -> None:
        self._await("inputs")
        if self.lost:
            raise StoreUnreachable("the store is away")
        super().download(key, path)

    @override
    def upload(self, key: str, path: Path, digest: str = "") -> None:
        if key.startswith("azureml/"):
            self._await("outputs")
        super().upload(key, path, digest)


def log(store: MemoryStore) -> str:
    prefix = b.task_id().logs
    return b"".join(store.objects[key] for key in sorted(store.objects) if key.startswith(prefix)).decode()


def lines(store: MemoryStore) -> list[dict[str, object]]:
    return [json.loads(line) for line in log(store).splitlines() if line.startswith("{")]


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Waiting:
    for module, name in ((logs, "PERIOD"), (count, "FIRST"), (transfer_lines, "TICK")):
        monkeypatch.setattr(module, name, 0.01)
    monkeypatch.setattr(count, "pause", lambda _passed: 1000.0)
    return Waiting()


def attempt(folder: Path, store: MemoryStore) -> Attempt:
    (folder / "source").mkdir()
    (folder / "source" / "script.py").write_text(SCRIPT)
    taken = snapshot.take(folder / "source")
    packing.keep(store, taken)
    entries = tuple(Entry(key[4:], len(data), digest_of_bytes(data)) for key, data in DATA.items())
    store.objects.update(DATA)
    digest = manifest.save(store, Manifest(Kind.FOLDER, entries))
    raw = InputBinding(name="raw", ref=DataRef(datastore="lake", key="raw", digest=digest, files=2, bytes=10))
    command = (Interpreter(), "script.py", OutputPath("out"))
    task = replace(b.task(snapshot=taken.digest), command=command, inputs=(raw,))
    place = WorkDir(folder / "work")
    return Attempt(
        outputs=AttemptOutputs(
            task=task, place=place, staging=staging(place, store, lambda _: store, StoreAccess()), begun=time.time()
        ),
        shipper=LogShipper(store=store, prefix=task.id.logs, secrets=(), also=lambda: None),
        tree=lambda: folder,
    )


def test_the_log_tells_of_long_transfers_beside_the_scripts_own_output(
    tmp_path: Path, store: Waiting, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    made = attempt(tmp_path, store)
    record = made.run()
    assert (record.failure, record.warnings) == (None, ())
    assert [line.startswith("{") for line in log(store).splitlines()] == [True, True, False, True, True]
    assert log(store).splitlines()[2] == "hello"
    told = [(line["phase"], line["files"], line["files_total"], line["bytes"]) for line in lines(store)]
    assert told == [("inputs", 0, 2, 0), ("inputs", 2, 2, 10), ("outputs", 0, 1, 0), ("outputs", 1, 1, 6)]
    assert [line["bytes_total"] for line in lines(store)] == [10, 10, 6, 6]
    assert made.shipper.tail == "hello", "the reason of a failure is what the script said"
    assert capfdbinary.readouterr().out.decode() == log(store)


def test_a_failure_to_bring_inputs_leaves_its_lines(tmp_path: Path, store: Waiting) -> None:
    store.lost = True
    record = attempt(tmp_path, store).run()
    assert record.failure is Failure.STORE
    assert [(line["phase"], line["files"]) for line in lines(store)] == [("inputs", 0), ("inputs", 0)]


def test_a_store_that_takes_no_lines_stops_no_transfer(store: Waiting, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []

    def add(line: str) -> None:
        told.append(line)
        raise StoreUnreachable("the store is away")

    with reported("outputs", add) as count:
        count.begin(1, 1)
        deadline = time.monotonic() + 10
        while not told:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    assert len(told) == 2
    assert capsys.readouterr().err == "runner: a line about transfers waits for the store: the store is away\n" * 2
