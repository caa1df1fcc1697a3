"""Numbers of batches: plans, claims, thresholds, and the order of the rows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.batch_words import error_words, failure_lines, progress_words
from runner.model.batches import (
    CLAIM_SECONDS,
    BatchEnd,
    BatchError,
    BatchPlan,
    BatchProgress,
    ClaimResult,
    Counts,
    Thresholds,
    WrittenFile,
    claim_size,
    files_of,
    merge_order,
    ranges_without,
)
from runner.model.exits import last_exception


@given(st.integers(0, 40), st.sets(st.integers(0, 39)))
def test_the_ranges_of_a_plan_are_the_batches_that_are_not_done(total: int, done: set[int]) -> None:
    ranges = ranges_without(total, {number for number in done if number < total})
    wanted = [number for number in range(total) if number not in done]
    assert [number for first, stop in ranges for number in range(first, stop)] == wanted
    plan = BatchPlan(batches=total, work="w", ranges=ranges)
    assert plan.positions == len(wanted)
    for first in range(len(wanted) + 1):
        assert plan.numbers(first, first + 3) == wanted[first : first + 3]


@pytest.mark.parametrize(
    ("rate", "remaining", "share", "last", "workers", "size"),
    [
        (0.0, 1000, 1.0, 0, 1, 1),  # nothing is known
        (0.0, 0, 1.0, 0, 1, 0),
        (1000.0, 1000, 1.0, 1, 1, 4),  # the first ones may be unusually quick
        (1000.0, 10_000, 1.0, 1000, 1, 1520),  # 1.5 s of work
        (0.1, 1000, 1.0, 1, 1, 1),  # batches of ten seconds
        (1000.0, 100, 1.0, 1000, 1, 100),  # alone: no half of what is left
        (1000.0, 100, 0.25, 1000, 4, 12),  # half of a fair part
        (100.0, 100, 0.025, 1000, 4, 1),  # a slow worker takes little at the end
    ],
)
def test_a_claim_is_some_seconds_of_work(
    rate: float, remaining: int, share: float, last: int, workers: int, size: int
) -> None:
    assert claim_size(rate=rate, remaining=remaining, share=share, last=last, workers=workers) == size


@given(
    st.floats(0, 1e6),
    st.integers(1, 100_000),
    st.floats(0.001, 1),
    st.integers(0, 1000),
    st.integers(1, 100),
)
def test_a_claim_is_never_empty_and_never_too_large(
    rate: float, remaining: int, share: float, last: int, workers: int
) -> None:
    size = claim_size(rate=rate, remaining=remaining, share=share, last=last, workers=workers)
    assert 1 <= size <= remaining
    assert size <= max(1, 4 * last)
    assert size <= max(1.0, rate * (CLAIM_SECONDS + workers / 50))


def simulated(rates: list[float], batches: int) -> tuple[float, list[int]]:
    """The time until the last of several workers ends, and their numbers of claims, if claims cost nothing."""
    free = [(0.0, index) for index in range(len(rates))]
    last, claims, left, end = [0] * len(rates), [0] * len(rates), batches, 0.0
    while left:
        now, index = free.pop(free.index(min(free)))
        known = rates[index] if last[index] else 0.0
        share = rates[index] / sum(rates)
        size = claim_size(rate=known, remaining=left, share=share, last=last[index], workers=len(rates))
        last[index], left = size, left - size
        claims[index] += 1
        free.append((now + size / rates[index], index))
        end = max(end, now + size / rates[index])
    return end, claims


def test_one_slow_worker_costs_little() -> None:
    rates = [100.0, 100.0, 100.0, 10.0]
    end, _ = simulated(rates, 10_000)
    assert end / (10_000 / sum(rates)) < 1.05


def test_claims_follow_the_time_and_not_the_items() -> None:
    # Ten seconds of work: seven claims, and a few more small ones at the beginning and at the end.
    for rate in (100.0, 1000.0, 10_000.0):
        _, claims = simulated([rate] * 4, int(40 * rate))
        assert max(claims) <= 35


def test_thresholds_count_as_in_v1() -> None:
    assert Thresholds().exceeded(Counts(10, 10, 100, 100), 10) == ""
    items = Thresholds(items=3)
    assert items.exceeded(Counts(5, 0, 50, 3), 10) == ""
    assert "4 items failed, more than error_threshold=3" in items.exceeded(Counts(5, 0, 50, 4), 10)
    assert Thresholds(items=0).exceeded(Counts(1, 0, 1, 1), 10).startswith("1 item failed, more than")
    assert Thresholds(batches=0).exceeded(Counts(1, 1, 1, 1), 10).startswith("1 batch failed, more than")
    assert Thresholds(percent=0.0).exceeded(Counts(1, 1, 1, 1), 1).startswith("1 of 1 batch failed, more than")
    batches = Thresholds(batches=1)
    assert batches.exceeded(Counts(5, 1, 50, 10), 10) == ""
    assert "allowed_failed_count=1" in batches.exceeded(Counts(5, 2, 50, 20), 10)
    percent = Thresholds(percent=20.0)
    assert percent.exceeded(Counts(5, 2, 50, 20), 10) == ""
    assert "3 of 10 batches failed, more than allowed_failed_percent=20" in percent.exceeded(Counts(5, 3, 50, 30), 10)
    assert Thresholds(percent=0.0).exceeded(Counts(1, 1, 1, 1), 1000)


def test_rows_come_in_the_order_of_batches_whoever_ran_them() -> None:
    own = {"b": ClaimResult(worker=1, incarnation=1, table=((2, 1, 0, 1, 5, 0), (3, 1, 0, 1, 7, 0)))}
    carried = {
        "x": ClaimResult(worker=0, incarnation=1, table=((0, 1, 0, 1, 3, 0), (1, 1, 1, 1, 4, 0))),
        "y": ClaimResult(worker=0, incarnation=1, table=((1, 1, 0, 1, 9, 0), (3, 1, 0, 1, 2, 0))),
    }
    assert merge_order(own, carried, 4) == [
        ("x", 0, BatchEnd(0, 1, 0, 1, 3)),
        ("y", 0, BatchEnd(1, 1, 0, 1, 9)),
        ("b", 0, BatchEnd(2, 1, 0, 1, 5)),
        ("b", 5, BatchEnd(3, 1, 0, 1, 7)),
    ]
    with pytest.raises(ValueError, match=r"2 batches have no result: 4, 5"):
        merge_order(own, carried, 6)


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (
            BatchProgress(total=1000, done=300, failed=2, rate=35.2, seconds_left=20.4),
            "batches 300/1,000 done, 2 failed, 35 items/s, 20 s left",
        ),
        (BatchProgress(total=10, done=0), "batches 0/10 done"),
        (BatchProgress(total=10, done=10, rate=3.0, seconds_left=0.0), "batches 10/10 done"),
        (
            BatchProgress(total=10, done=4, carried=3, rate=0.25, seconds_left=7200.0),
            "batches 4/10 done, 3 carried over, 0.25 items/s, 2.0 h left",
        ),
        (BatchProgress(total=10, done=4, rate=1.0, seconds_left=600.0), "batches 4/10 done, 1 items/s, 10 min left"),
    ],
)
def test_progress_in_words(progress: BatchProgress, words: str) -> None:
    assert progress_words(progress) == words


def test_the_last_line_of_a_failed_step_is_its_reason() -> None:
    later = BatchError(number=9, label="z.png", worker=1, process="process000", reason="KeyError: 'z'")
    first = BatchError(
        number=3,
        label="a.png",
        worker=0,
        process="process001",
        reason="ValueError: no image",
        detail='Traceback …\n  File "entry.py", line 3, in run\nValueError: no image',
    )
    lines = list(
        failure_lines("2 items failed, more than error_threshold=0 allows", [later, first], "logs/user/error/")
    )
    reason = last_exception("\n".join(lines))
    assert reason == (
        "ParallelRunFailed: 2 items failed, more than error_threshold=0 allows; "
        "first: batch 3 (a.png), worker 0, process001: ValueError: no image"
    )
    assert any("logs/user/error/" in line for line in lines)
    assert error_words(first) in "\n".join(lines)


def uploads(worker: int, incarnation: int, *files: tuple[str, str, int, bool]) -> ClaimResult:
    """A result that lists files: path, digest, number of the upload, and whether a batch may write to it still."""
    listed = tuple(
        WrittenFile(output="out", path=path, size=1, digest=digest, number=number, open=is_open)
        for path, digest, number, is_open in files
    )
    return ClaimResult(worker=worker, incarnation=incarnation, table=(), files=listed)


def test_the_last_upload_of_a_file_counts() -> None:
    own = [
        uploads(0, 1, ("a", "old", 1, False), ("b", "b", 2, False)),
        uploads(0, 1, ("a", "new", 3, False)),
        uploads(1, 1, ("c", "first life", 9, False)),
        uploads(1, 2, ("c", "second life", 1, False)),
    ]
    earlier = [uploads(3, 7, ("a", "of the attempt before", 99, False), ("d", "d", 1, False))]
    found = {file.path: file.digest for file in files_of([own, earlier])}
    assert found == {"a": "new", "b": "b", "c": "second life", "d": "d"}


def test_files_that_two_workers_have_written_differently_are_listed_twice() -> None:
    whole = uploads(0, 1, ("same", "x", 1, False), ("part", "whole", 2, False), ("other", "one", 3, False))
    lost = uploads(1, 1, ("same", "x", 1, False), ("part", "half", 2, True), ("other", "two", 3, False))
    found = sorted((file.path, file.digest) for file in files_of([[lost, whole]]))
    assert found == [("other", "one"), ("other", "two"), ("part", "whole"), ("same", "x")]
    only_open = [uploads(worker, 1, ("log", digest, 1, True)) for worker, digest in ((0, "a"), (1, "b"))]
    assert sorted(file.digest for file in files_of([only_open])) == ["a", "b"], "no one's file is lost silently"
