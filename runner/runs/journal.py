"""The journal: numbered objects, each put only if its number is free.

The number a second controller finds taken tells it that it has lost the run: log, lock and fence in
one. Readers go from entry 1, or from the last one they know, until a number is absent; nothing lists.
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
from ..ports import ObjectStore


def entry_key(run: str, number: int) -> str:
    """Key of one journal entry."""
    return f"runs/{run}/journal/{number:08d}.json"


def read(store: ObjectStore, run: str, after: int = 0) -> Iterator[JournalEntry]:
    """The entries whose number is greater than `after`, in order."""
    number = after + 1
    while True:
        try:
            data = store.get(entry_key(run, number))
        except ObjectMissing:
            return
        if not data:
            return  # the power failed before its content was on the disk: the next append takes its place
        yield read_document(JournalEntry, data, entry_key(run, number))
        number += 1


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
