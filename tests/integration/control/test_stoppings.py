"""Many attempts that are stopped at once have their grace together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.control.actions import Stop
from runner.control.stoppings import Stoppings
from tests.support import builders as b

AT_ONCE = 2


class Stubborn:
    """Attempts that end only when all of them have been told to."""

    def __init__(self, number: int) -> None:
        self.stops = [Stop(b.task_id(f"step-{one}"), f"uid-{one}", b.TARGET) for one in range(number)]
        self.reported: list[Stop] = []
        self.all_told = threading.Event()
        self.pool = ThreadPoolExecutor(AT_ONCE)
        self.stoppings = Stoppings(AT_ONCE)

    def tell(self, stop: Stop) -> None:
        self.reported.append(stop)
        if len(self.reported) == len(self.stops):
            self.all_told.set()

    def stop(self, _stop: Stop) -> None:
        assert self.all_told.wait(10)

    def begin(self) -> None:
        self.stoppings.begin(self.stops, self.pool, self.stop, tell=self.tell)

    def ended(self) -> int:
        self.pool.shutdown()
        results = [result for _, result in self.stoppings.ended()]
        for result in results:
            result.result()
        return len(results)


@pytest.fixture
def many() -> Iterator[Stubborn]:
    one = Stubborn(50)
    yield one
    one.pool.shutdown()


def test_more_than_there_are_threads_are_told_before_any_is_waited_for(many: Stubborn) -> None:
    many.begin()
    assert many.ended() == 50
    assert sorted(stop.uid for stop in many.reported) == sorted(stop.uid for stop in many.stops)


def test_none_is_told_or_stopped_twice(many: Stubborn) -> None:
    many.begin()
    many.begin()
    assert many.ended() == 50
    assert len(many.reported) == 50


def test_few_are_told_by_their_stops() -> None:
    few = Stubborn(AT_ONCE)
    few.all_told.set()
    few.begin()
    assert few.ended() == AT_ONCE
    assert few.reported == []


def test_who_cannot_be_told_is_stopped_all_the_same() -> None:
    many = Stubborn(5)
    many.all_told.set()

    def fail(_stop: Stop) -> None:
        raise OSError("no answer")

    many.stoppings.begin(many.stops, many.pool, many.stop, tell=fail)
    assert many.ended() == 5
