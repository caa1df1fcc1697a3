"""The supervisor of the worker processes of one worker: it gives them batches and restarts those that hang or die."""

from __future__ import annotations

import math
import selectors
import sys
import time
from collections.abc import Sequence

from ...dataclass import dataclass, field
from ...model.batch_words import error_words, progress_words
from ...model.batches import BatchEnd, BatchError, ClaimResult, Counts, Thresholds, counted
from ...model.exits import exit_words, shell_code
from .board_thread import AllClaimed, AllDone, BoardThread, Broken, Claimed, Stopped
from .children import Child
from .dealing import Dealer, Finished
from .messages import Message
from .mini_batch import MiniBatch
from .settings import Settings
from .slow_calls import SlowCalls

_TICK = 0.1
"""Seconds between two looks at the processes when nothing happens."""
_PACE = 0.002
"""Seconds between two looks at quick processes: messages are read several at a time."""
_QUICK = 0.01
"""Seconds: the processes of quicker batches are quick."""
_LOG_EVERY = 10.0
"""Seconds between two lines of progress in the step's log."""
_SHOWN_ERRORS = 20
"""Failures that the step's log shows; the error files have all."""
_KEPT_ERRORS = 1000
"""Failures that are remembered: there may be as many as batches."""
_LAST_WAIT = 10.0
"""Seconds that a process has to end after its last batch, or `run_invocation_timeout` if that is longer."""


class PoolFailed(Exception):
    """The step has failed for good; the message says why."""


class PoolStopped(PoolFailed):
    """Another worker has failed the step."""


