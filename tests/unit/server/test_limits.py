from __future__ import annotations

import asyncio

import pytest

from runner.server.limits import Rate, Turns
from runner.server.problems import Refusal


def test_a_caller_may_make_a_burst_and_then_as_many_as_the_rate_allows() -> None:
    now = [0.0]
    rate = Rate(2.0, 4.0, lambda: now[0])
    for _ in range(4):
        rate.take("ann")
    with pytest.raises(Refusal) as caught:
        rate.take("ann")
    assert (caught.value.status, caught.value.headers["Retry-After"]) == (429, "1")
    rate.take("bob")
    now[0] = 0.5
    rate.take("ann")
    with pytest.raises(Refusal):
        rate.take("ann")


def test_some_work_some_wait_and_others_are_sent_away() -> None:
    async def scenario() -> list[str]:
        turns, seen, go = Turns(2, 1), [], asyncio.Event()

        async def one(name: str) -> None:
            try:
                async with turns.turn():
                    seen.append(f"{name} works")
                    await go.wait()
            except Refusal as refusal:
                seen.append(f"{name} {refusal.status}")

        tasks = [asyncio.ensure_future(one(name)) for name in "abcd"]
        for _ in range(20):
            await asyncio.sleep(0)
        assert sorted(seen) == ["a works", "b works", "d 503"]
        go.set()
        await asyncio.gather(*tasks)
        return seen

    assert asyncio.run(scenario())[-1] == "c works"


def test_who_waits_too_long_is_sent_away_and_leaves_the_place_free() -> None:
    async def scenario() -> None:
        turns = Turns(1, 1, longest=0.01)
        async with turns.turn():
            with pytest.raises(Refusal, match="too long"):
                async with turns.turn():
                    pass
        async with turns.turn():
            pass

    asyncio.run(scenario())
