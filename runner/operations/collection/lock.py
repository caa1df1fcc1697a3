"""The lock of ``runner gc``: two that delete at once would take each other's marks away."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ...errors import BadInput, ObjectMissing, RunTaken
from ...ports import ObjectStore

LOCK = "runs/collector.json"
STALE = 600.0
"""Seconds without a renewal after which the lock is that of a process that was killed."""
RENEWAL = 60.0
"""Seconds between two renewals."""


def seconds_awake_or_asleep() -> float:
    """Return seconds that never go back and, where the system can count them, go on while the machine sleeps."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux: clock_gettime(2)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


@dataclass(kw_only=True)
class Lock:
    """A lock in the workspace store, renewed while its holder works."""

    store: ObjectStore
    monotonic: Callable[[], float] = seconds_awake_or_asleep
    _content: bytes = field(
        default_factory=lambda: json.dumps({"id": os.urandom(8).hex(), "host": socket.gethostname()}).encode()
    )
    _renewed: float = 0.0

    def take(self) -> None:
        """Take the lock.

        Raises:
            BadInput: Another process holds it.
            StoreError: The store cannot be used.

        """
        if not self.store.put_if_absent(LOCK, self._content):
            found = self.store.stat(LOCK)
            if found is not None and self.store.now().timestamp() - found.modified < STALE:
                raise BadInput(
                    f"another runner gc is at work{self._holder()}",
                    remedy=f"wait for its end; if it was killed, try again {STALE / 60:.0f} minutes after that",
                )
            self.store.put(LOCK, self._content)
        self._renewed = self.monotonic()

    def renew(self) -> None:
        """Renew the lock now and then. Raises RunTaken if another process has it, StoreError."""
        if self.monotonic() - self._renewed < RENEWAL:
            return
        self.check()
        self.store.put(LOCK, self._content)
        self._renewed = self.monotonic()

    def check(self) -> None:
        """Raise RunTaken if another process has the lock: this one stood still for long."""
        try:
            held = self.store.get(LOCK) == self._content
        except ObjectMissing:
            held = False
        if not held:
            raise RunTaken("another runner gc has begun meanwhile; this one stops")

    def give_up(self) -> None:
        """Remove the lock, if it is still this process's."""
        with suppress(RunTaken):
            self.check()
            self.store.delete(LOCK)

    def _holder(self) -> str:
        with suppress(ObjectMissing, ValueError, KeyError, TypeError):
            return f" on {json.loads(self.store.get(LOCK))['host']}"
        return ""
