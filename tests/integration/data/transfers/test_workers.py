"""Many calls at a time end together."""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from runner.data.transfers.workers import each


@pytest.mark.parametrize("count", [0, 1, 2, 3, 1000])
def test_each_item_is_worked_on_once(count: int) -> None:
    seen: Counter[int] = Counter()
    lock = threading.Lock()

    def work(item: int) -> None:
        with lock:
            seen[item] += 1

    each(range(count), work, threads=3)
    assert seen == Counter(range(count))


def test_no_more_run_at_a_time_than_there_are_threads() -> None:
    barrier = threading.Barrier(4)
    running, most, lock = 0, 0, threading.Lock()

    def work(_item: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        barrier.wait(30)
        with lock:
            running -= 1

    each(range(8), work, threads=4)
    assert most == 4


def test_after_a_failure_nothing_begins_and_what_has_begun_ends() -> None:
    begun: list[int] = []
    ended: list[int] = []
    failed = threading.Event()

    def work(item: int) -> None:
        begun.append(item)
        if item == 0:
            failed.set()
            raise ValueError("first")
        failed.wait(30)
        ended.append(item)

    with pytest.raises(ValueError, match="first"):
        each(range(1000), work, threads=2)
    assert len(begun) <= 3
    assert sorted(ended) == sorted(begun)[1:]
