"""Published pipelines in the workspace store: ``registry/published/pipelines/<id>/<revision>.json``."""

from __future__ import annotations

import re
from dataclasses import replace

from ...dataclass import dataclass
from ...errors import BadInput, Problem
from ...model.published import PublishedRecord, Status
from ...model.reading import unknown
from ...ports import ObjectStore
from . import pipeline_index
from .documents import Documents
from .pipeline_index import Entry

_REMEDY = "see: runner pipelines list"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, kw_only=True)
class PublishOptions:
    """The options of a publication, beside the plan."""

    name: str
    version: str = ""
    description: str = ""
    continue_on_step_failure: bool = False
    origin: str = ""
    """The run that it is published from; empty: none."""
    settled: bool = False
    """True: the plan was run or published before, and keeps its environments. False: they become the newest ones."""

    def problems(self) -> tuple[Problem, ...]:
        """Return the reasons why nothing can be published under these names."""
        found = []
        if not self.name.strip():
            found.append(Problem("a published pipeline needs a name", remedy="give it one"))
        for what, text in (("name", self.name), ("version", self.version)):
            if not text.isprintable():
                remedy = "use one line of printable characters"
                found.append(Problem(f"the {what} {text!r} has a character that cannot be printed", remedy=remedy))
        size = pipeline_index.bytes_of(self.name, self.version)
        if size > pipeline_index.ROOM:
            what = f"name and version have {size} bytes, and can have {pipeline_index.ROOM} together"
            found.append(Problem(what, remedy="shorten them, and write the rest into the description"))
        return tuple(found)


def documents(store: ObjectStore) -> Documents[PublishedRecord]:
    """Return the records of published pipelines.

    Args:
        store: The workspace store.

    """
    return Documents(store, "pipelines", PublishedRecord)


def create(store: ObjectStore, record: PublishedRecord) -> None:
    """Store the record of a new published pipeline.

    Args:
        store: The workspace store.
        record: The record; its id is new.

    Raises:
        BadInput: There is a published pipeline of that id.
        StoreError: The store cannot be used.

    """
    pipeline_index.enter(store, record)
    if not documents(store).create(record.id, record):
        raise BadInput(f"there is a published pipeline of id {record.id}", remedy="publish it again")


def withdraw(store: ObjectStore, record: PublishedRecord) -> None:
    """Delete a published pipeline that was created just now and is refused.

    Args:
        store: The workspace store.
        record: The record.

    Raises:
        StoreError: The store cannot be used.

    """
    documents(store).withdraw(record.id)
    pipeline_index.remove(store, record)


def get(store: ObjectStore, identity: str) -> PublishedRecord:
    """Return the published pipeline of an id.

    Args:
        store: The workspace store.
        identity: The id.

    Raises:
        BadInput: There is none.
        StoreError: The store cannot be used.

    """
    found = documents(store).find(identity)
    if found is None:
        raise BadInput(f"there is no published pipeline of id {identity!r}", remedy=_REMEDY)
    return found


def all_of(store: ObjectStore, *, active_only: bool = True) -> tuple[PublishedRecord, ...]:
    """Return the published pipelines, newest first.

    Args:
        store: The workspace store.
        active_only: True: leave out disabled and archived ones. Default: True.

    Raises:
        StoreError: The store cannot be used.

    """
    found = (record for record in documents(store).all() if not active_only or record.status is Status.ACTIVE)
    return tuple(sorted(found, key=lambda record: (record.created, record.id), reverse=True))


def named(store: ObjectStore, text: str) -> PublishedRecord:
    """Return the published pipeline that a text names.

    Archived ones count only if there is no other of that name.

    Args:
        store: The workspace store.
        text: ``NAME``: the newest of that name. ``NAME@VERSION``: the newest of that name and version. Or an id.

    Raises:
        BadInput: There is none.
        StoreError: The store cannot be used.

    """
    if _GUID.fullmatch(text):
        return get(store, text)
    known = tuple(pipeline_index.entries(store))
    name, _, version = text.rpartition("@")
    found = [entry for entry in known if entry.name == text]
    found = found or [entry for entry in known if (entry.name, entry.version) == (name, version)]
    archived = None
    for entry in found:
        record = documents(store).find(entry.id)
        if record is not None and record.status is not Status.ARCHIVED:
            return record
        archived = archived or record
    if archived is None:
        raise _unknown(text, known)
    return archived


def set_status(store: ObjectStore, identity: str, status: Status) -> PublishedRecord:
    """Change the status of a published pipeline, and return its record.

    Args:
        store: The workspace store.
        identity: The id.
        status: The new status.

    Raises:
        BadInput: There is none.
        StoreError: The store cannot be used.

    """
    get(store, identity)
    return documents(store).change(identity, lambda record: replace(record, status=status))


def refuse_inactive(record: PublishedRecord) -> None:
    """Raise BadInput unless a published pipeline can be run.

    Args:
        record: The record as it is now.

    """
    if record.status is not Status.ACTIVE:
        what = f"the published pipeline '{record.name}' ({record.id}) is {record.status.value.lower()}"
        raise BadInput(what, remedy="enable it, or run another version: runner pipelines list")


def _unknown(text: str, known: tuple[Entry, ...]) -> BadInput:
    name, at, version = text.rpartition("@")
    versions = dict.fromkeys(entry.version for entry in known if entry.name == name) if at else {}
    if versions:
        listed = ", ".join(each or "(none)" for each in versions)
        what = f"the published pipeline '{name}' has no version '{version}' (its versions, newest first: {listed})"
        return BadInput(what, remedy=unknown("version", version, [each for each in versions if each])[1])
    names = dict.fromkeys(entry.name for entry in known)
    what, remedy = unknown("published pipeline", name or text, names)
    return BadInput(what, remedy=f"{remedy}; {_REMEDY}")
