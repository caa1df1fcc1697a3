"""What is told of environments that are being made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from runner.control.actions import Prepare
from runner.control.preparing import PACE, Preparations
from runner.model import events as e
from runner.ports import Notify
from tests.support.fake_clock import FakeClock

ONE = Prepare("env", "here")
READY = e.EnvironmentReady(environment="env", target="here", reference="/python")


class Maker:
    """Makes an environment when it is allowed to."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.notify: Notify = print
        self.calls = 0

    def make(self, notify: Notify) -> e.Event:
        self.calls += 1
        self.notify = notify
        self.begun.set()
        assert self.go.wait(10)
        return READY


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


def test_lines_are_told_not_too_often(pool: ThreadPoolExecutor) -> None:
    clock, maker = FakeClock(), Maker()
    preparations = Preparations(clock)
    preparations.begin(ONE, pool, maker.make)
    assert maker.begun.wait(10)
    assert (list(preparations.news()), bool(preparations)) == ([], True), "it may be there already"
    maker.notify("")
    assert list(preparations.news()) == [e.EnvironmentBuilding("env", "here", "")]
    maker.notify("Collecting   x ")
    assert list(preparations.news()) == []
    clock.advance(PACE)
    assert list(preparations.news()) == [e.EnvironmentBuilding("env", "here", "Collecting x")]
    clock.advance(PACE)
    assert list(preparations.news()) == [], "nothing is new"
    maker.notify("Looking in https://me:secret@host/simple " + "y" * 999)
    (reported,) = preparations.news()
    assert reported.line.startswith("Looking in https://***@host/simple y")
    assert len(reported.line) == 120
    maker.go.set()


def test_each_is_made_once_and_its_end_told_once(pool: ThreadPoolExecutor) -> None:
    maker = Maker()
    preparations = Preparations(FakeClock())
    preparations.begin(ONE, pool, maker.make)
    preparations.begin(ONE, pool, maker.make)
    assert preparations.ended() == []
    maker.notify("Collecting x")
    maker.go.set()
    pool.shutdown()
    assert list(preparations.news()) == []
    assert [ended.result() for ended in preparations.ended()] == [READY]
    assert (preparations.ended(), bool(preparations), maker.calls) == ([], False, 1)
