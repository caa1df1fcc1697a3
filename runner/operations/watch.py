"""Reads of a run: its current state and its logs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..dataclass import dataclass, field
from ..errors import BadInput, ObjectMissing
from ..model.state import fold
from ..model.task import TaskId
from ..ports import ObjectStore
from ..runs import journal, plans
from .values import RunView


def view(store: ObjectStore, run: str) -> RunView:
    """Return the run now. Raise BadInput for an unknown id."""
    found = plans.replay(store, run)
    if found is None:
        raise BadInput(f"there is no run '{run}' here", remedy="see: runner list")
    plan, state = found
    return RunView(state, plan)


def newer(store: ObjectStore, known: RunView) -> RunView:
    """Return `known` with the journal entries written since."""
    fresh = fold(known.state, journal.read(store, known.state.run, known.state.number))
    return RunView(fresh, known.plan)


def wait(store: ObjectStore, known: RunView, *, seconds: float, pause: float) -> RunView:
    """Return the run once it has ended or has new entries, else after `seconds`. Look every `pause` seconds."""
    deadline = time.monotonic() + seconds
    while True:
        fresh = newer(store, known)
        if fresh.state.over or fresh.state.number > known.state.number or time.monotonic() >= deadline:
            return fresh
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))


def log_text(store: ObjectStore, task: TaskId, worker: int = 0) -> str:
    """Return all output of one worker of the attempt so far; worker 0 is the only one of most steps."""
    return b"".join(store.get(info.key) for info in store.list(task.worker_logs(worker))).decode(errors="replace")


@dataclass(kw_only=True)
class LogFollower:
    """A reader of an attempt's log chunks as they appear; the last one may still grow (local runs)."""

    store: ObjectStore
    task: TaskId
    worker: int = 0
    """The worker of the attempt whose log it is."""
    _chunk: int = 1
    _offset: int = 0
    _rest: bytes = field(default=b"")

    def lines(self, *, final: bool = False) -> Iterator[str]:
        """Yield the complete lines that are new, without their line feed.

        Args:
            final: Yield an unfinished last line as well.

        Bytes that are not UTF-8 become lone surrogates (PEP 383), so that the exact bytes can be written again.
        """
        self._read()
        *whole, self._rest = self._rest.split(b"\n")
        if final and self._rest:
            whole.append(self._rest)
            self._rest = b""
        return (line.decode(errors="surrogateescape") for line in whole)

    def _read(self) -> None:
        """Append the new output to the rest. An error of the store loses nothing that was read."""
        while (data := self._chunk_data(self._chunk)) is not None:
            self._rest += data[self._offset :]
            self._offset = len(data)
            if self._chunk_data(self._chunk + 1) is None:
                break
            self._chunk, self._offset = self._chunk + 1, 0

    def _chunk_data(self, number: int) -> bytes | None:
        try:
            return self.store.get(f"{self.task.worker_logs(self.worker)}{number:08d}.txt")
        except ObjectMissing:
            return None
