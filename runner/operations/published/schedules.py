"""Schedules in the workspace store: ``registry/schedules/<id>/<revision>.json``."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ...errors import BadInput, Problem
from ...model.occurrences import problems as recurrence_problems
from ...model.published import Status
from ...model.reading import unknown
from ...model.schedule import ScheduleRecord
from .documents import Documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from ...ports import ObjectStore

_REMEDY = "see: runner schedules list"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def now(store: ObjectStore) -> datetime:
    """Return the time by the store's clock, to the millisecond as documents hold it: equal times have equal keys.

    Args:
        store: The workspace store.

    """
    at = store.now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def documents(store: ObjectStore) -> Documents[ScheduleRecord]:
    """Return the schedules of a workspace.

    Args:
        store: The workspace store.

    """
    return Documents(store, "schedules", ScheduleRecord)


def problems(record: ScheduleRecord) -> list[Problem]:
    """Return everything that is wrong with a schedule by itself.

    Args:
        record: The schedule.

    """
    found = list(_own_problems(record))
    if record.recurrence is not None:
        found += recurrence_problems(record.recurrence)
    return found


def _own_problems(record: ScheduleRecord) -> Iterator[Problem]:
    if not record.name.strip() or not record.name.isprintable():
        yield Problem(f"{record.name!r} cannot name a schedule", "name", "use one line of printable characters")
    if not record.experiment.strip():
        yield Problem("a schedule needs the name of an experiment", "experiment_name", "pass experiment_name")
    trigger = record.trigger
    if (record.recurrence is None) == (trigger is None):
        what = "a schedule needs a recurrence or a datastore" if trigger is None else "both of them are given"
        yield Problem(what, "recurrence, datastore", "pass one of the two: recurrence=… or datastore=…")
    if trigger is not None and (type(trigger.polling_minutes) is not int or trigger.polling_minutes < 1):
        what = f"the polling interval is {trigger.polling_minutes!r}"
        yield Problem(what, "polling_interval", "give a whole number of minutes, at least 1")


def create(store: ObjectStore, record: ScheduleRecord) -> None:
    """Store a new schedule.

    Args:
        store: The workspace store.
        record: The schedule; its id is new.

    Raises:
        BadInput: Something is wrong with it. The exception has every problem.
        StoreError: The store cannot be used.

    """
    found = problems(record)
    if found:
        raise BadInput(found)
    if not documents(store).create(record.id, record):
        raise BadInput(f"there is a schedule of id {record.id}", remedy="create it again")


def get(store: ObjectStore, identity: str) -> ScheduleRecord:
    """Return the schedule of an id.

    Args:
        store: The workspace store.
        identity: The id.

    Raises:
        BadInput: There is none.
        StoreError: The store cannot be used.

    """
    found = documents(store).find(identity)
    if found is None:
        raise BadInput(f"there is no schedule of id {identity!r}", remedy=_REMEDY)
    return found


def all_of(
    store: ObjectStore,
    *,
    active_only: bool = True,
    pipeline: str = "",
    endpoint: str = "",
    known: MutableMapping[str, ScheduleRecord] | None = None,
) -> tuple[ScheduleRecord, ...]:
    """Return the schedules, newest first.

    Args:
        store: The workspace store.
        active_only: True: leave out disabled ones. Default: True.
        pipeline: Only those of this published pipeline. Default: empty, all.
        endpoint: Only those of this pipeline endpoint. Default: empty, all.
        known: See `Documents.all`. Default: None.

    Raises:
        StoreError: The store cannot be used.

    """
    found = (
        record
        for record in documents(store).all(known)
        if (record.status is Status.ACTIVE or not active_only)
        and pipeline in ("", record.pipeline)
        and endpoint in ("", record.endpoint)
    )
    return tuple(sorted(found, key=lambda record: (record.created, record.id), reverse=True))


def named(store: ObjectStore, text: str) -> ScheduleRecord:
    """Return the schedule that a text names.

    Args:
        store: The workspace store.
        text: An id, the beginning of one, or a name. If several have the name, the only active one.

    Raises:
        BadInput: There is none, or more than one.
        StoreError: The store cannot be used.

    """
    same = documents(store).find(text) if _ID.fullmatch(text) else None
    if same is not None:
        return same
    known = all_of(store, active_only=False)
    found = [record for record in known if record.id == text] or [record for record in known if record.name == text]
    found = found or [record for record in known if record.id.startswith(text)]
    if len(found) > 1:
        found = [record for record in found if record.status is Status.ACTIVE] or found
    if len(found) > 1:
        raise BadInput(f"'{text}' names {len(found)} schedules", remedy=f"give an id; {_REMEDY}")
    if not found:
        what, remedy = unknown("schedule", text, dict.fromkeys(record.name for record in known))
        raise BadInput(what, remedy=f"{remedy}; {_REMEDY}")
    return found[0]


def change(
    store: ObjectStore, identity: str, edit: Callable[[ScheduleRecord], ScheduleRecord], at: datetime
) -> ScheduleRecord:
    """Change a schedule, and return its record.

    Due times before the change do not count if it changes what is due, or enables the schedule.

    Args:
        store: The workspace store.
        identity: The id.
        edit: Returns the changed record.
        at: The time of the change.

    Raises:
        BadInput: There is none, or something would be wrong with it.
        StoreError: The store cannot be used.

    """

    def edited(known: ScheduleRecord) -> ScheduleRecord:
        made = edit(known)
        found = problems(made)
        if found:
            raise BadInput(found)
        enabled = made.status is Status.ACTIVE and known.status is not Status.ACTIVE
        again = enabled or (made.recurrence, made.trigger) != (known.recurrence, known.trigger)
        return replace(made, active_since=at) if again else made

    get(store, identity)
    return documents(store).change(identity, edited)


def set_status(store: ObjectStore, identity: str, status: Status, at: datetime) -> ScheduleRecord:
    """Enable or disable a schedule, and return its record.

    Args:
        store: The workspace store.
        identity: The id.
        status: The new status.
        at: The time of the change.

    Raises:
        BadInput: There is none.
        StoreError: The store cannot be used.

    """
    return change(store, identity, lambda record: replace(record, status=status), at)
