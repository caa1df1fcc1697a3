"""Notes about an environment whose lock is known: what its resolution changed, and the date in force (pure)."""

from __future__ import annotations

from collections.abc import Iterable

from .lock import Lock


def notes_with_lock(name: str, notes: Iterable[str], date: str, lock: Lock | None) -> tuple[str, ...]:
    """Return the notes with the date of the lock, and after them the changes that the resolution made.

    Args:
        name: The name of the environment.
        notes: The notes about its specification.
        date: The ISO date that follows from the specification. Empty: none.
        lock: Its lock. None: it is not resolved yet.

    """
    if lock is None:
        return tuple(notes)
    moved = date and lock.date != date
    before, after = f"packages until {date} (", f"packages until {lock.date} (moved from {date}, "
    own = (note.replace(before, after) if moved else note for note in notes)
    return (*own, *(f"environment {name!r}: {note}" for note in lock.notes))
