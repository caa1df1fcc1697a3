"""Batches of claims are dealt to processes, tried again and counted once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.model.batches import BatchEnd, BatchError, Counts
from runner.sdk.parallel_run.dealing import LEAD, Dealer


def error(number: int) -> BatchError:
    return BatchError(number=number, label="x", worker=0, process="process000", reason="ValueError")


def end(dealer: Dealer, process: int, number: int, seconds: float = 1.0) -> None:
    dealer.ended(process, BatchEnd(number, 2, 0, 1, 3), b"abc", seconds, None)


def test_a_process_has_one_batch_while_nothing_is_known() -> None:
    dealer = Dealer(3, 2)
    dealer.add(1, range(10))
    assert dealer.deal(0) == [0]
    assert dealer.deal(0) == []
    assert dealer.deal(1) == [1]
    assert dealer.waiting == 8


def test_quick_batches_are_dealt_many_at_a_time() -> None:
    dealer = Dealer(3, 2)
    dealer.add(1, range(1000))
    assert dealer.deal(0) == [0]
    end(dealer, 0, 0, 0.001)
    dealt = dealer.deal(0)
    assert len(dealt) == 1 + round(LEAD / 0.001)
    assert dealer.deal(0) == [], "it has enough"
    for number in dealt[:25]:
        end(dealer, 0, number, 0.001)
    assert dealer.deal(0), "it has less than half"


def test_the_last_batches_are_shared_evenly() -> None:
    dealer = Dealer(3, 2)
    dealer.add(1, range(11))
    dealer.deal(0)
    end(dealer, 0, 0, 0.001)
    assert len(dealer.deal(0)) == 5
    assert len(dealer.deal(1)) == 3


def test_a_batch_is_tried_as_often_as_allowed() -> None:
    dealer = Dealer(3, 1)
    dealer.add(7, [4])
    for number in (1, 2):
        assert dealer.deal(0) == [4]
        assert dealer.tries(4) == number
        assert not dealer.failed(0, 5, error(4))
    assert dealer.deal(0) == [4]
    assert dealer.failed(0, 5, error(4))
    (finished,) = dealer.finished()
    assert finished.claim == 7
    assert finished.ends == (BatchEnd(4, 5, 5, 3, 0, lost=True),)
    assert finished.errors == (error(4),)
    assert dealer.counts == Counts(1, 1, 5, 5)
    assert dealer.is_idle


def test_a_lost_batch_of_unknown_size_counts_as_one_item() -> None:
    dealer = Dealer(1, 1)
    dealer.add(1, [0])
    dealer.deal(0)
    dealer.failed(0, -1, error(0))
    assert dealer.counts == Counts(1, 1, 1, 1)


def test_only_the_running_batch_of_a_dead_process_has_lost_a_try() -> None:
    dealer = Dealer(2, 2)
    dealer.add(1, range(5))
    dealer.deal(0)
    end(dealer, 0, 0, 0.001)
    assert dealer.deal(0) == [1, 2]
    assert not dealer.failed(0, -1, error(1))
    dealer.take_back(0)
    assert dealer.tries(1) == 2
    assert dealer.tries(2) == 1
    assert dealer.deal(1) == [2, 1], "the batch that killed its process is not the first again"
    assert dealer.is_free(0)


def test_rows_of_a_claim_come_in_its_order() -> None:
    dealer = Dealer(3, 2)
    dealer.add(1, [0, 1])
    dealer.deal(0)
    dealer.deal(1)
    dealer.ended(1, BatchEnd(1, 1, 0, 1, 1), b"B", 1.0, None)
    assert dealer.finished() == []
    dealer.ended(0, BatchEnd(0, 1, 0, 1, 1), b"A", 1.0, None)
    (finished,) = dealer.finished()
    assert finished.rows == (b"A", b"B")
    assert [one.number for one in finished.ends] == [0, 1]


def test_claims_are_asked_for_before_a_process_is_out_of_work() -> None:
    dealer = Dealer(3, 2)
    assert not dealer.wants_claim({}, 0.01), "no process can run a batch yet"
    assert dealer.wants_claim({0: 5.0}, 0.01)
    dealer.add(1, [0])
    dealer.deal(0)
    assert dealer.wants_claim({0: 0.0, 1: 0.0}, 0.01), "process 1 is free"
    dealer.add(2, [1])
    dealer.deal(1)
    assert not dealer.wants_claim({0: 9.0, 1: 9.0}, 0.01), "both run, and nobody knows for how long"
    end(dealer, 0, 0, 10.0)
    dealer.add(3, [2])
    dealer.deal(0)
    assert not dealer.wants_claim({0: 1.0, 1: 5.0}, 0.01), "the next is free in five seconds"
    assert dealer.wants_claim({0: 1.0, 1: 9.99}, 0.01)


@given(st.lists(st.sampled_from(["ok", "fail", "die"]), max_size=60), st.integers(1, 3), st.integers(1, 12))
def test_every_batch_ends_once_whatever_happens(events: list[str], max_try: int, batches: int) -> None:
    dealer = Dealer(max_try, 2)
    dealer.add(1, range(batches))
    held: list[list[int]] = [[], []]
    for turn in range(10_000):
        if dealer.is_idle:
            break
        process = turn % 2
        held[process].extend(dealer.deal(process))
        if not held[process]:
            continue
        event = events[turn] if turn < len(events) else "ok"
        number = held[process].pop(0)
        if event == "ok":
            end(dealer, process, number, 0.0001 * (turn + 1))
        else:
            dealer.failed(process, 2, error(number))
        if event == "die":
            dealer.take_back(process)
            held[process].clear()
    (finished,) = dealer.finished()
    assert [one.number for one in finished.ends] == list(range(batches))
    assert all(one.tries <= max_try for one in finished.ends)
    assert dealer.counts.batches == batches
