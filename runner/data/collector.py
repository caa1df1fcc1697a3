"""The announcement of ``runner gc`` while it deletes objects that are named by their content.

Such an object may be unneeded for months, and then a writer finds it and relies on it. So a writer that finds an object
older than `RENEW_AFTER` writes it again, which makes it young, and `runner gc` deletes old objects only. Between the
last look of `runner gc` at an object and its deletion a writer may still come: it finds the announcement, waits for the
end of the deletions, and looks again.
"""

from __future__ import annotations

import time
from typing import Callable

from ..errors import StoreDenied
from ..ports import ObjectInfo, ObjectStore

DELETING = "runs/collector-deleting.json"
"""The key of the announcement. `runner gc` writes it again while it goes on."""
RENEW_AFTER = 12 * 3600.0
"""Seconds after which an object counts as old for its writers. `runner gc` deletes objects of twice this age."""
LEASE = 60.0
"""Seconds without a renewal after which an announcement is that of a process that was killed."""
_PAUSE = 0.5
_dead: set[str] = set()
"""Announcements that this process has outwaited."""


def renew_if_old(store: ObjectStore, found: ObjectInfo, write: Callable[[], None]) -> None:
    """Write an object again if it is so old that ``runner gc`` may be about to delete it.

    Args:
        store: The workspace store.
        found: The facts of the object. An object of unknown age is never deleted.
        write: Writes the object.

    Raises:
        StoreError: The store cannot be used.

    """
    if not found.modified or time.time() - found.modified < RENEW_AFTER:
        return
    write()
    if _outlast(store) and store.stat(found.key) is None:
        write()


def _outlast(store: ObjectStore) -> bool:
    """Wait until no deletion is announced. Return True if one was."""
    seen, waited = _announcement(store), 0.0
    found = bool(seen)
    while seen and seen not in _dead:
        time.sleep(_PAUSE)
        waited += _PAUSE
        now = _announcement(store)
        if now != seen:
            seen, waited = now, 0.0
        elif waited >= LEASE:
            _dead.add(seen)
    return found


def _announcement(store: ObjectStore) -> str:
    """Return a text that changes whenever the announcement is renewed; empty if there is none."""
    try:
        found = store.stat(DELETING)
    except StoreDenied:  # a step that may write its own places alone
        return ""
    return f"{found.etag} {found.modified}" if found else ""
