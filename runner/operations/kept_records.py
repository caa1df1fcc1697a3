"""Records of the store that a server asks for at every call: it keeps each for a few seconds."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from .published.documents import Documents

KEPT_SECONDS = 5.0
"""Seconds for which a server uses a record that it has read: a revocation takes effect within that time."""
_MOST_KEPT = 1024
T = TypeVar("T")


class KeptRecords(Generic[T]):
    """Documents by their ids. They may be used by several threads at once."""

    def __init__(self, documents: Documents[T], monotonic: Callable[[], float]) -> None:
        """Remember where the documents are.

        Args:
            documents: The documents.
            monotonic: Returns seconds that never go back.

        """
        self._documents = documents
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        """Records by id, with the monotonic time at which they were read."""
        self._absent: OrderedDict[str, float] = OrderedDict()
        """Ids of no record, apart from the records: whoever invents ids must not drive out those of valid callers."""

    def find(self, identity: str, asking: Callable[[], None] = lambda: None) -> T | None:
        """Return a record; None if there is none.

        Args:
            identity: Its id.
            asking: Called before the store is asked for an id that no call has shown to exist. What it raises ends
                the search. Default: nothing happens.

        Raises:
            StoreError: The store does not answer.

        """
        now = self._monotonic()
        with self._lock:
            known = self._kept.get(identity)
            if known is not None and now - known[0] < KEPT_SECONDS:
                return known[1]
            if known is None and now - self._absent.get(identity, float("-inf")) < KEPT_SECONDS:
                return None
        if known is None:
            asking()
        record = self._documents.find(identity)
        with self._lock:
            self._kept.pop(identity, None)
            self._absent.pop(identity, None)
            if record is None:
                self._absent[identity] = now
            else:
                self._kept[identity] = (now, record)
            for full in (self._kept, self._absent):
                if len(full) > _MOST_KEPT:
                    full.popitem(last=False)
        return record

    def forget(self, identity: str) -> None:
        """Read a record anew at the next search: it was changed or made here.

        Args:
            identity: Its id.

        """
        with self._lock:
            self._kept.pop(identity, None)
            self._absent.pop(identity, None)
