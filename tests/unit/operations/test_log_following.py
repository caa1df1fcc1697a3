"""The part of a log that is wanted: its last lines, what is new since a time, lines that match."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.task import TaskId
from runner.operations.log_bytes import LogReader, StoredLog, stored_log
from runner.operations.log_following import ALL, LogFollower, LogPart, decoded
from runner.override import override
from tests.support.memory_store import MemoryStore

TASK = TaskId("20260102t030405678z-aaaaaaaaaaaaaaaa", "train-1")


class Counting(MemoryStore):
    read = 0

    @override
    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        data = super().read_range(key, start, length, etag)
        self.read += len(data)
        return data


def chunked(*chunks: bytes) -> Counting:
    store = Counting()
    for number, data in enumerate(chunks, 1):
        store.put(f"{TASK.logs}{number:08d}.txt", data)
    return store


def lines(store: MemoryStore, part: LogPart) -> list[str]:
    return list(LogFollower(store=store, task=TASK, part=part).lines(final=True))


@given(
    st.lists(st.binary(max_size=12).map(lambda data: data.replace(b"\x00", b"\n")), max_size=6),
    st.integers(0, 5),
    st.sampled_from(["", "a", "[0-9]"]),
)
def test_the_last_lines_are_the_last_of_all_that_match(chunks: list[bytes], last: int, pattern: str) -> None:
    store = chunked(*(chunk for chunk in chunks if chunk))
    text = b"".join(chunks)
    whole = [decoded(line) for line in text.removesuffix(b"\n").split(b"\n")] if text else []
    matching = [line for line in whole if re.search(pattern, re.sub("\x1b\\[[0-9;]*m", "", line))]
    assert lines(store, LogPart(pattern=re.compile(pattern))) == matching
    assert lines(store, LogPart(last=last, pattern=re.compile(pattern))) == (matching[-last:] if last else [])
    assert lines(store, LogPart(last=last)) == (whole[-last:] if last else [])


def test_backwards_over_blocks() -> None:
    rows = [b"%d %s" % (number, b"x" * (number % 7_000)) for number in range(300)]
    store = chunked(b"\n".join(rows[:150]) + b"\n", b"\n".join(rows[150:]))
    log = stored_log(store, TASK)
    found = list(log.lines_backwards(store, 0))
    assert [line for _, line in reversed(found)] == rows
    for at, line in found[::17]:
        assert b"".join(log.read(store, at, at + len(line))) == line


def test_the_end_of_a_long_log_costs_a_small_read() -> None:
    store = chunked(b"line of a long log\n" * 1_000_000)
    assert lines(store, LogPart(last=3)) == ["line of a long log"] * 3
    assert store.read < 200_000


def test_colours_do_not_hide_a_match() -> None:
    store = chunked(b"\x1b[31mER\x1b[0mROR: one\nfine\n")
    assert lines(store, LogPart(pattern=re.compile("^ERROR"))) == ["\x1b[31mER\x1b[0mROR: one"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (5.0, ["old", "half of a line", "new"]),
        (15.0, ["half of a line", "new"]),
        (25.0, ["half of a line", "new"]),
        (35.0, []),
    ],
)
def test_since_a_time_the_log_begins_with_the_line_that_reaches_into_a_newer_chunk(
    since: float, expected: list[str]
) -> None:
    store = chunked(b"old\nhalf ", b"of a ", b"line\nnew\n")
    log = stored_log(store, TASK)
    chunks = [replace(chunk, modified=number * 10.0) for number, chunk in enumerate(log.chunks, 1)]
    start = LogPart(since=since).start(store, StoredLog(tuple(chunks)))
    data = b"".join(log.read(store, start, log.size)).decode()
    assert data.splitlines() == expected


def test_a_reader_that_begins_at_the_end_reads_what_is_written_later() -> None:
    store = chunked(b"one\n", b"two\n")
    reader = LogReader(store, TASK, 8)
    assert reader.read(store) == b""
    store.put(f"{TASK.logs}00000002.txt", b"two\nthree\n")
    assert reader.read(store) == b"three\n"
    store.put(f"{TASK.logs}00000003.txt", b"four\n")
    assert reader.read(store) == b"four\n"


def test_later_lines_follow_the_last_ones() -> None:
    store = chunked(b"one\ntwo\n")
    follower = LogFollower(store=store, task=TASK, part=LogPart(last=0))
    assert list(follower.lines()) == []
    store.put(f"{TASK.logs}00000001.txt", b"one\ntwo\nthree\nfo")
    assert list(follower.lines()) == ["three"]
    assert list(follower.lines(final=True)) == ["fo"]
    assert ALL.wants("anything")
