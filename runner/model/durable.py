"""The documents of a workspace folder that must survive a power failure."""

from __future__ import annotations

_RUNS = "runs/"
_JOURNAL = "journal"
_MADE_AGAIN = ("reuse/", "snapshots/", "manifests/")
"""Keys whose documents are checked before use and can be made again, at the cost of work."""


def must_survive(key: str) -> bool:
    """Tell if runner waits until a document is on the disk.

    A run is what its journal says, outputs included. All else below ``runs/`` (assignments, attempt and commit
    records, logs, heads) is made again, or is missed in its place and named; so it costs nothing to lose the last
    seconds of it. Registries, plans, the list of runs and the store's own mark cannot.

    Args:
        key: Of an object in the workspace's store.

    Returns:
        False: a power failure may cost the last version, written up to about 30 seconds before.

    """
    if key.startswith(_RUNS):
        return key.split("/", 3)[2:3] == [_JOURNAL]
    return not key.startswith(_MADE_AGAIN)
