"""Datastore triggers: which files of a folder are new or have changed since the last look.

``registry/published/schedule-cursors/<schedule>/<number>.json`` is the last look; the digests of the files lie beside
it, 8 bytes for each, so that a look costs one listing and no more. A look that finds a change is the next number,
written only if nobody has written that number: of two looks at once one counts. No step can write the folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...errors import ObjectMissing
from ...model.data import DEFAULT_DATASTORE
from ...model.digest import canonical_json
from ...model.document import to_document
from ...model.names import SCHEDULE_CURSORS, is_of_runs, is_reserved
from ...model.stored_documents import read_document
from . import schedule_history

if TYPE_CHECKING:
    from ...model.schedule import DatastoreTrigger, ScheduleRecord
    from ...ports import ObjectInfo, ObjectStore

_SIZE = 8
_NAMED = 100
"""Changed files that are listed by name."""


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """One look at the files of a trigger."""

    at: datetime
    files: str
    """The SHA-256 of the object with the digests of the files."""
    changed: tuple[str, ...] = ()
    """The keys of files that were new or had changed: the first 100 by name. Empty: the look only sets the mark."""
    newest: str = ""
    """The key of that of them which was written last."""


def begin(store: ObjectStore, datastore: Callable[[str], ObjectStore], record: ScheduleRecord, now: datetime) -> None:
    """Set the mark: files that are there now do not count as new.

    Args:
        store: The workspace store.
        datastore: Returns the store of a datastore.
        record: The schedule.
        now: The time now.

    Raises:
        BadInput: There is no such datastore.
        StoreError: A store cannot be used.

    """
    if record.trigger is None:
        return
    number = _number(store, record.id)
    digests, _ = _look(datastore(record.trigger.datastore), record.trigger, frozenset())
    _write(store, record.id, number + 1, digests, Cursor(at=now, files=""))


def forget(store: ObjectStore, schedule: str) -> None:
    """Delete the marks of a schedule that was refused.

    Args:
        store: The workspace store.
        schedule: Its id.

    """
    for info in list(store.list(f"{SCHEDULE_CURSORS}{schedule}/")):
        store.delete(info.key)


def poll(
    store: ObjectStore, datastore: Callable[[str], ObjectStore], record: ScheduleRecord, now: datetime
) -> Cursor | None:
    """Return the change that a run has to be made for; None: nothing is new. The first look sets the mark only.

    Args:
        store: The workspace store.
        datastore: Returns the store of a datastore.
        record: The schedule.
        now: The time now.

    Raises:
        BadInput: There is no such datastore.
        StoreError: A store cannot be used.

    """
    trigger = record.trigger
    number = _number(store, record.id)
    if trigger is None or not number:
        begin(store, datastore, record, now)
        return None
    try:
        last = read_document(Cursor, store.get(_key(record.id, number)), _key(record.id, number))
        if last.changed and not schedule_history.is_known(store, record.id, last.at):
            return last  # who found it ended before the run was claimed
        before = store.get(_files_key(record.id, number, last.files))
    except ObjectMissing:
        if _number(store, record.id) == number:
            raise
        return None  # another process has looked in the meantime
    known = frozenset(before[at : at + _SIZE] for at in range(0, len(before), _SIZE))
    digests, changed = _look(datastore(trigger.datastore), trigger, known)
    if digests == known:
        return None
    newest = max(changed, key=lambda info: (info.modified, info.key), default=None)
    names = tuple(sorted(info.key for info in changed)[:_NAMED])
    made = Cursor(at=now, files="", changed=names, newest=newest.key if newest else "")
    written = _write(store, record.id, number + 1, digests, made)
    return made if written and changed else None


def _look(
    store: ObjectStore, trigger: DatastoreTrigger, known: frozenset[bytes]
) -> tuple[frozenset[bytes], list[ObjectInfo]]:
    """Return the digests of all files, and the files whose digests are not known."""
    digests, changed = set(), []
    for info in _files(store, trigger):
        digest = hashlib.sha256(f"{info.key}\0{info.size}\0{info.etag}".encode(errors="surrogateescape")).digest()[
            :_SIZE
        ]
        digests.add(digest)
        if digest not in known:
            changed.append(info)
    return frozenset(digests), changed


def _files(store: ObjectStore, trigger: DatastoreTrigger) -> Iterator[ObjectInfo]:
    """Yield what counts: the files of the folder itself, as in v1; without a folder all, but never outputs of runs."""
    folder = trigger.path.strip("/")
    workspace = trigger.datastore == DEFAULT_DATASTORE
    for info in store.list(f"{folder}/" if folder else ""):
        inside = info.key[len(folder) + 1 :] if folder else ""
        if "/" not in inside and not is_of_runs(info.key) and not (workspace and is_reserved(info.key)):
            yield info


def _write(store: ObjectStore, schedule: str, number: int, digests: frozenset[bytes], cursor: Cursor) -> bool:
    """Write a look unless there is one of that number; delete the looks that nobody needs any more."""
    data = b"".join(sorted(digests))
    named = replace(cursor, files=hashlib.sha256(data).hexdigest())
    files = _files_key(schedule, number, named.files)
    store.put(files, data)
    if not store.put_if_absent(_key(schedule, number), canonical_json(to_document(named))):
        return False
    for prefix, first in (("files-", _files_key(schedule, number, "")), ("look-", _key(schedule, number))):
        for info in list(store.list(f"{SCHEDULE_CURSORS}{schedule}/{prefix}")):
            if info.key < first:
                store.delete(info.key)
    return True


def _number(store: ObjectStore, schedule: str) -> int:
    """Return the number of the last look; 0: there was none."""
    keys = [info.key for info in store.list(f"{SCHEDULE_CURSORS}{schedule}/look-")]
    return int(keys[-1][-13:-5]) if keys else 0


def _key(schedule: str, number: int) -> str:
    return f"{SCHEDULE_CURSORS}{schedule}/look-{number:08d}.json"


def _files_key(schedule: str, number: int, digest: str) -> str:
    return f"{SCHEDULE_CURSORS}{schedule}/files-{number:08d}-{digest}"
