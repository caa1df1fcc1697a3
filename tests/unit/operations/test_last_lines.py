"""The last lines of running steps, and lines about transfers."""

from __future__ import annotations

import json

import pytest

from runner.cli.output_line import output_line
from runner.data.transfers.count import state_of
from runner.model import events as e
from runner.model.state import begin, fold
from runner.model.task import TaskId
from runner.operations.last_lines import LastLines, last_line
from runner.operations.values import RunView
from runner.override import override
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


class Reads(MemoryStore):
    """Counts the bytes that are read."""

    read = 0

    @override
    def get(self, key: str) -> bytes:
        return super().get(key)

    @override
    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        data = super().read_range(key, start, length, etag)
        self.read += len(data)
        return data


def running(*keys: str) -> RunView:
    plan = b.plan(*(b.step(key) for key in ("a", "b")))
    events: list[e.Event] = [e.RunSubmitted(b.submission(plan))]
    for key in keys:
        events += [e.AttemptStarted(key, 1, "u"), e.AttemptRunning(key, b.T0)]
    return RunView(fold(begin(b.RUN, plan), [b.entry(1, *events)]), plan)


def test_only_running_steps_are_read_and_only_the_end() -> None:
    store, view = Reads(), running("a")
    logs = TaskId(b.RUN, "a", 1).logs
    store.put(f"{logs}00000001.txt", b"x" * 100_000 + b"\nlast of one\n")
    store.put(f"{TaskId(b.RUN, 'b', 1).logs}00000001.txt", b"not running\n")
    lines = LastLines(store=store)
    assert lines.look(view, ["a", "b"]) == {"a": "last of one"}
    assert store.read <= 4096
    read = store.read
    assert lines.look(view, ["a", "b"]) == {"a": "last of one"}
    assert store.read == read, "a log that has not grown is not read"
    store.put(f"{logs}00000002.txt", b"more")
    assert lines.look(view, ["a"]) == {"a": "more"}
    store.put(f"{logs}00000002.txt", b"more and\n\n")
    assert lines.look(view, ["a"]) == {"a": "more and"}
    for number in range(3, 13):
        store.put(f"{logs}{number:08d}.txt", f"chunk {number}\n".encode())
    assert lines.look(view, ["a"]) == {"a": "chunk 12"}


def test_a_step_that_has_written_nothing_has_no_line() -> None:
    assert LastLines(store=MemoryStore()).look(running("a"), ["a"]) == {}


def test_a_line_over_two_chunks_is_whole() -> None:
    store = MemoryStore()
    logs = TaskId(b.RUN, "a", 1).logs
    store.put(f"{logs}00000001.txt", b"first\nhalf of ")
    store.put(f"{logs}00000002.txt", b"a line")
    assert LastLines(store=store).look(running("a"), ["a"]) == {"a": "half of a line"}


@pytest.mark.parametrize(
    ("data", "line"), [(b"", ""), (b"\n \n", ""), (b"a\nb\n\n", "b"), (b"\xff\n", "\ufffd"), (b"x", "x")]
)
def test_last_line(data: bytes, line: str) -> None:
    assert last_line(data) == line


def said(**values: object) -> str:
    known = {"files": 1, "files_total": 4, "bytes": 1 << 20, "bytes_total": 4 << 20, "seconds": 2.0}
    return json.dumps({"runner": "staging", "phase": "inputs", **known, **values})


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\x1b[31mred\x1b[0m and \x1b[2J", "red and \\x1b[2J"),
        (" 10 %\r 20 %", "20 %"),
        ("x" * 1000, "x" * 400),
        (said(), "inputs: 1.0 of 4.0 MiB, 512.0 KiB/s, 6 s left"),
        (said(phase="\x1b[2J"), "inputs: 1.0 of 4.0 MiB, 512.0 KiB/s, 6 s left"),
        (said(phase="outputs", files=4), "outputs: 1.0 of 4.0 MiB, 4 of 4 files"),
        (said(bytes=0), "inputs: 0.0 of 4.0 MiB, 1 of 4 files"),
    ],
)
def test_a_line_of_a_step_in_one_row(line: str, shown: str) -> None:
    assert output_line(line) == shown


@pytest.mark.parametrize(
    "line",
    [
        "text",
        '{"runner": "staging"',
        '{"runner": "staging"}',
        said(files="many"),
        said(bytes=-1),
        said(seconds=float("nan")),
        said(seconds=-1),
        said(files=float("inf")),
        '{"runner": "staging", "x": ' + "[" * 100_000,
    ],
)
def test_other_lines_are_no_progress(line: str) -> None:
    assert state_of(line) is None
