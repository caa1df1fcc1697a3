"""Reports in the store: bounded chunks, in order, whole at the process's end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from runner.errors import StoreUnreachable
from runner.override import override
from runner.sdk.runs.report_log import BURST, CHUNK, PAUSE, ReportLog
from runner.sdk.runs.reports import METRICS, TAGS
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore

LOOP = """
import sys
from pathlib import Path
from runner.sdk.runs.report_log import ReportLog
from runner.storage.directory import DirectoryStore
log = ReportLog(DirectoryStore(Path(sys.argv[1]), durable=False), "p/")
for number in range(500):
    log.append("metrics.jsonl", {"n": number})
"""


class Unreachable(MemoryStore):
    """A store that refuses writes while `away`."""

    away = False

    @override
    def put(self, key: str, data: bytes) -> None:
        if self.away:
            raise StoreUnreachable("away")
        super().put(key, data)


class Slow(MemoryStore):
    """A store in which the thread named ``slow`` writes until `ended`."""

    begun: threading.Event | None = None
    ended: threading.Event | None = None

    @override
    def put(self, key: str, data: bytes) -> None:
        if self.ended and self.begun and threading.current_thread().name == "slow":
            self.begun.set()
            self.ended.wait()
        super().put(key, data)


def numbers(store: MemoryStore | DirectoryStore) -> list[object]:
    return [line["n"] for line in ReportLog(store, "p/").lines(METRICS)]


def test_chunks_are_bounded_and_keep_the_order_of_writing() -> None:
    store = MemoryStore()
    one, other = ReportLog(store, "p/"), ReportLog(store, "p/")
    for number in range(300):
        log = one if number % 3 else other
        log.append(METRICS, {"n": number, "text": "x" * 100})
        log.flush()
    assert numbers(store) == list(range(300))
    assert 2 <= len(store.objects) <= 6
    assert max(map(len, store.objects.values())) < CHUNK + 200


def test_metrics_are_seen_elsewhere_in_a_moment_and_all_else_at_once() -> None:
    store = MemoryStore()
    log = ReportLog(store, "p/")
    for number in range(5):
        log.append(METRICS, {"n": number})
    assert sum(map(len, store.objects.values())) < 100  # the first one; the others wait
    log.append(TAGS, {"key": "k", "value": "v"})
    written = dict(store.objects)
    assert sum(data.count(b"\n") for data in written.values()) == 6
    log.append(METRICS, {"n": 5})
    time.sleep(PAUSE * 2)
    assert store.objects != written


def test_there_are_as_many_writes_as_moments_and_not_as_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.sdk.runs.report_log.PAUSE", 60.0)
    store = MemoryStore()
    log = ReportLog(store, "p/")
    for number in range(12_000):
        log.append(METRICS, {"n": number, "text": "x" * 100})
    log.flush()
    assert len(store.objects) == 2  # of 1.8 MB
    assert max(map(len, store.objects.values())) < BURST + CHUNK + 200
    assert numbers(store) == list(range(12_000))


def test_logs_are_made_and_written_by_many_threads() -> None:
    store = MemoryStore()
    failed: list[BaseException] = []

    def write(thread: int) -> None:
        try:
            for number in range(50):
                log = ReportLog(store, f"{thread}/{number}/")
                log.append(METRICS, {"n": number})
                assert [line["n"] for line in log.lines(METRICS)] == [number]
        except (AssertionError, RuntimeError) as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_process_leaves_nothing_unwritten(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[3])
    subprocess.run(
        [sys.executable, "-c", LOOP, str(tmp_path / "s")], env={**os.environ, "PYTHONPATH": root}, check=True
    )
    assert numbers(DirectoryStore(tmp_path / "s")) == list(range(500))


def test_a_forked_process_writes_its_own_lines_alone(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path / "s", durable=False)
    log = ReportLog(store, "p/")
    log.append(METRICS, {"n": 0})
    log.append(METRICS, {"n": 1})
    child = os.fork()
    if child == 0:
        log.append(METRICS, {"n": 2})
        log.flush()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    log.append(METRICS, {"n": 3})
    assert sorted(map(str, numbers(store))) == ["0", "1", "2", "3"]


def test_a_process_forked_while_a_thread_writes_is_not_stuck() -> None:
    store, busy = Slow(), threading.Event()
    log = ReportLog(store, "p/")
    log.append(METRICS, {"n": 0})
    store.begun, store.ended = threading.Event(), busy
    writer = threading.Thread(target=lambda: log.append(TAGS, {"key": "k", "value": "v"}), name="slow")
    writer.start()
    store.begun.wait()
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # ends it if it is stuck
        try:
            log.append(TAGS, {"key": "k", "value": "w"})
            os._exit(0)
        finally:
            os._exit(1)  # never a second pytest
    ended = os.waitpid(child, 0)[1]
    busy.set()
    writer.join()
    assert ended == 0


def test_what_could_not_be_written_is_written_later() -> None:
    store = Unreachable()
    log = ReportLog(store, "p/")
    store.away = True
    with pytest.raises(StoreUnreachable):
        log.append(METRICS, {"n": 0})
    store.away = False
    log.append(METRICS, {"n": 1})
    assert numbers(store) == [0, 1]
