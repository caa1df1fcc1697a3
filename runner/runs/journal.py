"""The journal: numbered objects, each put only if its number is free.

The number a second controller finds taken tells it that it has lost the run: log, lock and fence in
one. Readers go from entry 1, or from the last one they know, until a number is absent; nothing lists. From a
bucket they ask for several at a time once there turn out to be many: each answer takes its time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import ObjectMissing, RunTaken
from ..model.document import to_document
from ..model.events import Event, JournalEntry
from ..model.stored import read_document
from ..ports import FolderStore, ObjectStore

_WIDEST = 16
"""Requests on their way at a time."""


def entry_key(run: str, number: int) -> str:
    """Key of one journal entry."""
    return f"runs/{run}/journal/{number:08d}.json"


def read(store: ObjectStore, run: str, after: int = 0) -> Iterator[JournalEntry]:
    """The entries whose number is greater than `after`, in order, up to the first number that is absent."""
    number, width = after + 1, 1
    while True:
        for data in _contents(store, [entry_key(run, number + ahead) for ahead in range(width)]):
            if not data:
                return
            yield read_document(JournalEntry, data, entry_key(run, number))
            number += 1
        width = min(2 * width, _WIDEST)


def _contents(store: ObjectStore, keys: Sequence[str]) -> Iterator[bytes]:
    """What lies at `keys`, in order, as far as it is asked for."""
    if len(keys) == 1 or isinstance(store, FolderStore):
        yield from (_content(store, key) for key in keys)
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to load: few have so much to read

    with ThreadPoolExecutor(len(keys)) as pool:
        yield from pool.map(lambda key: _content(store, key), keys)


def _content(store: ObjectStore, key: str) -> bytes:
    """Empty where there is no entry; so is one that a power failure took, whose place the next append takes."""
    try:
        return store.get(key)
    except ObjectMissing:
        return b""


def has_more(store: ObjectStore, run: str, number: int) -> bool:
    """Whether there is an entry after that one: a controller that did not write it has lost the run."""
    return store.stat(entry_key(run, number + 1)) is not None


@dataclass
class Writer:
    """One controller's hold on a run's journal."""

    store: ObjectStore
    run: str
    controller: str
    number: int
    """Of the last entry known."""

    def append(self, events: Sequence[Event], now: datetime) -> JournalEntry:
        """Write the next entry; the one in force, which is what the caller goes on from.

        That is another one of this controller's when an earlier write seemed to fail and did not: what
        it does not tell of will be noticed again. Raises RunTaken when another controller has the number.
        """
        entry = JournalEntry(self.number + 1, now, self.controller, tuple(events))
        data = json.dumps(to_document(entry), separators=(",", ":")).encode()
        key = entry_key(self.run, entry.number)
        if not self.store.put_if_absent(key, data):
            entry = read_document(JournalEntry, self.store.get(key), key)
            if entry.controller != self.controller:
                raise RunTaken(f"run {self.run} is now driven by {_name(entry)}")
        self.number = entry.number
        return entry


def _name(entry: JournalEntry) -> str:
    hosts = [event.host for event in entry.events if hasattr(event, "host")]
    return str(hosts[0]) if hosts else f"controller {entry.controller}"
