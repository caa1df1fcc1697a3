"""Several programs that share a store and take turns at its operations, in an order that the test chooses.

Each program runs in a thread of its own, but one at a time: it stops before each operation until it is chosen. So an
order is a list of choices, and the same list leads to the same history.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from runner.ports import ObjectInfo
from tests.support.mortal import Killed
from tests.support.timed_store import TimedStore

T = TypeVar("T")
_PATIENCE = 30.0
_PAGE = 5
"""Objects of a page of a listing."""


@dataclass
class Program:
    """One program, and what became of it."""

    name: str
    act: Callable[[TurnStore], object]
    dies_at: int = 0
    """The operation at which it is killed, before its effect; 0: none."""
    delay: int = 0
    """Turns of others before it begins."""
    result: object = None
    error: BaseException | None = None
    done: bool = False
    operations: int = 0
    chosen: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def succeeded(self) -> bool:
        """True if it came to its end without an error."""
        return self.done and self.error is None


class Turns:
    """Lets programs take turns."""

    def __init__(self, store: TimedStore, programs: Sequence[Program]) -> None:
        self.store = store
        self.programs = list(programs)
        self.over = False
        self._mine = threading.local()

    def time(self) -> float:
        """Return the time of the store, in place of `time.time`."""
        return self.store.clock

    def sleep(self, seconds: float) -> None:
        """Let the program whose thread this is wait, in place of `time.sleep`."""
        self._mine.store.pause(seconds)

    def play(self, choices: Sequence[tuple[int, int]], check: Callable[[], None]) -> None:
        """Let the programs run to their ends.

        Args:
            choices: Which of the programs that have not ended comes next, modulo their number, and for how many
                operations; then in turn.
            check: Called after each operation.
        """
        threads = [threading.Thread(target=self._run, args=(one,), daemon=True) for one in self.programs]
        for thread in threads:
            thread.start()
        order = iter([choice for choice, many in choices for _ in range(many)])
        try:
            for turn in range(100_000):
                waiting = [one for one in self.programs if not one.done]
                if not waiting:
                    return
                ready = [one for one in waiting if one.delay <= turn] or waiting
                choice = next(order, turn)
                self._let(ready[choice % len(ready)])
                check()
            raise AssertionError("the programs do not end")
        finally:
            self.over = True
            for one in self.programs:
                one.chosen.set()

    def operation(self, program: Program, act: Callable[[], T]) -> T:
        """Wait until the program is chosen, then do `act`."""
        program.stopped.set()
        if not program.chosen.wait(_PATIENCE):
            raise Killed
        program.chosen.clear()
        program.operations += 1
        if self.over or program.operations == program.dies_at:
            program.dies_at = program.operations  # nothing of it goes on, nor do its `finally` clauses
            raise Killed
        if program.dies_at and program.operations > program.dies_at:
            raise Killed
        return act()

    def _let(self, program: Program) -> None:
        if not program.stopped.wait(_PATIENCE):
            raise AssertionError(f"{program.name} does not stop")
        program.stopped.clear()
        program.chosen.set()
        if not program.stopped.wait(_PATIENCE):
            raise AssertionError(f"{program.name} does not stop")

    def _run(self, program: Program) -> None:
        try:
            self.operation(program, lambda: None)
            self._mine.store = TurnStore(self, program)
            program.result = program.act(self._mine.store)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            program.error = error
        program.done = True
        program.stopped.set()


@dataclass
class TurnStore:
    """A program's view of the store: ports.ObjectStore."""

    turns: Turns
    program: Program

    def _do(self, act: Callable[[], T]) -> T:
        return self.turns.operation(self.program, act)

    def pause(self, seconds: float) -> None:
        """Let time pass."""

        def wait() -> None:
            self.turns.store.clock += seconds

        self._do(wait)

    def get(self, key: str) -> bytes:
        return self._do(lambda: self.turns.store.get(key))

    def read_range(self, key: str, start: int, length: int, etag: str = "") -> bytes:
        return self._do(lambda: self.turns.store.read_range(key, start, length, etag))

    def put(self, key: str, data: bytes) -> None:
        self._do(lambda: self.turns.store.put(key, data))

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self._do(lambda: self.turns.store.put_if_absent(key, data))

    def stat(self, key: str) -> ObjectInfo | None:
        return self._do(lambda: self.turns.store.stat(key))

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        """Yield pages, as a bucket does: others write between two of them."""
        while page := self._do(partial(self._page, prefix, after)):
            yield from page
            after = page[-1].key

    def _page(self, prefix: str, after: str) -> Sequence[ObjectInfo]:
        return tuple(islice(self.turns.store.list(prefix, after=after), _PAGE))

    def delete(self, key: str) -> None:
        self._do(lambda: self.turns.store.delete(key))

    def upload(self, key: str, path: Path, digest: str = "") -> None:
        self._do(lambda: self.turns.store.upload(key, path, digest))

    def download(self, key: str, path: Path) -> None:
        self._do(lambda: self.turns.store.download(key, path))

    def copy(self, source: str, target: str) -> None:
        self._do(lambda: self.turns.store.copy(source, target))

    def now(self) -> datetime:
        return self.turns.store.now()
