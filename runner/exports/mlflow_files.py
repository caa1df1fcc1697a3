"""The files of a step that MLflow gets as artifacts: what it left, its small outputs, the end of its log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ..data import manifest
from ..dataclass import dataclass
from ..errors import StoreError
from ..model.data import DataRef
from ..model.task import TaskId
from ..operations.ended_run import EndedRun
from ..operations.log_bytes import stored_log
from ..ports import ObjectStore
from ..runs import records

MOST_FILES = 500
"""Files of one step that are copied."""
LOG_BYTES = 1 << 20
"""The most bytes of the end of a log that are copied."""


@dataclass(frozen=True, kw_only=True)
class StoredFile:
    """A file of a step in a store."""

    store: ObjectStore
    key: str
    size: int
    name: str
    """Its name as an artifact."""


@dataclass(frozen=True)
class Chosen:
    """The files of a step that are copied."""

    files: tuple[StoredFile, ...]
    left: int
    """The number of files that are left where they are, for their size or number."""


def chosen_files(run: EndedRun, key: str, most: int) -> Chosen:
    """Return the files of a step to copy.

    Args:
        run: The run.
        key: The step's key.
        most: The most bytes of a file.

    Raises:
        StoreError: A store cannot be read.

    """
    found = list(_files(run, key))
    small = [file for file in found if file.size <= most][: MOST_FILES if most else 0]
    return Chosen(tuple(small), len(found) - len(small))


def _files(run: EndedRun, key: str) -> Iterator[StoredFile]:
    task = records.shown_attempt(run.store, run.view.state, key)
    if task is not None:
        for info in run.store.list(task.artifacts):
            name = info.key[len(task.artifacts) :]
            yield StoredFile(store=run.store, key=info.key, size=info.size, name=name)
    for name, ref in run.view.state.steps[key].outputs.items():
        with suppress(StoreError):  # a manifest that is gone, or damaged
            yield from _output(run, name, ref)


def _output(run: EndedRun, name: str, ref: DataRef) -> Iterator[StoredFile]:
    if not ref.files:
        return
    store = run.datastore(ref.datastore)
    for entry in manifest.load(run.store, ref.digest).entries:
        key = entry.key or (f"{ref.key}/{entry.path}" if entry.path else ref.key)
        place = f"data/{name}/{entry.path or ref.key.rpartition('/')[2]}"
        yield StoredFile(store=store, key=key, size=entry.size, name=place)


def end_of_log(store: ObjectStore, task: TaskId) -> bytes:
    """Return the last bytes of the output of an attempt, at most `LOG_BYTES`.

    Args:
        store: The workspace store.
        task: The attempt.

    Raises:
        StoreError: The store cannot be read.

    """
    log = stored_log(store, task)
    data = b"".join(log.read(store, max(0, log.size - LOG_BYTES), log.size))
    return data if log.size <= LOG_BYTES else data.partition(b"\n")[2]
