"""The journal of a run: numbered objects, each written only if its number is free.

A conditional put makes the journal log, lock and fence in one: a controller that finds its next number taken has lost
the run to another one. Readers get the entries one after another until a number is absent; they do not list. They get
several at a time from a bucket once there are many, because each request has a latency.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..errors import ObjectMissing, RunTaken
from ..model.document import to_document
from ..model.events import Event, JournalEntry
from ..model.stored_documents import read_document
from ..ports import FolderStore, ObjectStore

_WIDEST = 16
"""The most parallel requests."""


def entry_key(run: str, number: int) -> str:
    """Return the key of a journal entry."""
    return f"runs/{run}/journal/{number:08d}.json"


def read(store: ObjectStore, run: str, after: int = 0) -> Iterator[JournalEntry]:
    """Yield the entries with a greater number than `after`, in order, up to the first number that is absent."""
    number, width = after + 1, 1
    while True:
        for data in _contents(store, [entry_key(run, number + ahead) for ahead in range(width)]):
            if not data:
                return
            yield read_document(JournalEntry, data, entry_key(run, number))
            number += 1
        width = min(2 * width, _WIDEST)


def _contents(store: ObjectStore, keys: Sequence[str]) -> Iterator[bytes]:
    """Yield the content of the objects at `keys`, in order; only as many as the caller consumes are needed."""
    if len(keys) == 1 or isinstance(store, FolderStore):
        yield from (_content(store, key) for key in keys)
        return
    from concurrent.futures import ThreadPoolExecutor  # slow to load, and most journals are short

    with ThreadPoolExecutor(len(keys)) as pool:
        yield from pool.map(lambda key: _content(store, key), keys)


def _content(store: ObjectStore, key: str) -> bytes:
    """Return the content of an entry; empty if there is none, or a power failure emptied it."""
    try:
        return store.get(key)
    except ObjectMissing:
        return b""


def has_more(store: ObjectStore, run: str, number: int) -> bool:
    """Return True if the journal has an entry after `number`. A controller that did not write it has lost the run."""
    return store.stat(entry_key(run, number + 1)) is not None


@dataclass
class Writer:
    """The journal of a run as one controller writes it."""

    store: ObjectStore
    run: str
    controller: str
    number: int
    """The number of the last known entry."""

    def append(self, events: Sequence[Event], now: datetime) -> JournalEntry:
        """Write the next entry.

        When an earlier write seemed to fail but did not, the entry under that number is this controller's own. It is
        returned instead; the caller notices again what it lacks.

        Args:
            events: The events of the entry.
            now: The time of the entry.

        Returns:
            The entry that the journal has under the number.

        Raises:
            RunTaken: Another controller has written the number.
            StoreError: The store cannot be used.
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
