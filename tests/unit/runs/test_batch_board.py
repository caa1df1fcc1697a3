"""The board of a pool: every batch counts once, whoever dies, stalls, starts again or is late."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from runner.model.batches import SILENCE, BatchEnd, BatchError, BatchProgress, Beat, ClaimResult, Counts
from runner.runs.batch_board import BatchBoard, read_progress
from tests.support.memory_store import MemoryStore

PREFIX = "runs/r/s/batches-1/"
WORKERS = 3


def result_of(board: BatchBoard, numbers: list[int]) -> tuple[ClaimResult, bytes]:
    """The result of a worker whose rows say which worker wrote them."""
    rows = [f"{number} by {board.worker}.{board.incarnation}\n".encode() for number in numbers]
    table = tuple((number, 1, 0, 1, len(row), 0) for number, row in zip(numbers, rows))  # noqa: B905 - Python 3.8
    return ClaimResult(worker=board.worker, incarnation=board.incarnation, table=table), b"".join(rows)


@dataclass
class Running:
    """A worker that runs: its board, and the claims that it has not published."""

    board: BatchBoard
    held: list[int] = field(default_factory=list)


class Pool(RuleBasedStateMachine):
    """Workers that share batches; any of them may die or stand still at any time."""

    @initialize(batches=st.integers(0, 25))
    def begin(self, batches: int) -> None:
        self.store = MemoryStore()
        self.now = 0.0
        self.running: dict[int, Running] = {}
        self.signs: dict[tuple[int, int], float] = {}
        """The time of the last beat of each incarnation."""
        self.published: dict[int, bytes] = {}
        """The first result of each claim."""
        first = BatchBoard(self.store, PREFIX, 0, lambda: self.now)
        first.begin()
        self.plan = first.begin_work(batches, "work")
        self.signs[0, 1] = self.now
        self.running[0] = Running(first)

    def _alive(self, index: int) -> Running | None:
        return self.running.get(index % WORKERS)

    @rule(index=st.integers(0, WORKERS - 1))
    def start(self, index: int) -> None:
        """Start a worker, or start it again while its former self is forgotten."""
        board = BatchBoard(self.store, PREFIX, index, lambda: self.now)
        board.begin()
        self.signs[index, board.incarnation] = self.now
        self.running[index] = Running(board, list(board.own_lost()))
        assert board.plan() == self.plan

    @rule(index=st.integers(0, WORKERS - 1))
    def die(self, index: int) -> None:
        self.running.pop(index, None)

    @rule(index=st.integers(0, WORKERS - 1), size=st.integers(1, 6))
    def claim(self, index: int, size: int) -> None:
        if worker := self._alive(index):
            number = worker.board.claim(self.plan, lambda remaining: min(size, remaining))
            if number is not None:
                worker.held.append(number)

    @rule(index=st.integers(0, WORKERS - 1))
    def beat(self, index: int) -> None:
        if worker := self._alive(index):
            worker.board.beat(Beat(number=0))
            self.signs[index, worker.board.incarnation] = self.now

    @rule(index=st.integers(0, WORKERS - 1), late=st.booleans())
    def publish(self, index: int, late: bool) -> None:
        worker = self._alive(index)
        if worker and worker.held:
            self._publish(worker, worker.held.pop(-1 if late else 0))

    def _publish(self, worker: Running, number: int) -> None:
        claim = worker.board.claimed(number)
        result, rows = result_of(worker.board, self.plan.numbers(claim.first, claim.stop))
        was_first = worker.board.publish(number, result, rows)
        assert was_first == (number not in self.published)
        self.published.setdefault(number, rows)

    @rule(seconds=st.sampled_from([1.0, 20.0, SILENCE]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(index=st.integers(0, WORKERS - 1))
    def take_over(self, index: int) -> None:
        if worker := self._alive(index):
            for number in worker.board.lost():
                for other, running in self.running.items():
                    if number in running.held and other != index:
                        # Nobody loses a claim who has given a sign of life in time.
                        assert self.now - self.signs[other, running.board.incarnation] >= SILENCE
                worker.held.append(number)

    @invariant()
    def claims_are_ranges_without_gaps(self) -> None:
        if not hasattr(self, "store"):
            return
        end = 0
        board = BatchBoard(self.store, PREFIX, 9, lambda: self.now)
        numbers = [int(key[-13:-5]) for key in sorted(self.store.objects) if "/claims/" in key]
        assert numbers == list(range(1, len(numbers) + 1))
        for number in numbers:
            claim = board.claimed(number)
            assert claim.first == end < claim.stop
            end = claim.stop
        assert end <= self.plan.positions

    @precondition(lambda self: hasattr(self, "store"))
    @rule()
    def all_ends(self) -> None:
        """Whatever has happened, one worker that lives can end the work, and the rows are whole and in order."""
        self.running = {}
        self.start(0)
        worker = self.running[0]
        while True:
            number = worker.board.claim(self.plan, lambda remaining: min(3, remaining))
            if number is None:
                break
            worker.held.append(number)
        for _ in range(3):
            while worker.held:
                self._publish(worker, worker.held.pop())
            worker.held.extend(worker.board.lost())
            self.now += SILENCE
        worker.board.new_results()
        assert worker.board.all_done(self.plan)
        rows = list(worker.board.merged(self.plan))
        assert [int(row.split()[0]) for row in rows] == list(range(self.plan.batches))
        assert b"".join(rows) == b"".join(self.published[number] for number in sorted(self.published))


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def board_of(store: MemoryStore, worker: int = 0, prefix: str = PREFIX) -> BatchBoard:
    board = BatchBoard(store, prefix, worker, lambda: 0.0)
    board.begin()
    return board


def test_whole_batches_of_an_earlier_attempt_are_not_run_again() -> None:
    store = MemoryStore()
    first = board_of(store)
    plan = first.begin_work(4, "w")
    number = first.claim(plan, lambda _: 4)
    assert number == 1
    table = ((0, 2, 0, 1, 2, 0), (1, 2, 1, 1, 2, 0), (2, 2, 2, 3, 0, 1), (3, 2, 0, 1, 2, 0))
    first.publish(1, ClaimResult(worker=0, incarnation=1, table=table), b"a\nb\nd\n")

    second = board_of(store, prefix="runs/r/s/batches-2/")
    again = second.begin_work(4, "w", (PREFIX,))
    assert again.ranges == ((1, 3),), "a batch with a failed item and a lost one are to be run"
    assert [end.number for one in second.results.carried().values() for end in one.ends] == [0, 1, 2, 3]
    claim = second.claim(again, lambda remaining: remaining)
    assert claim == 1
    own = ClaimResult(worker=0, incarnation=1, table=((1, 2, 0, 1, 2, 0), (2, 2, 0, 1, 2, 0)))
    second.publish(claim, own, b"B\nC\n")
    assert b"".join(second.merged(again)) == b"a\nB\nC\nd\n"

    third = board_of(store, prefix="runs/r/s/batches-3/")
    assert third.begin_work(4, "w", ("runs/r/s/batches-2/", PREFIX)).ranges == ()
    third.new_results()
    assert b"".join(third.merged(third.plan())) == b"a\nB\nC\nd\n"  # type: ignore[arg-type]


def test_results_of_other_work_are_not_carried() -> None:
    store = MemoryStore()
    first = board_of(store)
    plan = first.begin_work(2, "w")
    first.publish(first.claim(plan, lambda _: 2) or 0, *result_of(first, [0, 1]))
    second = board_of(store, prefix="runs/r/s/batches-2/")
    assert second.begin_work(2, "other", (PREFIX,)).ranges == ((0, 2),)
    third = board_of(store, prefix="runs/r/s/batches-3/")
    assert third.begin_work(3, "w", (PREFIX,)).ranges == ((0, 3),)


def test_a_worker_that_starts_again_hears_of_every_result_once() -> None:
    store = MemoryStore()
    first, other = board_of(store, 0), board_of(store, 1)
    plan = first.begin_work(6, "w")
    claims = [first.claim(plan, lambda _: 1), other.claim(plan, lambda _: 1), first.claim(plan, lambda _: 1)]
    first.publish(1, *result_of(first, [0]))
    other.publish(2, *result_of(other, [1]))
    assert claims == [1, 2, 3]
    again = board_of(store, 0)
    assert list(again.own_lost()) == [3]
    assert again.new_results() == [1, 2], "also those that it had written before"
    again.publish(3, *result_of(again, [2]))
    assert other.claim(plan, lambda remaining: remaining) == 4
    other.publish(4, *result_of(other, [3, 4, 5]))
    assert again.claim(plan, lambda remaining: remaining) is None
    assert list(again.lost()) == []
    assert again.new_results() == [4], "a look for lost claims swallows no result"
    assert again.new_results() == []
    assert again.all_done(plan)


def test_the_first_reason_of_an_abort_stands() -> None:
    store = MemoryStore()
    one, other = board_of(store, 0), board_of(store, 1)
    assert one.aborted() == ""
    one.abort("too many failures")
    other.abort("another reason")
    assert other.aborted() == one.aborted() == "too many failures"


def test_a_result_keeps_errors_and_a_long_first_line() -> None:
    store = MemoryStore()
    board = board_of(store)
    plan = board.begin_work(3000, "w")
    number = board.claim(plan, lambda remaining: remaining) or 0
    error = BatchError(number=7, label="a.png", worker=0, process="process001", reason="ValueError: no", detail="…")
    table = tuple((number, 1, 0, 1, 0, 0) for number in range(3000))
    board.publish(number, ClaimResult(worker=0, incarnation=1, table=table, errors=(error,)), b"")
    header = board.results.header(board.results.key(number))
    assert header.errors == (error,)
    assert header.counts == Counts(3000, 0, 3000, 0)
    assert header.ends[2999] == BatchEnd(2999, 1, 0, 1, 0)


def test_progress_is_read_as_it_was_shown() -> None:
    store = MemoryStore()
    assert read_progress(store, PREFIX) is None
    shown = BatchProgress(total=10, done=4, failed=1, items=40, rate=2.5, seconds_left=12.0)
    board_of(store).show(shown)
    assert read_progress(store, PREFIX) == shown


def test_beats_of_silent_workers_are_not_counted() -> None:
    store = MemoryStore()
    now = 0.0
    watching = BatchBoard(store, PREFIX, 0, lambda: now)
    watching.begin()
    other = board_of(store, 1)
    other.beat(Beat(number=0, counts=Counts(1, 0, 5, 0), rate=3.0))
    assert [beat.counts.items for beat in watching.other_beats()] == [5]
    now = SILENCE
    assert watching.other_beats() == []
