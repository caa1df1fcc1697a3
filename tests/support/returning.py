"""A call that must return by itself, however slow the machine is."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

GUARD = 120.0
"""Seconds after which a call hangs."""


def returning(work: Callable[[], object]) -> None:
    """Call `work` in a thread. Fails if it has not returned after GUARD seconds."""
    calling = Thread(target=work, daemon=True)
    calling.start()
    calling.join(GUARD)
    assert not calling.is_alive(), f"the call has not returned after {GUARD:.0f} s"
