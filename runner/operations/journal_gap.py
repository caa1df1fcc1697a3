"""Journals with a gap: an entry is missing, but later ones were written.

Readers of a journal stop at the first number that is absent, so such a run looks as if it had not ended. Its head has
the number of the last entry that its controller wrote, which shows the difference.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ..errors import StoreError
from ..model.names import short
from ..model.state import RunState
from ..model.status import RunStatus
from ..ports import ObjectStore
from ..runs import head, journal


def missing_entry_number(store: ObjectStore, state: RunState, shown: head.Head | None) -> int:
    """Return the number of the journal entry that is missing.

    Args:
        store: The workspace store.
        state: The run as its journal shows it.
        shown: The run's head, read after the journal; None: there is none.

    Returns:
        The number; 0 when none is known to be missing.

    Raises:
        StoreUnreachable: The store does not answer.
    """
    if state.over or shown is None or shown.number <= state.number:
        return 0
    if journal.has_more(store, state.run, state.number):
        return 0  # written after the journal was read
    return state.number + 1


def reason(number: int) -> str:
    """Return the reason why a run without that journal entry cannot go on."""
    return f"its journal is damaged: entry {number} is missing, but later ones were written"


def remedy(run: str, hint: str = "") -> str:
    """Return the way out: a new run reuses what is committed. `hint` is what a command needs to find the store."""
    return f"make it again, as a new run: runner retry {short(run)} --failed{hint}"


def mark(store: ObjectStore, run: str, shown: head.Head, number: int) -> None:
    """Record the damage in the head, since lists of runs read no journal."""
    with suppress(StoreError):  # the head is advisory
        head.put(store, run, replace(shown, status=RunStatus.RUNNING, ended=None, error=reason(number)))
