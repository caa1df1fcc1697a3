"""Blocks of the index: copies of many entries with what else a list shows of these runs, so that few objects are read.

A block is a copy and nothing relies on it. Whether a run exists, and which version of its entry counts, is what the
listing of ``index/`` says; a copy is used only if it is of that version. So no block is ever stale: a run that was
deleted is not listed, and one whose tags have changed has another mark. Readers write blocks, each under a name of its
own, and join small ones; ``runner gc`` deletes those that name a deleted run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, Dict, NamedTuple

from ..errors import StoreError
from ..ports import ObjectInfo, ObjectStore

FOLDER = "runs/_list/"
"""Closed to steps, as all of ``runs/``; no run has that id."""
SIZE = 500
"""The entries of a whole block."""
LEAST = 100
"""So many new entries are worth a block."""
_SMALL = 24
"""The number of blocks that are not whole above which they are joined."""
_MOST_BYTES = 16 << 20
"""The most bytes of a block that is read."""

Fields = Dict[str, Any]
"""A document, as it was stored."""


class Copy(NamedTuple):
    """A copy of all that a list needs of one run."""

    etag: str
    """The version of the entry in the index."""
    entry: Fields
    head: Fields | None
    """The head of a run that has ended, which never changes; None: it has not ended, or that is unknown."""
    mark: str
    """The version of the mark of its tags (`runs.tags`); empty: it had none."""
    tags: Fields | None
    """Its tags, if it had a mark."""


Copies = Dict[str, Copy]
"""By the places of runs in the index."""


def infos(store: ObjectStore, after: str = "") -> Iterator[ObjectInfo]:
    """Yield the blocks with runs behind a place, those of the newest runs first. Raises StoreError.

    Args:
        store: The workspace store.
        after: The place. Default: empty, all blocks.

    """
    for info in store.list(FOLDER):
        _, _, last = info.key[len(FOLDER) :].partition("~")
        if info.size <= _MOST_BYTES and (not after or last[: len(after[:15])] >= after[:15]):
            yield info


def count(key: str) -> int:
    """Return the number of copies in a block; 0 if the key is no block's.

    Args:
        key: The key of the block.

    """
    parts = key.rpartition("~")[2].split("-")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0


def read(store: ObjectStore, key: str) -> Copies:
    """Return a block; nothing if it is gone, damaged, or of a later version.

    Args:
        store: The workspace store.
        key: Its key.

    """
    with suppress(StoreError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        document = json.loads(store.get(key))
        if document.get("document_format", 1) == 1:
            return {place: _copy(*row) for place, row in document["runs"].items()}
    return {}


def write(store: ObjectStore, copies: Mapping[str, Copy]) -> None:
    """Write copies as blocks. A store that refuses it is left as it is.

    Args:
        store: The workspace store.
        copies: The copies.

    """
    places = sorted(copies)
    with suppress(StoreError):  # whoever may only read does without
        for at in range(0, len(places), SIZE):
            part = places[at : at + SIZE]
            key = f"{FOLDER}{part[0][:15]}~{part[-1][:15]}-{len(part):05d}-{os.urandom(4).hex()}.json"
            document = {"runs": {place: list(copies[place]) for place in part}}
            store.put(key, json.dumps(document, separators=(",", ":")).encode())


def join_small(store: ObjectStore, blocks: Iterable[ObjectInfo], copies: Mapping[str, Copy]) -> None:
    """Join blocks that are not whole if there are many.

    Args:
        store: The workspace store.
        blocks: All blocks.
        copies: The copies in them that are of use.

    """
    small = [info for info in blocks if count(info.key) < SIZE]
    if len(small) <= _SMALL:
        return
    joined: Copies = {}
    for info in small:
        joined.update({place: copies[place] for place in read(store, info.key) if place in copies})
    write(store, joined)
    _delete(store, small)


def forget(store: ObjectStore, runs: Collection[str]) -> None:
    """Delete the blocks that name one of some runs, which were deleted. Raises StoreError.

    Args:
        store: The workspace store.
        runs: The ids of the runs.

    """
    gone = set(runs)
    if gone:
        for info in tuple(infos(store)):
            if any(place.partition("-")[2] in gone for place in read(store, info.key)):
                store.delete(info.key)


def _delete(store: ObjectStore, blocks: Iterable[ObjectInfo]) -> None:
    with suppress(StoreError):
        for info in blocks:
            store.delete(info.key)


def _copy(*row: object) -> Copy:
    """Return a copy as it was written. Raise TypeError, ValueError for anything else."""
    etag, entry, head, mark, tags = row
    if not isinstance(entry, dict) or not all(each is None or isinstance(each, dict) for each in (head, tags)):
        raise TypeError
    return Copy(str(etag), entry, head, str(mark), tags)  # type: ignore[arg-type]  # mypy does not see through all()
