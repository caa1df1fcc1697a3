"""Following a run, its output and its metrics, over a store in memory."""

from __future__ import annotations

from dataclasses import replace

from runner.model.state import begin
from runner.model.status import RunStatus
from runner.operations.follow import Follower, follower_of
from runner.operations.tail import LogTail
from runner.operations.values import RunView
from runner.runs import journal
from tests.support import sample_run as sample
from tests.support.call_count import calls_of


def test_a_follower_sees_every_entry_once() -> None:
    store = sample.stored()
    follower = follower_of(store, sample.RUN)
    assert [entry.number for entry in follower.advance()] == list(range(1, 11))
    assert follower.view.state.status is RunStatus.FAILED
    assert follower.advance() == ()


def test_a_follower_waits_for_what_is_not_there_yet() -> None:
    store = sample.stored()
    last = store.get(journal.entry_key(sample.RUN, 10))
    store.delete(journal.entry_key(sample.RUN, 10))
    follower = follower_of(store, sample.RUN)
    assert len(follower.advance()) == 9
    assert not follower.view.state.over
    store.put(journal.entry_key(sample.RUN, 10), last)
    assert len(follower.advance()) == 1
    assert follower.view.state.over


def test_output_is_found_by_what_the_journal_tells_and_not_by_looking_at_every_step() -> None:
    store = sample.stored()
    follower = Follower(store, RunView(begin(sample.RUN, sample.PLAN), sample.PLAN))
    tail = LogTail(store=store)
    assert list(tail.lines(follower.view)) == []
    tail.hear(follower.advance())
    heard = list(tail.lines(follower.view))
    assert heard == list(LogTail(store=store).lines(sample.view()))

    def quiet(steps: int) -> int:
        wide = replace(sample.PLAN, steps=tuple(sample.step(f"w-{at}", "w") for at in range(steps)))
        view, looking = RunView(begin(sample.RUN, wide), wide), LogTail(store=store)
        list(looking.lines(view))
        return calls_of(lambda: list(looking.lines(view)))

    assert quiet(1000) == quiet(10)
