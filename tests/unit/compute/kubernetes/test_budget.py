from __future__ import annotations

from runner.compute.kubernetes.budget import BURST, RATE, Budget


class Hours:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def test_a_burst_is_not_slowed_down_and_what_follows_is() -> None:
    hours = Hours()
    budget = Budget(10, 3, clock=lambda: hours.now, sleep=hours.sleep)
    for _ in range(3):
        budget.take()
    assert not hours.slept
    budget.take()
    budget.take()
    assert hours.slept == [0.1, 0.2], "each behind the one before it"


def test_a_rest_earns_a_burst_and_no_more() -> None:
    hours = Hours()
    budget = Budget(10, 3, clock=lambda: hours.now, sleep=hours.sleep)
    for _ in range(4):
        budget.take()
    hours.now += 3600
    for _ in range(3):
        budget.take()
    assert hours.slept == [0.1]


def test_a_thousand_starts_take_seconds_and_a_hundred_none() -> None:
    assert BURST >= 100
    assert (1000 - BURST) / RATE <= 10
