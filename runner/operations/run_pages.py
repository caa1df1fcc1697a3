"""Pages of the list of runs, newest first. A page is found from its cursor, whatever was submitted since.

The cursor is the place of the last looked-at run in the index, whose keys sort newest first. New runs come before all
cursors, so that no run is twice in the pages or missing. A page costs its own runs, not those before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.names import inverted, run_time
from ..ports import ObjectStore
from ..runs import index
from ..runs.index_blocks import Fields
from .listing import ListedRun, disk_is_full, is_begun, listed, status
from .parallel_reads import read_ahead
from .run_scan import Place, Scan, Seen, batches, entry_of, places

LOOKED_AT = 300
"""A page reads the objects of about so many runs at most: with a filter that fits few it has fewer runs, and a cursor.

Runs that a block shows count as none.
"""
_PART = 1000
"""Runs whose entries are listed together: one answer of a bucket has so many."""
_AHEAD = 16
"""The most parts that are listed ahead."""
_SHOWN = 64
"""Runs whose heads are read together."""


@dataclass(frozen=True, kw_only=True)
class RunFilter:
    """The filter of a list of runs. Empty fields fit every run."""

    experiment: str = ""
    status: str = ""
    """As `ListedRun.status`."""
    tag: str = ""
    """The name of a tag, or ``NAME=VALUE``."""
    user: str = ""
    since: datetime | None = None
    """The time in its id is this one or later."""
    until: datetime | None = None
    """The time in its id is earlier."""
    text: str = ""
    """A part of the id, experiment, description, user or a tag, in any letter case."""

    def fits(self, entry: Fields, tags: Mapping[str, str]) -> bool:
        """Return True if a run fits all but the status and the times.

        Args:
            entry: Its entry in the index, as it is stored.
            tags: Its tags.

        """
        return (
            self.experiment in ("", entry.get("experiment"))
            and self.user in ("", entry.get("user"))
            and (not self.tag or self._is_tagged(tags))
            and (not self.text or self.text.casefold() in _searched(entry, tags))
        )

    def _is_tagged(self, tags: Mapping[str, str]) -> bool:
        name, _, value = self.tag.partition("=")
        if name in tags and value in ("", tags[name]):
            return True
        return self.tag in tags or any(f"{known}={tags[known]}" == self.tag for known in tags if "=" in known)

    @property
    def narrows(self) -> bool:
        """Return True if it may fit few of the runs in its times."""
        return bool(self.experiment or self.status or self.tag or self.user or self.text)


@dataclass(frozen=True)
class RunPage:
    """Some runs, newest first."""

    runs: tuple[ListedRun, ...]
    cursor: str
    """The cursor of the next page; empty: there is none."""


def page(store: ObjectStore, wanted: RunFilter, *, cursor: str = "", limit: int = 50) -> RunPage:
    """Return the next runs that fit a filter.

    Args:
        store: The workspace store.
        wanted: The filter.
        cursor: The cursor of the page before. Default: empty, the newest runs.
        limit: The most runs.

    Returns:
        The page. It may have fewer runs than `limit`, or none, and a cursor.

    Raises:
        BadInput: The cursor is none, or the tag of the filter has no name.
        StoreError: The store cannot be read.

    """
    if cursor and not index.is_place(cursor):
        raise BadInput("this is no cursor of a list of runs", "cursor", "send the one of the last answer, or none")
    if wanted.tag.startswith("="):
        raise BadInput("the tag has no name", "tag", "write NAME or NAME=VALUE")
    after = cursor or (f"{inverted(wanted.until)}-" if wanted.until else "")
    search = _Search(store, wanted, limit, Scan(store=store, after=after))
    found = search.page(after)
    search.scan.end()
    return found


@dataclass(frozen=True)
class _Search:
    """The search for the runs of one page."""

    store: ObjectStore
    wanted: RunFilter
    limit: int
    scan: Scan

    def page(self, after: str) -> RunPage:
        now, full = self.store.now(), disk_is_full(self.store)
        found: list[ListedRun] = []
        listed = places(self.store, after)
        if self.wanted.narrows:
            listed = read_ahead(self.store, listed, _PART, 1 + min(self.scan.copies() // _PART, _AHEAD))
        known = self._in_time(listed)
        ahead = next(known, None)
        if self.wanted.narrows:
            self.scan.learn()  # while the listing goes on
        first = LOOKED_AT if self.wanted.narrows else min(self.limit, LOOKED_AT)
        for batch in batches(chain((ahead,) if ahead else (), known), first, LOOKED_AT):
            for seen, run in self._fitting(batch, now, full=full):
                found.append(run)
                if len(found) == self.limit:
                    more = seen.at != batch[-1] or next(known, None) is not None
                    return RunPage(tuple(found), seen.at.place if more else "")
            if self.scan.read >= LOOKED_AT:
                return RunPage(tuple(found), batch[-1].place if next(known, None) is not None else "")
            self.scan.learn()
        return RunPage(tuple(found), "")

    def _in_time(self, known: Iterable[Place]) -> Iterator[Place]:
        wanted = self.wanted
        since = inverted(wanted.since) if wanted.since else ""
        for at in known:
            if since and at.place[: len(since)] > since:
                return
            if wanted.until is None or run_time(at.run) < wanted.until:
                yield at

    def _fitting(self, batch: Sequence[Place], now: datetime, *, full: bool) -> Iterator[tuple[Seen, ListedRun]]:
        """Yield the runs of a batch that fit."""
        tagged = bool(self.wanted.tag or self.wanted.text)
        fits = [seen for seen in self.scan.look(batch, tagged=tagged) if self.wanted.fits(seen.entry, seen.tags or {})]
        for at in range(0, len(fits), _SHOWN):
            some = fits[at : at + _SHOWN]
            self.scan.read_heads(some)
            self.scan.read_tags(some)
            for seen in some:
                run = self._listed(seen, now, full=full)
                if run is not None and self.wanted.status in ("", run.status):
                    yield seen, run

    def _listed(self, seen: Seen, now: datetime, *, full: bool) -> ListedRun | None:
        """Return the run; None if it was never submitted as a whole."""
        entry = entry_of(seen)
        if entry is None or (seen.head is None and not is_begun(self.store, entry.run)):
            return None
        shown = status(seen.head, now, full=full) if seen.head else "starting"
        return listed(entry, seen.head, seen.tags or {}, shown)


def _searched(entry: Fields, tags: Mapping[str, str]) -> str:
    fields = (str(entry.get(name, "")) for name in ("run", "experiment", "description", "user"))
    return "\n".join((*fields, *(f"{name}={value}" for name, value in tags.items()))).casefold()
