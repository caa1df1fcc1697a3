from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.model.task import TaskId
from runner.operations import log_bytes
from runner.operations.log_bytes import LogReader, stored_log
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

TASK = TaskId(b.RUN, "a", 1)
CHUNKS = st.lists(st.binary(min_size=1, max_size=40), max_size=6)


def written(chunks: list[bytes]) -> MemoryStore:
    store = MemoryStore()
    for number, chunk in enumerate(chunks, 1):
        store.put(f"{TASK.logs}{number:08d}.txt", chunk)
    return store


@given(CHUNKS, st.data())
def test_a_part_is_that_of_the_whole(chunks: list[bytes], data: st.DataObject) -> None:
    store, whole = written(chunks), b"".join(chunks)
    log = stored_log(store, TASK)
    assert log.size == len(whole)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    assert b"".join(log.read(store, start, end)) == whole[start:end]


@given(st.lists(st.text("ab\n", max_size=30).map(str.encode), max_size=6), st.integers(1, 8), st.integers(1, 60))
def test_the_last_lines_begin_where_the_whole_has_them(chunks: list[bytes], lines: int, most: int) -> None:
    chunks = [chunk for chunk in chunks if chunk]
    store, whole = written(chunks), b"".join(chunks)
    start = stored_log(store, TASK).start_of_last(store, lines, most)
    expected = b"".join(whole.splitlines(keepends=True)[-lines:])
    assert whole[start:] == (expected if len(expected) <= most else whole[-most:])


def test_the_last_lines_of_a_log_of_many_blocks() -> None:
    whole = b"".join(b"%07d\n" % number for number in range(100_000))
    store = written([whole[:300_001], whole[300_001:]])
    start = stored_log(store, TASK).start_of_last(store, 20_000, 1 << 22)
    assert whole[start:] == b"".join(whole.splitlines(keepends=True)[-20_000:])


@given(CHUNKS, st.data())
def test_a_reader_gets_every_byte_once_while_the_log_is_written(chunks: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(chunks)
    start = data.draw(st.integers(0, len(whole)))
    store = written(chunks) if start else MemoryStore()
    reader, seen = LogReader(store, TASK, start), b""
    for number, chunk in enumerate(chunks, 1):
        for end in (data.draw(st.integers(1, len(chunk))), len(chunk)):
            if not start:
                store.put(f"{TASK.logs}{number:08d}.txt", chunk[:end])
            if data.draw(st.booleans()):
                seen += reader.read(store)
    while more := reader.read(store):
        seen += more
    assert seen == whole[start:]


def test_a_log_is_read_in_blocks() -> None:
    store = written([b"x" * (3 * log_bytes.BLOCK + 5)])
    log = stored_log(store, TASK)
    assert [len(part) for part in log.read(store, 1, log.size)] == [log_bytes.BLOCK] * 3 + [4]
