"""Marks of runs that `runner keep` keeps, and of runs that `runner gc` is about to delete.

`runner gc` condemns a run first, and then looks for the last time whether anything refers to it. A program that begins
to rely on an ended run writes that down first, and then looks whether the run is condemned. So one of the two always
sees the other.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..errors import BadInput, StoreDenied
from ..model.data import DEFAULT_DATASTORE, DatastorePath
from ..model.names import RUNS_FOLDER, maker_of, short
from ..ports import ObjectStore

KEPT, CONDEMNED = "kept", "condemned"
"""Names of the marks below ``runs/<run>/``."""


def kept_key(run: str) -> str:
    """Return the key of the mark of a run that is kept."""
    return f"runs/{run}/{KEPT}"


def condemned_key(run: str) -> str:
    """Return the key of the mark of a run that `runner gc` is about to delete."""
    return f"runs/{run}/{CONDEMNED}"


def keep(store: ObjectStore, run: str) -> None:
    """Keep a run. Raises BadInput if `runner gc` is about to delete it, StoreError."""
    store.put(kept_key(run), b"")
    try:
        refuse_condemned(store, (run,))
        refuse_deleted(store, (run,))
    except BadInput:
        release(store, run)
        raise


def release(store: ObjectStore, run: str) -> None:
    """Leave a run to the rules of `runner gc` again. Raises StoreError."""
    store.delete(kept_key(run))


def condemn(store: ObjectStore, run: str, *, final: bool = False) -> None:
    """Mark a run that is about to be deleted.

    Args:
        store: The workspace store.
        run: The id of the run.
        final: Its deletion begins now, and another `runner gc` has to complete it.

    """
    store.put(condemned_key(run), json.dumps({"final": final}).encode())


def is_final(data: bytes) -> bool:
    """Return True if the mark of a condemned run says that its deletion has begun."""
    try:
        return json.loads(data).get("final") is True
    except (ValueError, AttributeError, RecursionError):
        return False


def reprieve(store: ObjectStore, run: str) -> None:
    """Remove the mark of a condemned run, which stays. Raises StoreError."""
    store.delete(condemned_key(run))


def refuse_condemned(store: ObjectStore, runs: Iterable[str]) -> None:
    """Refuse runs that are being deleted. It costs a request per run.

    Raises:
        BadInput: `runner gc` is about to delete one of them.
        StoreError: The store cannot be used.

    """
    for run in sorted(set(runs)):
        if _is_there(store, condemned_key(run), unknown=False):
            raise BadInput(
                f"run {run} is being deleted by runner gc, because it is older than the runs that are kept",
                remedy="submit its pipeline again; if runner gc was interrupted, repeat it, then look whether the run "
                f"is still there: runner status {short(run)}",
            )


def refuse_gone_outputs(store: ObjectStore, paths: Iterable[DatastorePath]) -> None:
    """Refuse paths of outputs whose run `runner gc` deletes, or just has. A path of anything else costs nothing.

    Raises:
        BadInput: A run is being deleted, or no longer exists.
        StoreError: The store cannot be used.

    """
    makers = [(path.datastore, maker[0]) for path in paths if (maker := maker_of(path.path))]
    refuse_condemned(store, [run for _, run in makers])
    # In another datastore it may be a run of another workspace.
    own = {run for datastore, run in makers if datastore == DEFAULT_DATASTORE}
    refuse_deleted(store, [run for run in own if not _has_outputs(store, run)])


def refuse_deleted(store: ObjectStore, runs: Iterable[str]) -> None:
    """Refuse runs that have no journal any more. It costs a request per run, and follows `refuse_condemned`.

    Raises:
        BadInput: `runner gc` has deleted one of them since it was read.
        StoreError: The store cannot be used.

    """
    for run in sorted(set(runs)):
        if not _is_there(store, f"runs/{run}/journal/00000001.json", unknown=True):
            raise BadInput(f"run {run} has been deleted by runner gc", remedy="submit its pipeline again")


def _has_outputs(store: ObjectStore, run: str) -> bool:
    try:
        return next(store.list(f"{RUNS_FOLDER}/{run}."), None) is not None
    except StoreDenied:
        return True


def _is_there(store: ObjectStore, key: str, *, unknown: bool) -> bool:
    """Return True if an object exists; `unknown` to a step that may not look, as a bucket does not list to it."""
    try:
        return store.stat(key) is not None
    except StoreDenied:
        return unknown
