"""The index of runs: newest first by key order, so listing N runs reads N small objects and folds none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import islice

from ..dataclass import dataclass, field
from ..errors import BadInput, StoreError
from ..model.document import to_document
from ..model.names import inverted_time
from ..model.stored import read_document
from ..ports import ObjectStore


@dataclass(frozen=True)
class IndexEntry:
    """One run as a list shows it."""

    run: str
    experiment: str
    created: datetime
    user: str = ""
    steps: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""
    origin: str = ""
    """The run of which it was made again."""


def add(store: ObjectStore, entry: IndexEntry) -> None:
    """Enter a run."""
    store.put(f"index/{inverted_time(entry.run)}-{entry.run}", json.dumps(to_document(entry)).encode())


def newest(store: ObjectStore, limit: int) -> Iterator[IndexEntry]:
    """The newest `limit` runs, newest first, without those whose entry cannot be read."""
    for info in islice(store.list("index/"), limit):
        data = store.get(info.key)
        with suppress(StoreError):
            yield read_document(IndexEntry, data, info.key)


def run_ids(store: ObjectStore) -> Iterator[str]:
    """All runs, newest first."""
    for info in store.list("index/"):
        yield info.key.split("-", 1)[1]


class NoRun(BadInput):
    """No run here is the one that was asked for."""


def find(store: ObjectStore, text: str) -> str:
    """The run that `text` means: an id, the beginning or the end of one, or ``latest``.

    Raises NoRun when there is none, BadInput for an empty text and when there are more than one.
    """
    if not text:
        raise BadInput("the name of a run is empty", remedy="give its id, the end of its id, or: latest")
    if text in ("latest", "last"):
        first = next(run_ids(store), None)
        if first is None:
            raise NoRun("there are no runs here yet", remedy="start one: runner run FILE")
        return first
    found = [run for run in run_ids(store) if run == text or run.startswith(text) or run.endswith(text)]
    if not found:
        raise NoRun(f"there is no run '{text}' here", remedy="see: runner list")
    if len(found) > 1:
        raise BadInput(f"'{text}' fits {len(found)} runs: {', '.join(found[:5])}", remedy="give more of the id")
    return found[0]
