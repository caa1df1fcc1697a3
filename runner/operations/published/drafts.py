"""Pipeline drafts in the workspace store: ``registry/published/drafts/<id>/``. A deleted one stays, marked as such."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ...errors import BadInput
from ...model.published import DraftRecord
from .documents import Documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...ports import ObjectStore


def documents(store: ObjectStore) -> Documents[DraftRecord]:
    """Return the drafts of a workspace.

    Args:
        store: The workspace store.

    """
    return Documents(store, "drafts", DraftRecord)


def create(store: ObjectStore, record: DraftRecord) -> DraftRecord:
    """Store a new draft, and return it as it is stored: with its time to the millisecond.

    Args:
        store: The workspace store.
        record: The draft.

    """
    documents(store).create(record.id, record)
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


def change(store: ObjectStore, identity: str, edit: Callable[[DraftRecord], DraftRecord]) -> DraftRecord:
    """Store the next revision of a draft, and return it.

    Args:
        store: The workspace store.
        identity: The id.
        edit: Returns the changed draft. It may be called more than once.

    Raises:
        BadInput: There is no such draft, or it is deleted.

    """
    get(store, identity)
    return documents(store).change(identity, lambda record: edit(_present(record)))


def _present(record: DraftRecord) -> DraftRecord:
    if record.deleted:
        raise _missing(record.id)
    return record


def _missing(identity: str) -> BadInput:
    return BadInput(
        f"there is no pipeline draft of id {identity!r} in this workspace",
        remedy="list them: PipelineDraft.list(workspace)",
    )
