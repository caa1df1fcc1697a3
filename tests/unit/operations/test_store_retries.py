"""A viewer whose store is away for a while: it waits, reports that, and loses nothing."""

from __future__ import annotations

import pytest

from runner.errors import ObjectMissing, StoreUnreachable
from runner.model.state import begin, fold
from runner.model.task import TaskId
from runner.operations.store_retries import ANSWERS, LONGEST_PAUSE, until_answered
from runner.operations.tail import LogTail
from runner.operations.values import RunView
from runner.override import override
from tests.support import sample_run as sample
from tests.support.memory_store import MemoryStore

AWAY = StoreUnreachable("no answer from http://minio:9000")


def test_it_asks_until_the_store_answers_and_reports_both_ends_once() -> None:
    lines: list[str] = []
    pauses: list[float] = []
    left = iter([AWAY] * 7)

    def ask() -> str:
        if (error := next(left, None)) is not None:
            raise error
        return "here"

    assert until_answered(ask, lines.append, sleep=pauses.append) == "here"
    assert pauses == [0.5, 1, 2, 4, 8, LONGEST_PAUSE, LONGEST_PAUSE]
    assert len(lines) == 2
    assert "http://minio:9000" in lines[0]
    assert lines[1] == ANSWERS


def test_a_store_that_answers_is_not_reported() -> None:
    lines: list[str] = []
    assert until_answered(lambda: 1, lines.append) == 1
    assert lines == []


def test_other_errors_are_raised_at_once() -> None:
    def ask() -> None:
        raise ObjectMissing("gone")

    with pytest.raises(ObjectMissing):
        until_answered(ask, print)


def test_giving_up_raises_the_failure() -> None:
    def ask() -> None:
        raise AWAY

    with pytest.raises(StoreUnreachable):
        until_answered(ask, lambda _: None, give_up=lambda: True)


class Faltering(MemoryStore):
    """Fails at the request of that number, once."""

    def __init__(self, objects: dict[str, bytes], fails_at: int) -> None:
        super().__init__()
        self.objects = objects
        self.left = fails_at

    @override
    def get(self, key: str) -> bytes:
        self.left -= 1
        if self.left == 0:
            raise AWAY
        return super().get(key)


def logged() -> tuple[dict[str, bytes], RunView]:
    """Two steps with logs of three chunks each: one has ended, the other runs."""
    objects = {
        f"{TaskId(sample.RUN, key).logs}{chunk:08d}.txt": f"{key} {chunk}a\n{key} {chunk}b".encode()
        + (b"" if key == "plots-1" and chunk == 3 else b"\n")
        for key in ("train-1", "plots-1")
        for chunk in (1, 2, 3)
    }
    entries = [entry for entry in sample.entries() if entry.number < len(sample.entries())]
    return objects, RunView(fold(begin(sample.RUN, sample.PLAN), entries), sample.PLAN)


@pytest.mark.parametrize("fails_at", range(1, 11))
def test_no_line_is_lost_or_doubled_whenever_the_store_fails(fails_at: int) -> None:
    objects, view = logged()
    tail = LogTail(store=Faltering(dict(objects), fails_at))
    seen: list[tuple[str, str]] = []
    for _ in range(3):
        try:
            for line in tail.lines(view):
                seen.append(line)  # noqa: PERF402 - what came before the failure counts
        except StoreUnreachable:
            continue
    seen += tail.rest()
    expected = [(key, f"{key} {chunk}{part}") for key in ("train-1", "plots-1") for chunk in (1, 2, 3) for part in "ab"]
    assert sorted(seen) == sorted(expected)
