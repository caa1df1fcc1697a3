"""The documents of a workspace folder that must survive a power failure."""

from __future__ import annotations

from .run_request import SUBMISSIONS

_RUNS = "runs/"
_WAITED_FOR = ("journal", SUBMISSIONS)
_MADE_AGAIN = ("reuse/", "snapshots/", "manifests/")
"""Keys whose documents are checked before use and can be made again, at the cost of work."""


def must_survive(key: str) -> bool:
    """Tell if runner waits until a document is on the disk.

    A run is what its journal says, outputs included, and a step's request that was accepted must make one run. All else
    below ``runs/`` (assignments, attempt and commit records, logs, heads) is made again, or is missed in its place and
    named; so it costs nothing to lose the last seconds of it. Registries, plans, the list of runs and the store's own
    mark cannot.

    Args:
        key: Of an object in the workspace's store.

    Returns:
        False: a power failure may cost the last version, written up to about 30 seconds before.

    """
    if key.startswith(_RUNS):
        return key.split("/", 3)[2:3] in ([name] for name in _WAITED_FOR)
    return not key.startswith(_MADE_AGAIN)
