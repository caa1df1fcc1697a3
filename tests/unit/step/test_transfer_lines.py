from __future__ import annotations

import json

import pytest

from runner.step.transfer_lines import FIRST, PERIOD, TransferCount


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
    assert json.loads(count.due()) == {
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
    assert (count.due(), count.last()) == ("", "")


def test_a_phase_that_moves_nothing_writes_nothing(clock: Clock) -> None:
    count = TransferCount(phase="outputs", clock=clock)
    count.begin(0, 0)
    clock.now += 1000
    assert (count.due(), count.last()) == ("", "")


def test_lines_keep_their_distance_and_the_end_has_one(count: TransferCount, clock: Clock) -> None:
    clock.now += FIRST
    seconds = [json.loads(count.due())["seconds"]]
    for _ in range(25):
        clock.now += 1
        if line := count.due():
            seconds.append(json.loads(line)["seconds"])
    assert seconds == [FIRST, FIRST + PERIOD, FIRST + 2 * PERIOD]
    count.moved(300)
    clock.now += 0.26
    last = json.loads(count.last())
    assert (last["bytes"], last["seconds"]) == (300, FIRST + 25.3)


def test_files_that_are_read_again_do_not_pass_the_total(count: TransferCount, clock: Clock) -> None:
    for _ in range(4):
        count.moved(100)
        count.completed()
    clock.now += FIRST
    line = json.loads(count.due())
    assert (line["files"], line["files_total"]) == (4, 4)
    assert (line["bytes"], line["bytes_total"]) == (400, 400)
