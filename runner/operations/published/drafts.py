"""Pipeline drafts in the workspace store: ``registry/published/drafts/<id>/``. A deleted one stays, marked as such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ...data import retention
from ...errors import BadInput
from ...model.published import DraftRecord
from .documents import Documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...model.data import DatastorePath
    from ...ports import ObjectStore


def documents(store: ObjectStore) -> Documents[DraftRecord]:
    """Return the drafts of a workspace.

    Args:
        store: The workspace store.

    """
    return Documents(store, "drafts", DraftRecord)


def create(store: ObjectStore, record: DraftRecord, read: Iterable[DatastorePath] = ()) -> DraftRecord:
    """Store a new draft, and return it as it is stored: with its time to the millisecond.

    Args:
        store: The workspace store.
        record: The draft.
        read: The paths that its runs read. Default: none.

    Raises:
        BadInput: One of them is the output of a run that `runner gc` deletes. Nothing was stored.

    """
    documents(store).create(record.id, record)
    try:  # after the record: `runner gc` keeps what this one reads, or has begun to delete it before
        retention.refuse_gone_outputs(store, read)
    except BadInput:
        documents(store).withdraw(record.id)
        raise
    return get(store, record.id)


def get(store: ObjectStore, identity: str) -> DraftRecord:
    """Return the draft of an id.

    Args:
        store: The workspace store.
        identity: The id.

    Raises:
        BadInput: There is none, or it is deleted.

    """
    record = documents(store).find(identity)
    if record is None:
        raise _missing(identity)
    return _present(record)


def all_of(store: ObjectStore, tags: Mapping[str, str | None] | None = None) -> list[DraftRecord]:
    """Return the drafts, newest first.

    Args:
        store: The workspace store.
        tags: Only drafts with these keys, and these values unless they are None. None: all.

    """
    wanted = (tags or {}).items()
    found = [
        one
        for one in documents(store).all()
        if not one.deleted and all(key in one.tags and value in (None, one.tags[key]) for key, value in wanted)
    ]
    return sorted(found, key=lambda one: one.created, reverse=True)


def change(
    store: ObjectStore,
    identity: str,
    edit: Callable[[DraftRecord], DraftRecord],
    read: Callable[[DraftRecord], Iterable[DatastorePath]] = lambda _: (),
) -> DraftRecord:
    """Store the next revision of a draft, and return it.

    Args:
        store: The workspace store.
        identity: The id.
        edit: Returns the changed draft. It may be called more than once.
        read: Returns the paths that runs of the changed draft read. Default: none.

    Raises:
        BadInput: There is no such draft, it is deleted, or it would read what `runner gc` deletes. Nothing was changed.

    """
    before = get(store, identity)
    made = documents(store).change(identity, lambda record: edit(_present(record)))
    try:
        retention.refuse_gone_outputs(store, read(made))
    except BadInput:
        documents(store).change(identity, lambda known: before if known == made else known)
        raise
    return made


def _present(record: DraftRecord) -> DraftRecord:
    if record.deleted:
        raise _missing(record.id)
    return record


def _missing(identity: str) -> BadInput:
    return BadInput(
        f"there is no pipeline draft of id {identity!r} in this workspace",
        remedy="list them: PipelineDraft.list(workspace)",
    )
