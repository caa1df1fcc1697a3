"""The parts of the S3 client that decide without a connection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest

from runner.errors import StoreError
from runner.storage.s3.parallel import all_of


def test_results_come_in_order() -> None:
    with ThreadPoolExecutor(2) as workers:
        assert all_of([workers.submit(int, text) for text in "3142"]) == [3, 1, 4, 2]
        assert all_of([]) == []


def test_after_a_failure_nothing_more_is_begun() -> None:
    begun: list[int] = []
    release = Event()

    def fail() -> None:
        release.wait(5)
        raise StoreError("first")

    def take_time(number: int) -> None:
        begun.append(number)
        sleep(0.02)

    with ThreadPoolExecutor(1) as workers:
        calls = [workers.submit(fail), *(workers.submit(take_time, number) for number in range(50))]
        release.set()
        with pytest.raises(StoreError, match="first"):
            all_of(calls)
    assert len(begun) < 50
