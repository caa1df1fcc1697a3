from __future__ import annotations

import json

import pytest

from runner.data.transfers.count import FIRST, TransferCount


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def count(clock: Clock) -> TransferCount:
    made = TransferCount(phase="inputs", clock=clock)
    made.begin(3, 300)
    return made


def test_a_line_has_what_was_moved_of_how_much(count: TransferCount, clock: Clock) -> None:
    count.begin(1, 50)
    count.moved(120)
    count.completed()
    clock.now += FIRST
    due = count.due()
    assert due is not None
    assert json.loads(due.line) == {
        "runner": "staging",
        "phase": "inputs",
        "files": 1,
        "files_total": 4,
        "bytes": 120,
        "bytes_total": 350,
        "seconds": FIRST,
    }


def test_short_transfers_write_nothing(count: TransferCount, clock: Clock) -> None:
    clock.now += FIRST - 0.1
    assert (count.due(), count.last()) == (None, None)


def test_a_phase_that_moves_nothing_writes_nothing(clock: Clock) -> None:
    count = TransferCount(phase="outputs", clock=clock)
    count.begin(0, 0)
    clock.now += 1000
    assert (count.due(), count.last()) == (None, None)


def test_lines_keep_their_distance_and_the_end_has_one(count: TransferCount, clock: Clock) -> None:
    clock.now += FIRST
    told = [count.due()]
    for _ in range(75):
        clock.now += 1
        told.append(count.due())
    seconds = [state.seconds for state in told if state]
    assert seconds == [2, 4, 6, 8, 10, 13, 17, 22, 28, 35, 44, 54, 64, 74], "often at first, then every ten seconds"
    count.moved(300)
    clock.now += 0.26
    last = count.last()
    assert last is not None
    assert (last.bytes, last.seconds) == (300, FIRST + 75.3)


def test_files_that_are_read_again_do_not_pass_the_total(count: TransferCount, clock: Clock) -> None:
    for _ in range(4):
        count.moved(100)
        count.completed()
    clock.now += FIRST
    state = count.due()
    assert state is not None
    assert (state.files, state.files_total) == (4, 4)
    assert (state.bytes, state.bytes_total) == (400, 400)


def test_a_large_file_counts_as_it_comes(count: TransferCount, clock: Clock) -> None:
    count.carried(120)
    clock.now += 1
    assert count.now().bytes == 120
    count.moved(100)
    count.carried(400)
    assert count.now().bytes == 300, "what was carried twice is not more than all"
