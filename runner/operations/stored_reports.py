"""Reports of runs that the workspace store keeps: ``runs/<run>/_after/report.html``. They go with their runs."""

from __future__ import annotations

from ..errors import ObjectMissing
from ..ports import ObjectStore


def keep(store: ObjectStore, run: str, text: str) -> str:
    """Store the report of a run, and return its key.

    Args:
        store: The workspace store.
        run: The run's id.
        text: The report.

    Raises:
        StoreError: The store cannot be written.

    """
    key = key_of(run)
    store.put(key, text.encode(errors="replace"))
    return key


def kept(store: ObjectStore, run: str) -> bytes | None:
    """Return the report of a run; None: none is kept.

    Args:
        store: The workspace store.
        run: The run's id.

    Raises:
        StoreError: The store cannot be read.

    """
    try:
        return store.get(key_of(run))
    except ObjectMissing:
        return None


def key_of(run: str) -> str:
    """Return the key of the report of a run."""
    return f"runs/{run}/_after/report.html"