@dataclass(kw_only=True)
class Pool:
    """The processes and batches of one worker."""

    settings: Settings
    batches: Sequence[MiniBatch]
    children: list[Child]
    board: BoardThread
    incarnation: int
    worker: int
    errors: list[BatchError] = field(default_factory=list)
    """The first failures of batches here."""

    def __post_init__(self) -> None:
        self._dealer = Dealer(self.settings.run_max_try, len(self.children))
        self._thresholds = Thresholds(
            items=self.settings.error_threshold,
            batches=self.settings.allowed_failed_count,
            percent=self.settings.allowed_failed_percent,
        )
        self.board.live = self.live
        self._claiming = self._claimed_all = self._all_done = False
        self._ever_ready = self._finished = False
        self._held: list[Finished] = []
        """Claims that have ended and are not published."""
        self._left_out: set[int] = set()
        self._init_error = ""
        self._idle_deaths = 0
        self._logged = time.monotonic()
        self._slow = SlowCalls(self._logged)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.board.wake, selectors.EVENT_READ)
        self._watched: dict[int, int] = {}

    def live(self) -> tuple[Counts, float]:
        """Return what has ended here, and the batches per second here."""
        return self._dealer.counts, self._rate

    @property
    def _rate(self) -> float:
        working = len(self.children) - len(self._left_out)
        return working / self._dealer.mean if self._dealer.mean else 0.0

    def run(self) -> None:
        """Run batches until every batch of the step has a result.

        Raises:
            PoolFailed: The step has failed.
            RunnerError: The store has failed.
        """
        while not self._all_done:
            self._take_news()
            for child in self.children:
                self._attend(child)
            self._publish()
            self._ask_for_claim()
            self._log_progress()
            self._wait()
        self._check_thresholds()
        known = self.board.known()
        if known.batches and known.failed_batches == known.batches:
            raise PoolFailed(f"no batch succeeded (0 of {known.batches})")

    def finish(self) -> None:
        """Let the processes call ``shutdown()`` and end."""
        self._finished = True
        for child in self.children:
            self._unwatch(child)
        for child in self.children:
            if child.ready:
                child.finish()
            else:
                child.kill()
        until = time.monotonic() + max(_LAST_WAIT, self.settings.run_invocation_timeout)
        while any(child.pid and child.ended() is None for child in self.children):
            for child in self.children:
                for document, _ in child.messages():
                    if document["kind"] == "no_shutdown":
                        self._say(f"shutdown() in {child.name} failed: {document['reason']}")
            if time.monotonic() > until:
                self._say("a process did not end after shutdown() and was killed")
                break
            time.sleep(_PACE)
        self.kill()

    def kill(self) -> None:
        """Kill all processes."""
        for child in self.children:
            child.kill()

    # One turn

    def _wait(self) -> None:
        """Wait until something happens."""
        now, timeout = time.monotonic(), _TICK
        for child in self.children:
            if child.reader.descriptor != self._watched.get(child.index, -1):
                self._watch(child)
            timeout = min(timeout, max(0.0, self._due(child) - now))
            if child.is_full:
                timeout = min(timeout, _PACE)
        if 0 < self._dealer.mean < _QUICK and not self._dealer.is_idle:
            time.sleep(_PACE)
        self._selector.select(timeout)

    def _watch(self, child: Child) -> None:
        self._unwatch(child)
        if child.reader.descriptor >= 0:
            self._selector.register(child.reader.descriptor, selectors.EVENT_READ)
            self._watched[child.index] = child.reader.descriptor

    def _unwatch(self, child: Child) -> None:
        if child.index in self._watched:
            self._selector.unregister(self._watched.pop(child.index))

    def _take_news(self) -> None:
        for news in self.board.news():
            if isinstance(news, Claimed):
                self._claiming = False
                self._start_again()
                self._dealer.add(news.claim, news.numbers)
            elif isinstance(news, AllClaimed):
                self._claimed_all, self._claiming = True, False
            elif isinstance(news, AllDone):
                self._all_done = True
            elif isinstance(news, Stopped):
                raise PoolStopped(news.reason)
            elif isinstance(news, Broken):
                raise news.error
            else:
                self._check_thresholds()

    def _start_again(self) -> None:
        """Start the processes that have ended because no batch was left: another worker is lost."""
        if self._finished:
            self._finished = False
            for child in self.children:
                if child.index not in self._left_out:
                    child.start()

    def _attend(self, child: Child) -> None:
        """Take what a process has sent, look whether it lives, and give it more to do."""
        if child.index in self._left_out or not child.pid:
            return
        ended = child.ended()
        for message in child.messages():
            self._take(child, message)
        if ended is None and child.reader.ended:
            ended = child.awaited()
        if ended is not None:
            self._unwatch(child)
            self._died(child, ended)
            return
        if child.ready:
            if self._overdue(child):
                return
            child.flush()
            self._deal(child)

    def _deal(self, child: Child) -> None:
        was_free = self._dealer.is_free(child.index)
        numbers = self._dealer.deal(child.index)
        if not numbers:
            return
        if was_free:
            child.began = time.monotonic()
        child.send([(number, self.batches[number].spec, self.batches[number].partition) for number in numbers])

    def _take(self, child: Child, message: Message) -> None:
        document, rows = message
        kind = document["kind"]
        if kind == "end":
            self._ended(child, document, rows)
        elif kind == "error":
            self._failed(child, document["items"], self._error(child, document["number"], document))
            child.ended_batch()
        elif kind == "opened":
            child.opened = (document["number"], document["items"])
            child.began = time.monotonic()
        elif kind == "ready":
            child.ready = self._ever_ready = True
        elif kind == "no_init":
            self._init_error = self._init_error or f"{document['reason']}\n{document['detail']}"

    def _ended(self, child: Child, document: dict[str, int], rows: bytes) -> None:
        number, items, returned = document["number"], document["items"], document["returned"]
        missing = max(0, items - returned)
        error = None
        if missing:
            reason = f"run() returned {counted(returned, 'element')} for {counted(items, 'item')}"
            told = {"reason": reason, "detail": ""}
            error = self._error(child, number, told)
            self._keep(error, "", shown=self.settings.error_threshold >= 0)
        end = BatchEnd(number, items, missing, 1, len(rows))
        self._dealer.ended(child.index, end, rows, document["seconds"], error)
        child.ended_batch()
        self._idle_deaths = 0
        if missing:
            self._check_thresholds()

    def _failed(self, child: Child, items: int, error: BatchError) -> None:
        tries = self._dealer.tries(error.number)
        lost = self._dealer.failed(child.index, self._items(child, items, error.number), error)
        self._keep(error, f", try {tries} of {self.settings.run_max_try}")
        if lost:
            self._check_thresholds()

    def _items(self, child: Child, items: int, number: int) -> int:
        """Return the number of items of a batch; where nobody knows it, more than may fail."""
        opened = child.opened[1] if child.opened[0] == number else -1
        known = next((count for count in (items, opened, self.batches[number].items) if count >= 0), -1)
        return known if known >= 0 else max(1, self.settings.error_threshold + 1)

    def _due(self, child: Child) -> float:
        """Return the time at which a call of ``run()`` has taken too long; infinity: there is no call."""
        is_called = child.ready and child.opened[0] == self._dealer.running(child.index)
        return child.began + self.settings.run_invocation_timeout if is_called else math.inf

    def _overdue(self, child: Child) -> bool:
        """Kill a process whose batch takes too long; return True if there was one."""
        number = self._dealer.running(child.index)
        if number is None or time.monotonic() < self._due(child):
            return False
        self._unwatch(child)
        child.kill()
        limit = self.settings.run_invocation_timeout
        reason = f"run() took longer than run_invocation_timeout={limit} seconds, so its process was killed"
        told = {"reason": reason, "detail": child.last_output()}
        self._note(child, number, told)
        self._failed(child, -1, self._error(child, number, told))
        self._dealer.take_back(child.index)
        child.start()
        return True

    def _died(self, child: Child, code: int) -> None:
        """Start a process again that has ended, unless that is of no use."""
        was_ready, number = child.ready, self._dealer.running(child.index)
        words = exit_words(shell_code(code))
        child.kill()
        if not was_ready:
            self._no_init(child, words)
        elif number is not None:
            told = {"reason": f"its process died: {words}", "detail": child.last_output()}
            self._note(child, number, told)
            self._failed(child, -1, self._error(child, number, told))
        else:
            self._idle_deaths += 1
            self._say(f"{child.name} died without a batch: {words}")
            if self._idle_deaths > self.settings.run_max_try:
                raise PoolFailed(f"the processes die without a batch: {words}")
        self._dealer.take_back(child.index)
        if child.index not in self._left_out:
            child.start()

    def _no_init(self, child: Child, words: str) -> None:
        """Note that ``init()`` has failed in a process."""
        told = self._init_error or f"{words}\n{child.last_output()}"
        reason, _, detail = told.partition("\n")
        self._say(f"init() of {self.settings.entry_script} failed in {child.name}: {reason}")
        hopeless = not self._ever_ready and not any(one.starts == 1 and one.pid for one in self.children)
        if hopeless:
            for line in detail.splitlines():
                print(f"  {line}", file=sys.stderr)
            raise PoolFailed(f"init() of {self.settings.entry_script} failed in every process: {reason}")
        if child.starts >= self.settings.run_max_try:
            self._left_out.add(child.index)
            self._say(f"{child.name} is not started again")
            if len(self._left_out) == len(self.children):
                raise PoolFailed(f"init() of {self.settings.entry_script} failed in every process: {reason}")

    def _publish(self) -> None:
        """Write the results of claims that have ended.

        The last one waits until the processes have called ``shutdown()``: files that they write or close there belong
        to it.
        """
        self._held.extend(self._dealer.finished())
        if not self._held or (self._dealer.is_idle and not self._claimed_all):
            return
        if self._dealer.is_idle:
            self.finish()
        for finished in self._held:
            self.board.publish(finished.claim, self._result(finished), b"".join(finished.rows), self._running_since())
        self._held.clear()

    def _running_since(self) -> float:
        """Return the time at which the first of the running batches began, in seconds since 1970."""
        now = time.monotonic()
        began = [child.began for child in self.children if self._dealer.running(child.index) is not None]
        return time.time() - (now - min(began, default=now))

    def _result(self, finished: Finished) -> ClaimResult:
        return ClaimResult(
            worker=self.worker,
            incarnation=self.incarnation,
            table=tuple(tuple(map(int, end)) for end in finished.ends),
            errors=finished.errors,
        )

    def _ask_for_claim(self) -> None:
        if self._claiming or self._claimed_all:
            return
        now = time.monotonic()
        ready = {child.index: now - child.began for child in self.children if child.ready}
        if self._dealer.wants_claim(ready, self.board.latency):
            self._claiming = True
            self.board.ask_for_claim(self._rate)

    # Failures and words

    def _check_thresholds(self) -> None:
        if why := self._thresholds.exceeded(self.board.known(), len(self.batches)):
            raise PoolFailed(why)

    def _error(self, child: Child, number: int, told: dict[str, str]) -> BatchError:
        return BatchError(
            number=number,
            label=self.batches[number].label,
            worker=int(child.place.node),
            process=child.place.process,
            reason=told["reason"],
            detail=told["detail"],
        )

    def _note(self, child: Child, number: int, told: dict[str, str]) -> None:
        """Add a failure to the process's error file that the process could not add itself."""
        with open(child.place.errors, "a", encoding="utf-8", errors="replace") as out:  # noqa: PTH123 - a text
            out.write(f"run() of batch {number}:\n{told['reason']}\n{told['detail']}\n\n")

    def _keep(self, error: BatchError, tries: str, *, shown: bool = True) -> None:
        """Remember a failure, and show the first ones."""
        if len(self.errors) >= _KEPT_ERRORS:
            return
        self.errors.append(error)
        if shown and len(self.errors) <= _SHOWN_ERRORS:
            self._say(f"failed: {error_words(error)}{tries}")
        if shown and len(self.errors) == _SHOWN_ERRORS:
            self._say("further failures are only in the files below logs/user/error")

    def _log_progress(self) -> None:
        now = time.monotonic()
        if now - self._logged >= _LOG_EVERY:
            self._logged = now
            self._say(progress_words(self.board.progress))
        for line in self._slow.lines(self.children, self._dealer.running, now):
            self._say(line)

    def _say(self, line: str) -> None:
        print(f"runner: {line}", flush=True)
