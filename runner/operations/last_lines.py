"""The last line that each running step has written: small reads at the end of its log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..dataclass import dataclass, field
from ..errors import ObjectMissing
from ..model.status import StepStatus
from ..model.task import TaskId
from ..ports import ObjectInfo, ObjectStore
from .values import RunView

_MOST = 4096
"""Bytes that are read at the end of a log at most."""


@dataclass(kw_only=True)
class LastLines:
    """Reads the ends of logs again and again; a log that has not grown costs a listing of its last chunk alone."""

    store: ObjectStore
    _chunks: dict[TaskId, ObjectInfo] = field(default_factory=dict)
    """The last chunk of each log that was read."""
    _lines: dict[TaskId, str] = field(default_factory=dict)

    def look(self, view: RunView, keys: Iterable[str]) -> Mapping[str, str]:
        """Return the last lines by the keys of the steps; a step that does not run, or has written nothing, has none.

        Lines are as the step wrote them, and may hold anything.

        Args:
            view: The run.
            keys: The steps that are looked at.

        Raises:
            StoreError: The store cannot be read.

        """
        found: dict[str, str] = {}
        for key in keys:
            step = view.state.steps[key]
            if step.status is StepStatus.RUNNING and step.attempt:
                line = self._line(TaskId(view.state.run, key, step.attempt))
                if line:
                    found[key] = line
        return found

    def _line(self, task: TaskId) -> str:
        known = self._chunks.get(task)
        chunks = list(self.store.list(task.logs, after=_before(task, known)))
        if chunks and (known is None or (chunks[-1].key, chunks[-1].size) != (known.key, known.size)):
            line = last_line(_end(self.store, chunks))
            self._chunks[task] = chunks[-1]
            self._lines[task] = line or self._lines.get(task, "")
        return self._lines.get(task, "")


def last_line(data: bytes) -> str:
    """Return the last line with text in it; empty: there is none.

    Args:
        data: The end of a log.

    """
    lines = data.decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _end(store: ObjectStore, chunks: list[ObjectInfo]) -> bytes:
    """Return the last bytes of a log: of its last chunk, and of the one before it if that is short."""
    data = b""
    for chunk in reversed(chunks[-2:]):
        if len(data) < _MOST and b"\n" not in data.rstrip(b"\n"):
            start = max(0, chunk.size - _MOST)
            try:
                data = store.read_range(chunk.key, start, chunk.size - start) + data
            except ObjectMissing:
                return data
    return data


def _before(task: TaskId, known: ObjectInfo | None) -> str:
    """Return the key of the chunk before a known one: a listing after it has the known one and those that follow."""
    number = int(known.key[len(task.logs) :].partition(".")[0]) if known else 0
    return f"{task.logs}{number - 1:08d}.txt" if number > 1 else ""
