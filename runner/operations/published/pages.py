"""Pages of published pipelines, endpoints and schedules, newest first.

A page is found from its cursor, the place of the last looked-at object, whatever was published since: nothing is twice
in the pages or missing. A page of pipelines costs its own records, and the keys of those of other names.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Generic, TypeVar

from ...dataclass import dataclass
from ...errors import BadInput
from ...model.names import inverted
from ...model.published import EndpointRecord, PublishedRecord, Status
from ...model.schedule import ScheduleRecord
from ...ports import ObjectStore
from . import pipeline_index
from .pipelines import documents

R = TypeVar("R", PublishedRecord, EndpointRecord, ScheduleRecord)
LOOKED_AT = 500
"""The most records of pipelines that one page reads: many disabled ones give a page with fewer, and a cursor."""
_READ = 50
"""Records that are read at a time."""


@dataclass(frozen=True)
class Page(Generic[R]):
    """Some objects, newest first."""

    items: tuple[R, ...]
    cursor: str
    """The cursor of the next page; empty: there is none."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The filter and the place of a page."""

    name: str = ""
    """Only objects of this name. Empty: all."""
    every: bool = False
    """True: also what is disabled or archived."""
    cursor: str = ""
    """The cursor of the page before. Empty: the newest objects."""
    limit: int = 50
    """The most objects."""

    def shows(self, record: PublishedRecord | EndpointRecord | ScheduleRecord) -> bool:
        """Return True if an object belongs into the list."""
        return self.name in ("", record.name) and (self.every or record.status is Status.ACTIVE)


def of_pipelines(store: ObjectStore, wanted: Wanted) -> Page[PublishedRecord]:
    """Return a page of published pipelines. It may have fewer than the limit, or none, and a cursor.

    Args:
        store: The workspace store.
        wanted: What it shows.

    Raises:
        BadInput: The cursor is none.
        StoreError: The store cannot be read.

    """
    after = _place(wanted.cursor)
    listed = (one for one in pipeline_index.entries(store, after) if wanted.name in ("", one.name))
    found: list[PublishedRecord] = []
    looked = 0
    while entries := list(islice(listed, min(_READ, wanted.limit))):
        records = documents(store).find_each([one.id for one in entries])
        for entry, record in zip(entries, records, strict=True):
            looked += 1
            if record is not None and wanted.shows(record):
                found.append(record)
            if len(found) == wanted.limit or looked == LOOKED_AT:
                more = next(pipeline_index.entries(store, entry.place), None)
                return Page(tuple(found), _cursor(entry.place) if more else "")
    return Page(tuple(found), "")


def of_records(records: Iterable[R], wanted: Wanted) -> Page[R]:
    """Return a page of endpoints or schedules.

    Args:
        records: All of them.
        wanted: What the page shows.

    Raises:
        BadInput: The cursor is none.

    """
    after = _place(wanted.cursor)
    listed = sorted(((_record_place(one), one) for one in records if wanted.shows(one)), key=itemgetter(0))
    behind: Iterator[tuple[str, R]] = (one for one in listed if one[0] > after)
    page = list(islice(behind, wanted.limit))
    more = next(behind, None) is not None
    return Page(tuple(one for _, one in page), _cursor(page[-1][0]) if more else "")


def _record_place(record: EndpointRecord | ScheduleRecord | PublishedRecord) -> str:
    return f"{inverted(record.created)}@{record.id}"


def _cursor(place: str) -> str:
    """Return a place as text that needs no quoting in an address."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _place(cursor: str) -> str:
    """Return the place of a cursor. Raise BadInput if it has none."""
    if not cursor:
        return ""
    try:
        place = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        place = ""
    if not place[:15].isdigit() or place[15:16] != "@" or "/" in place or "\0" in place:
        raise BadInput("this is no cursor of this list", "cursor", "send the one of the last answer, or none")
    return place
