"""The keys that list the children of a run: ``logged/children/<parent>/<inverted time>-<run>``, empty objects."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

LOGGED = "logged/"
END = datetime(9999, 12, 31, tzinfo=timezone.utc)


def entry(run: str, created: datetime) -> str:
    """Return the last part of a key that sorts the newest run first."""
    return f"{(END - created) // timedelta(microseconds=1):018d}-{run}"


def child_key(parent: str, run: str, created: datetime) -> str:
    """Return the key that makes a run a child of another.

    Args:
        parent: The id of the parent, of any kind.
        run: The id of the child.
        created: The time of the child's start.

    """
    return f"{LOGGED}children/{parent}/{entry(run, created)}"
