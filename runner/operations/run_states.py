"""The states of some runs, by their heads."""

from __future__ import annotations

from collections.abc import Sequence

from ..ports import ObjectStore
from ..runs import head
from .listing import disk_is_full, status
from .parallel_reads import read_each


def states_of(store: ObjectStore, runs: Sequence[str]) -> dict[str, str]:
    """Return the state of each run, as lists of runs show it. It reads one small object of each.

    Args:
        store: The workspace store.
        runs: The ids of the runs.

    Raises:
        StoreError: The store cannot be read.

    """
    if not runs:
        return {}
    now, full = store.now(), disk_is_full(store)
    heads = read_each(store, lambda run: head.read(store, run), runs)
    return {run: status(seen, now, full=full) if seen else "starting" for run, seen in zip(runs, heads, strict=True)}
