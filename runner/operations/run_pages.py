"""Pages of the list of runs, newest first. A page is found from its cursor, whatever was submitted since.

The cursor is the place of the last looked-at run in the index, whose keys sort newest first. New runs come before all
cursors, so that no run is twice in the pages or missing. A page costs its own runs, not those before it.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime

from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing, StoreError
from ..model.names import inverted, is_run_id, run_time
from ..ports import ObjectStore
from ..runs import index
from ..runs.index import IndexEntry
from .listing import ListedRun, disk_is_full, listed

LOOKED_AT = 500
"""The most runs that one page looks at: a filter that fits few gives a page with fewer runs, and a cursor."""
_CURSOR = re.compile(r"[0-9]{15}-(.+)")


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

    def fits(self, entry: IndexEntry) -> bool:
        """Return True if the entry of a run fits all but the status and the times."""
        name, _, value = self.tag.partition("=")
        return (
            self.experiment in ("", entry.experiment)
            and self.user in ("", entry.user)
            and (not name or (name in entry.tags and value in ("", entry.tags[name])))
            and (not self.text or self.text.casefold() in _searched(entry))
        )


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
        BadInput: The cursor is none.
        StoreError: The store cannot be read.

    """
    if cursor and not _is_cursor(cursor):
        raise BadInput("this is no cursor of a list of runs", "cursor", "send the one of the last answer, or none")
    now = store.now()
    full = disk_is_full(store)
    found: list[ListedRun] = []
    after = cursor or (f"{inverted(wanted.until)}-" if wanted.until else "")
    for looked, place in enumerate(index.places(store, after), 1):
        if not _is_cursor(place):
            continue
        at = _time(place)
        if wanted.since is not None and at < wanted.since:
            break
        entry = _entry(store, place)
        fits = entry is not None and (wanted.until is None or at < wanted.until) and wanted.fits(entry)
        run = listed(store, entry, now, full=full) if entry is not None and fits else None
        if run is not None and wanted.status in ("", run.status):
            found.append(run)
        if len(found) == limit or looked == LOOKED_AT:
            more = next(index.places(store, place), "")
            return RunPage(tuple(found), place if more else "")
    return RunPage(tuple(found), "")


def _entry(store: ObjectStore, place: str) -> IndexEntry | None:
    with suppress(ObjectMissing, StoreError):  # deleted meanwhile, or damaged: as in `index.newest`
        return index.at(store, place)
    return None


def _is_cursor(text: str) -> bool:
    found = _CURSOR.fullmatch(text)
    return found is not None and is_run_id(found[1])


def _time(place: str) -> datetime:
    return run_time(place.partition("-")[2])


def _searched(entry: IndexEntry) -> str:
    tags = (f"{name}={value}" for name, value in entry.tags.items())
    return "\n".join((entry.run, entry.experiment, entry.description, entry.user, *tags)).casefold()
