"""The index of runs. Its keys sort newest first, so a list of N runs reads N small objects and no journal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, timezone
from heapq import merge
from itertools import chain, islice
from operator import itemgetter

from ..dataclass import dataclass, field
from ..errors import BadInput, StoreError
from ..model.document import to_document
from ..model.names import inverted, inverted_time, is_run_id
from ..model.stored_documents import read_document
from ..ports import ObjectInfo, ObjectStore

_FOLDER = "index/"
_LAST = "~"
"""A text that sorts after every number."""
_SKEW = timedelta(minutes=5)
"""The difference between two machines' clocks above which a run counts as one of the future."""


@dataclass(frozen=True, kw_only=True)
class IndexEntry:
    """The data of a run that a list shows."""

    run: str
    experiment: str
    created: datetime
    user: str = ""
    steps: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    description: str = ""
    origin: str = ""
    """The run that this run retries; empty: none."""


def add(store: ObjectStore, entry: IndexEntry) -> None:
    """Add a run to the index."""
    store.put(_key(entry.run), json.dumps(to_document(entry)).encode())


def has(store: ObjectStore, run: str) -> bool:
    """Return True if the index has the run."""
    return store.stat(_key(run)) is not None


@contextmanager
def entry_removed_on_error(store: ObjectStore, run: str) -> Iterator[None]:
    """Remove a run from the index if what follows refuses it."""
    try:
        yield
    except BadInput:
        store.delete(_key(run))
        raise


def newest(store: ObjectStore, limit: int) -> Iterator[IndexEntry]:
    """Yield the entries of the newest `limit` runs, newest first. Entries that cannot be read are left out."""
    for info in islice(_entries(store), limit):
        data = store.get(info.key)
        with suppress(StoreError):
            yield read_document(IndexEntry, data, info.key)


def run_ids(store: ObjectStore) -> Iterator[str]:
    """Yield the ids of all runs, newest first."""
    for info in _entries(store):
        yield _run_of(info)


def listed(store: ObjectStore, after: str = "") -> Iterator[ObjectInfo]:
    """Yield the entries by the times in the ids of their runs, newest first.

    Args:
        store: The workspace store.
        after: Only entries behind this place.
    """
    for info in store.list(_FOLDER, after=f"{_FOLDER}{after}" if after else ""):
        if is_place(place_of(info)):
            yield info


def places(store: ObjectStore, after: str = "") -> Iterator[str]:
    """Yield the places of runs in the index by the times in their ids, newest first: ``<inverted time>-<run>``.

    Args:
        store: The workspace store.
        after: Only places behind this text.
    """
    return map(place_of, listed(store, after))


def place_of(info: ObjectInfo) -> str:
    """Return the place of an entry: ``<inverted time>-<run>``."""
    return info.key[len(_FOLDER) :]


def is_place(text: str) -> bool:
    """Return True if a text has the form of a place."""
    time, dash, run = text.partition("-")
    return len(time) == 15 and time.isascii() and time.isdecimal() and bool(dash) and is_run_id(run)


def at(store: ObjectStore, place: str) -> IndexEntry:
    """Return the entry at a place. Raise ObjectMissing, StoreError."""
    return read_document(IndexEntry, store.get(key_at(place)), key_at(place))


def key_at(place: str) -> str:
    """Return the key of the entry at a place."""
    return f"{_FOLDER}{place}"


def _key(run: str) -> str:
    return f"{_FOLDER}{inverted_time(run)}-{run}"


def _entries(store: ObjectStore) -> Iterator[ObjectInfo]:
    """Yield the objects of the index, newest first.

    A run that was created while a clock was ahead would stay the first for ever. Such an entry is sorted by the time
    at which the store wrote it, or last if the store's clock was ahead as well.
    """
    listed = store.list(_FOLDER)
    first = next(listed, None)
    if first is None:
        return
    whole = chain((first,), listed)
    if _place(first) >= inverted(datetime.now(timezone.utc) + _SKEW):  # the usual case: no request for the store's time
        yield from whole
        return
    limit = inverted(store.now() + _SKEW)
    ahead: list[ObjectInfo] = []
    for info in whole:
        if _place(info) >= limit:
            whole = chain((info,), whole)
            break
        ahead.append(info)
    placed = sorted(((_written(info, limit), info) for info in ahead), key=itemgetter(0))
    for _, info in merge(((_place(info), info) for info in whole), placed, key=itemgetter(0)):
        yield info


def _place(info: ObjectInfo) -> str:
    """Return the inverted time in the key of an entry; newer ones sort first."""
    return info.key[len(_FOLDER) :].partition("-")[0]


def _written(info: ObjectInfo, limit: str) -> str:
    """Return the inverted time at which the store wrote the entry; if that is in the future as well, it sorts last."""
    place = inverted(datetime.fromtimestamp(info.modified, timezone.utc))
    return place if place >= limit else _LAST


def _run_of(info: ObjectInfo) -> str:
    return info.key.split("-", 1)[1]


class NoRun(BadInput):
    """No run in this workspace has the given name."""


def find(store: ObjectStore, text: str) -> str:
    """Return the id of the run that `text` names.

    Args:
        store: The workspace store.
        text: An id, the beginning or the end of one, or ``latest``.

    Raises:
        NoRun: No run has that name.
        BadInput: `text` is empty, or several runs have that name.
    """
    if not text:
        raise BadInput("the name of a run is empty", remedy="give its id, the end of its id, or: latest")
    if text in ("latest", "last"):
        first = next(run_ids(store), None)
        if first is None:
            raise NoRun("there are no runs here yet", remedy="start one: runner run FILE")
        return first
    found = [run for run in run_ids(store) if run == text or run.startswith(text) or run.endswith(text)]
    if not found:
        raise NoRun(f"there is no run '{text}' here", remedy="see: runner list")
    if len(found) > 1:
        raise BadInput(f"'{text}' fits {len(found)} runs: {', '.join(found[:5])}", remedy="give more of the id")
    return found[0]
