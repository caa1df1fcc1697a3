from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from runner.errors import BadInput, StoreUnreachable
from runner.override import override
from runner.step import logs
from runner.step.logs import LogShipper
from runner.storage.directory import DirectoryStore
from tests.support.memory_store import MemoryStore
from tests.support.returning import returning


class Shaky(MemoryStore):
    """A store that can be away."""

    away = False

    @override
    def put(self, key: str, data: bytes) -> None:
        if self.away:
            raise StoreUnreachable("the store is away")
        super().put(key, data)


@pytest.fixture
def store() -> Shaky:
    return Shaky()


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    monkeypatch.setattr(logs, "PERIOD", 0.01)
    monkeypatch.setattr(logs, "_DRAIN", 0.2)
    ends = os.pipe()
    yield ends
    os.close(ends[1])


def shipper(store: Shaky, *secrets: bytes) -> LogShipper:
    return LogShipper(store=store, prefix="logs/", secrets=secrets, also=lambda: None)


def kept(store: Shaky) -> bytes:
    return b"".join(store.objects[key] for key in sorted(store.objects))


def until(true: object) -> None:
    deadline = time.monotonic() + 5
    while callable(true) and not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_lines_leave_while_the_script_runs_and_secrets_do_not(store: Shaky, pipe: tuple[int, int]) -> None:
    shipping = shipper(store, b"s3cret")
    shipping.follow(os.fdopen(pipe[0], "rb"))
    os.write(pipe[1], b"one s3cret\nhalf")
    until(lambda: kept(store) == b"one ***\n")
    os.write(pipe[1], b" and half")
    until(lambda: "half and half" in shipping.tail)
    shipping.close()
    assert kept(store) == b"one ***\nhalf and half"
    assert shipping.tail == "one ***\nhalf and half"


def test_closing_ends_although_somebody_keeps_printing(store: Shaky, pipe: tuple[int, int]) -> None:
    stop = threading.Event()

    def print_on() -> None:
        with suppress(BrokenPipeError):  # nobody listens any more
            while not stop.is_set():
                os.write(pipe[1], b"x\n")
                time.sleep(0.0005)

    shipping = shipper(store)
    shipping.follow(os.fdopen(pipe[0], "rb"))
    printing = threading.Thread(target=print_on)
    printing.start()
    returning(shipping.close)
    stop.set()
    printing.join()
    whole = kept(store)
    time.sleep(0.05)
    assert kept(store) == whole


def test_what_the_store_does_not_take_waits_and_keeps_its_order(store: Shaky) -> None:
    store.away = True
    shipping = shipper(store)
    shipping.note("one")
    with pytest.raises(StoreUnreachable):
        shipping.close()
    store.away = False
    shipping.close()
    assert kept(store) == b"runner: one\n"


def test_only_the_newest_lines_wait_for_the_store(store: Shaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT", 40)
    shipping = shipper(store)
    for number in range(10):
        shipping.note(str(number))  # 10 bytes each
    shipping.close()
    assert kept(store) == (
        b"runner: 60 bytes are missing here: the store was away for too long\n"
        b"runner: 6\nrunner: 7\nrunner: 8\nrunner: 9\n"
    )


def test_a_line_over_the_limit_is_dropped_whole(store: Shaky, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT", 40)
    shipping = shipper(store)
    shipping.note("x" * 100)
    shipping.note("y")
    shipping.close()
    assert kept(store).endswith(b"too long\nrunner: y\n")
    assert b"x" not in kept(store)


def test_reports_that_cannot_be_kept_do_not_end_the_log(store: Shaky, pipe: tuple[int, int]) -> None:
    def also() -> None:
        raise BadInput("reports/: no permission to read")

    shipping = LogShipper(store=store, prefix="logs/", secrets=(), also=also)
    shipping.follow(os.fdopen(pipe[0], "rb"))
    for line in (b"one\n", b"two\n"):
        os.write(pipe[1], line)
        until(lambda line=line: kept(store).endswith(line))
    shipping.close()


def test_a_huge_log_leaves_whole_and_in_order(store: Shaky, pipe: tuple[int, int]) -> None:
    """The kubelet would have rotated it long before: what it keeps does not matter."""
    shipping = shipper(store)
    shipping.follow(os.fdopen(pipe[0], "rb"))
    lines = [b"%07d %s\n" % (number, b"x" * 90) for number in range(30_000)]
    for start in range(0, len(lines), 1000):
        os.write(pipe[1], b"".join(lines[start : start + 1000]))
    until(lambda: "0029999" in shipping.tail)
    shipping.close()
    assert kept(store) == b"".join(lines)
    assert len(store.objects) > 1


DYING = """\
import os, sys, time
from pathlib import Path
from runner.step import logs
from runner.storage.directory import DirectoryStore
logs.PERIOD = 0.01
ours, theirs = os.pipe()
store = DirectoryStore(Path(sys.argv[1]))
shipping = logs.LogShipper(store=store, prefix="logs/", secrets=(), also=lambda: None)
shipping.follow(os.fdopen(ours, "rb"))
os.write(theirs, b"first\\nsecond\\nhalf")
time.sleep(60)
"""


def test_what_has_left_survives_a_kill(tmp_path: Path) -> None:
    dying = subprocess.Popen([sys.executable, "-c", DYING, str(tmp_path)], stdout=subprocess.DEVNULL)
    try:
        shipped = DirectoryStore(tmp_path)
        until(lambda: shipped.stat("logs/00000001.txt") is not None)
    finally:
        dying.kill()
        dying.wait()
    assert b"".join(shipped.get(info.key) for info in shipped.list("logs/")) == b"first\nsecond\n"


def test_the_next_pod_of_a_suspended_job_adds_to_the_log_of_the_first(store: Shaky, pipe: tuple[int, int]) -> None:
    store.put("logs/00000001.txt", b"of the first pod\n")
    store.put("logs/00000002.txt", b"and its end\n")
    reader = shipper(store)
    os.write(pipe[1], b"of the second\n")
    with open(pipe[0], "rb", closefd=False) as stream:
        reader.follow(stream)
        until(lambda: len(store.objects) == 3)
    reader.close()
    assert kept(store) == b"of the first pod\nand its end\nof the second\n"
