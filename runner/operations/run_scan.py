"""A scan of the index of runs, newest first: batches of runs with what a list shows of them.

Entries that a block has (`runs.index_blocks`) are not read, nor are the heads of runs that have ended. A scan that
reads many others leaves a block of them for the next one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from ..errors import BadInput, ObjectMissing, StoreError
from ..model.document import from_document, to_document
from ..ports import ObjectInfo, ObjectStore
from ..runs import head, index, index_blocks, tags
from ..runs.index_blocks import Copies, Copy, Fields
from .listing import is_final
from .parallel_reads import read_each


class Place(NamedTuple):
    """A run in the listing of the index."""

    place: str
    """``<inverted time>-<run>``."""
    etag: str
    """The version of its entry."""
    mark: str
    """The version of the mark of its tags; empty: it has none."""

    @property
    def run(self) -> str:
        """The run's id."""
        return self.place.partition("-")[2]


@dataclass(kw_only=True)
class Seen:
    """A run, as far as it is known."""

    at: Place
    entry: Fields
    known_head: head.Head | Fields | None = None
    """The head, which may be absent; of a copy as it was stored."""
    head_read: bool = False
    """True: `known_head` is the head as it is."""
    tags: Mapping[str, str] | None = None
    """The tags now; None: not read yet."""
    copied: bool = False
    """True: a block has it in this version."""

    @property
    def head(self) -> head.Head | None:
        """The head; None: it is absent or not read."""
        if isinstance(self.known_head, dict):
            try:
                self.known_head = from_document(head.Head, self.known_head)
            except BadInput:
                self.known_head, self.head_read = None, False
        return self.known_head


def places(store: ObjectStore, after: str) -> Iterator[Place]:
    """Yield the runs in the index, newest first. Raises StoreError.

    Args:
        store: The workspace store.
        after: Only those behind this place. Default: empty, all.

    """
    marks = store.list(tags.MARKS, after=f"{tags.MARKS}{after}" if after else "")
    marked = next(marks, None)
    for info in index.listed(store, after):
        place = index.place_of(info)
        while marked is not None and marked.key[len(tags.MARKS) :] < place:
            marked = next(marks, None)
        fits = marked is not None and marked.key[len(tags.MARKS) :] == place
        yield Place(place, info.etag, marked.etag if fits and marked is not None else "")


@dataclass(kw_only=True)
class Scan:
    """A scan."""

    store: ObjectStore
    after: str
    learns: bool = False
    """True: it reads all that a block needs of what it looks at."""
    read: int = 0
    """The number of runs of which objects were read."""
    _blocks: tuple[ObjectInfo, ...] = ()
    _exact: dict[tuple[str, str, str], Copy] = field(default_factory=dict)
    _copies: Copies = field(default_factory=dict)
    _new: Copies = field(default_factory=dict)
    _used: Copies = field(default_factory=dict)

    def copies(self) -> int:
        """Return the number of copies in blocks."""
        self._blocks = tuple(index_blocks.infos(self.store, self.after))
        return sum(index_blocks.count(info.key) for info in self._blocks)

    def learn(self) -> None:
        """Read the blocks, and keep from now on what the next ones need."""
        if self.learns:
            return
        self.learns = True
        if not self._blocks:
            self.copies()
        keys = [info.key for info in self._blocks]
        for block in read_each(self.store, lambda key: index_blocks.read(self.store, key), keys):
            self._copies.update(block)
            self._exact.update(((place, copy.etag, copy.mark), copy) for place, copy in block.items())

    def look(self, batch: Sequence[Place], *, tagged: bool) -> list[Seen]:
        """Return what is known of some runs, in their order. Runs whose entries are gone or damaged are left out.

        Args:
            batch: The runs.
            tagged: True: their tags are needed.

        """
        known = {at.place: self._of_copy(at) for at in batch}
        unknown = [at for at in batch if known[at.place] is None]
        self.read += len(unknown)
        for at, seen in zip(unknown, read_each(self.store, self._read, unknown), strict=True):
            known[at.place] = seen
        found = [seen for at in batch if (seen := known[at.place]) is not None]
        if tagged or self.learns:
            self.read_tags(found)
        if self.learns:
            self._new.update(self._copied(found))
        return found

    def read_heads(self, some: Iterable[Seen]) -> None:
        """Read the heads that are not known."""
        missing = [seen for seen in some if not seen.head_read]
        self.read += len(missing)
        heads = read_each(self.store, lambda seen: head.read(self.store, seen.at.run), missing)
        for seen, found in zip(missing, heads, strict=True):
            seen.known_head, seen.head_read = found, True

    def read_tags(self, some: Iterable[Seen]) -> None:
        """Read the tags that are not known."""
        missing = []
        for seen in some:
            if seen.tags is None and not seen.at.mark:
                seen.tags = _texts(seen.entry.get("tags", {}))
            elif seen.tags is None:
                missing.append(seen)
        self.read += len(missing)
        added = read_each(self.store, lambda seen: tags.lines(self.store, seen.at.run), missing)
        for seen, found in zip(missing, added, strict=True):
            seen.tags = tags.fold(found, _texts(seen.entry.get("tags", {})))

    def end(self) -> None:
        """Leave a block of what was read, if that is much."""
        if len(self._new) >= index_blocks.LEAST:
            index_blocks.write(self.store, self._new)
            index_blocks.join_small(self.store, self._blocks, self._used)

    def _of_copy(self, at: Place) -> Seen | None:
        copy = self._exact.get(at) or self._copies.get(at.place)
        if copy is None or copy.etag != at.etag:
            return None
        fresh = copy.mark == at.mark
        seen = Seen(
            at=at, entry=copy.entry, copied=fresh, tags=_texts(copy.tags) if fresh and copy.tags is not None else None
        )
        if copy.head is not None:
            seen.known_head, seen.head_read = copy.head, True
        if fresh:
            self._used[at.place] = copy
        return seen

    def _read(self, at: Place) -> Seen | None:
        try:
            entry = json.loads(self.store.get(index.key_at(at.place)))
        except (ObjectMissing, ValueError, RecursionError):  # deleted meanwhile, or damaged: as in `index.newest`
            return None
        if not isinstance(entry, dict):
            return None
        seen = Seen(at=at, entry=entry)
        if self.learns:
            seen.known_head, seen.head_read = head.read(self.store, at.run), True
        return seen

    def _copied(self, found: Iterable[Seen]) -> Iterator[tuple[str, Copy]]:
        for seen in found:
            if not seen.copied and seen.head is not None and is_final(seen.head):
                changed = dict(seen.tags or {}) if seen.at.mark else None
                yield seen.at.place, Copy(seen.at.etag, seen.entry, to_document(seen.head), seen.at.mark, changed)


def batches(found: Iterator[Place], first: int, then: int) -> Iterator[list[Place]]:
    """Yield lists of places, the first one of its own size."""
    size = first
    while batch := list(islice(found, size)):
        yield batch
        size = then


def entry_of(seen: Seen) -> index.IndexEntry | None:
    """Return the index entry of a run; None if it is no entry."""
    try:
        return from_document(index.IndexEntry, seen.entry)
    except (BadInput, StoreError, TypeError, ValueError, AttributeError):
        return None


def _texts(known: object) -> dict[str, str]:
    if not isinstance(known, dict):
        return {}
    return {str(name): str(value) for name, value in known.items()}
