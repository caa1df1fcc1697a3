"""Create and change schedules: check everything, write the record, put it in place."""

from __future__ import annotations

import uuid
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Mapping, Sequence

from ...data import retention
from ...dataclass import dataclass
from ...errors import BadInput, RunnerError
from ...model.data import DatastorePath
from ...model.published import ParameterValues, Status
from ...model.schedule import DatastoreTrigger, ScheduleRecord
from ...operations.published import binding, endpoints, pipelines, schedules, triggers
from ...plan.data_parameters import paths_read
from ...runs import plans
from ..base.refused_in_step import RefusedInStep
from ..base.session import Session
from ..datasets.parameter_values import sorted_values
from ..datastores.datastore import Datastore
from .recurrence import InvalidSchedule, ScheduleRecurrence
from .submission import parameters_of
from .user_errors import user_errors

if TYPE_CHECKING:
    from datetime import datetime

    from ...model.schedule import Recurrence
    from ...ports import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """v1's arguments of a creation or a change; None: not given."""

    name: str | None = None
    description: str | None = None
    experiment: str | None = None
    recurrence: ScheduleRecurrence | None = None
    parameters: Mapping[str, object] | None = None
    datastore: Datastore | None = None
    polling: int | None = None
    parameter: str | None = None
    going_on: bool | None = None
    path: str | None = None
    status: str | None = None


def created(session: Session, wanted: Wanted, *, pipeline: str = "", endpoint: str = "") -> ScheduleRecord:
    """Create a schedule, put it in place, and return its record.

    A recurrence without a start is due in this minute, so it fires now.

    Args:
        session: The workspace's session.
        wanted: The arguments.
        pipeline: The id of the published pipeline. Default: empty, `endpoint` is given.
        endpoint: The id of the pipeline endpoint. Default: empty, `pipeline` is given.

    Raises:
        InvalidSchedule: The recurrence is invalid, or arguments do not go together.
        UserErrorException: The pipeline cannot be run with these values. Nothing was created.
        RunnerError: It could not be put in place; it stays disabled then.

    """
    now = schedules.now(session.store)
    _refuse_mixture(wanted)
    recurrence = _recurrence(wanted, now)
    with user_errors():
        record = ScheduleRecord(
            id=str(uuid.uuid4()),
            name=str(wanted.name or ""),
            description=wanted.description or "",
            pipeline=pipeline,
            endpoint=endpoint,
            experiment=str(wanted.experiment or ""),
            values=_values(wanted),
            recurrence=recurrence,
            trigger=_trigger(wanted, None),
            continue_on_step_failure=wanted.going_on,
            target=session.target_in_force,
            active_since=now.replace(second=0, microsecond=0) if _starts_now(wanted) else now,
            created=now,
        )
        _refuse_in_step(session, record)
        read = _check(session.store, record)
        _enter(session, record, read, now)
    if record.recurrence is not None:
        _fire_first(session, record)
    return record


def _enter(session: Session, record: ScheduleRecord, read: Sequence[DatastorePath], now: datetime) -> None:
    """Store a schedule, put it in place, then enable it: one that no timer fires, whatever is killed, shows disabled.

    `runner gc` keeps what the record reads as soon as it is there, or has begun to delete it before.
    """
    store, documents = session.store, schedules.documents(session.store)
    triggers.begin(store, session.datastore, record, now)
    schedules.create(store, replace(record, status=Status.DISABLED))
    try:
        retention.refuse_gone_outputs(store, read)
        session.place_schedule(record)
    except BadInput:
        documents.withdraw(record.id)
        triggers.forget(store, record.id)
        raise
    documents.change(record.id, lambda _: record)


def _fire_first(session: Session, record: ScheduleRecord) -> None:
    """Fire what became due while the schedule was put in place: its timer did not exist yet.

    An error is only told: a user who repeats the call because of it would have two schedules.
    """
    try:
        session.fire_schedule(record)
    except RunnerError as error:
        what = f"the schedule '{record.name}' is created, and its first run could not be submitted now: {error}"
        warnings.warn(what, RuntimeWarning, stacklevel=5)


def _complete_claims(session: Session, record: ScheduleRecord) -> None:
    """Submit the run of a due time that was claimed before the schedule was disabled, unless somebody has.

    The process that claimed it may have been killed, and the schedule's timer starts no other one. An error is only
    told: the schedule is disabled.
    """
    try:
        session.fire_schedule(record)
    except RunnerError as error:
        what = (
            f"the schedule '{record.name}' is disabled, and the run of a due time before that could not be submitted: "
            f"{error}; do: runner schedules fire {record.id}"
        )
        warnings.warn(what, RuntimeWarning, stacklevel=4)


def changed(session: Session, known: ScheduleRecord, wanted: Wanted) -> ScheduleRecord:
    """Change a schedule, put the change in place, and return its record.

    Args:
        session: The workspace's session.
        known: The schedule as the caller knows it.
        wanted: The arguments.

    Raises:
        InvalidSchedule: The recurrence or the status is invalid, or an argument is of the other kind of schedule.
        UserErrorException: The pipeline cannot be run with these values. Nothing was changed.
        RunnerError: The change could not be put in place. Nothing was changed.

    """
    read: list[DatastorePath] = []
    now = schedules.now(session.store)
    _refuse_in_step(session, known)
    _refuse_other_kind(known, wanted)
    recurrence = _recurrence(wanted, now)
    status = _status(wanted.status)

    def edit(record: ScheduleRecord) -> ScheduleRecord:
        values = _values(wanted)
        made = replace(
            record,
            name=record.name if wanted.name is None else str(wanted.name),
            description=record.description if wanted.description is None else wanted.description,
            values=ParameterValues(
                scalars={**record.values.scalars, **values.scalars}, data={**record.values.data, **values.data}
            ),
            recurrence=recurrence or record.recurrence,
            trigger=_trigger(wanted, record.trigger),
            continue_on_step_failure=(
                record.continue_on_step_failure if wanted.going_on is None else bool(wanted.going_on)
            ),
            status=status or record.status,
        )
        if made.status is Status.ACTIVE:
            read[:] = _check(session.store, made)
        return made

    with user_errors():
        before = schedules.get(session.store, known.id)
        made = schedules.change(session.store, known.id, edit, now)
        if made.active_since != before.active_since:
            triggers.begin(session.store, session.datastore, made, now)
    try:
        with user_errors():
            retention.refuse_gone_outputs(session.store, read)
        placed(session, made)
    except RunnerError:
        if made.status is Status.ACTIVE:  # its timer may know nothing of the change: new due times would never fire
            documents = schedules.documents(session.store)
            documents.change(made.id, lambda known: before if known == made else known)
        raise
    if made.status is not Status.ACTIVE:
        _complete_claims(session, made)
    return made


def placed(session: Session, record: ScheduleRecord) -> None:
    """Let a schedule fire as its record says.

    Args:
        session: The workspace's session.
        record: The schedule.

    """
    with user_errors():
        session.place_schedule(record)


def _refuse_mixture(wanted: Wanted) -> None:
    if wanted.recurrence is None:
        return
    given = (("datastore", wanted.datastore), ("data_path_parameter_name", wanted.parameter),
             ("path_on_datastore", wanted.path))  # fmt: skip
    names = [name for name, value in given if value is not None]
    if names:
        raise InvalidSchedule(
            f"{', '.join(names)} and a recurrence are given",
            "Schedule.create",
            "pass a recurrence, or a datastore with its path, polling interval and parameter",
        )


def _refuse_other_kind(known: ScheduleRecord, wanted: Wanted) -> None:
    if known.trigger is not None and wanted.recurrence is not None:
        raise InvalidSchedule("a schedule that watches files gets no recurrence", "recurrence", "create another one")
    if known.trigger is None:
        given = (("datastore", wanted.datastore), ("polling_interval", wanted.polling),
                 ("data_path_parameter_name", wanted.parameter), ("path_on_datastore", wanted.path))  # fmt: skip
        names = ", ".join(name for name, value in given if value is not None)
        if names:
            raise InvalidSchedule(f"a schedule with a recurrence has no {names}", names, "create another one")


def _recurrence(wanted: Wanted, now: datetime) -> Recurrence | None:
    given: object = wanted.recurrence
    if given is None:
        return None
    if not isinstance(given, ScheduleRecurrence):
        kind = type(given).__name__
        raise InvalidSchedule(f"a {kind} is no recurrence", "recurrence", "pass a ScheduleRecurrence")
    return given.at(now)


def _starts_now(wanted: Wanted) -> bool:
    return wanted.recurrence is not None and wanted.recurrence.start_time is None


def _trigger(wanted: Wanted, known: DatastoreTrigger | None) -> DatastoreTrigger | None:
    given: object = wanted.datastore
    if given is None and known is None:
        return None
    if given is not None and not isinstance(given, Datastore):
        kind = type(given).__name__
        raise InvalidSchedule(f"a {kind} is no datastore", "datastore", "pass a Datastore")
    last = known or DatastoreTrigger(datastore="")
    return DatastoreTrigger(
        datastore=last.datastore if given is None else given.name,
        path=last.path if wanted.path is None else wanted.path.strip("/"),
        polling_minutes=last.polling_minutes if wanted.polling is None else wanted.polling,
        parameter=last.parameter if wanted.parameter is None else wanted.parameter,
    )


def _status(text: str | None) -> Status | None:
    if text not in (None, Status.ACTIVE.value, Status.DISABLED.value):
        raise InvalidSchedule(f"{text!r} is no status of a schedule", "status", 'pass "Active" or "Disabled"')
    return Status(text) if text is not None else None


def _values(wanted: Wanted) -> ParameterValues:
    return sorted_values(parameters_of({"pipeline_parameters": wanted.parameters}))


def _refuse_in_step(session: Session, record: ScheduleRecord) -> None:
    if isinstance(session, RefusedInStep):
        session.place_schedule(record)


def _check(store: ObjectStore, record: ScheduleRecord) -> list[DatastorePath]:
    """Return the paths that its runs read. Raise BadInput unless it fits its pipeline: due times would fail else."""
    found = schedules.problems(record)
    if found:
        raise BadInput(found)
    pipeline = endpoints.submitted(endpoints.get(store, record.endpoint)) if record.endpoint else record.pipeline
    published = pipelines.get(store, pipeline)
    pipelines.refuse_inactive(published)
    values = record.values
    if record.trigger is not None and record.trigger.parameter:
        changed = DatastorePath(record.trigger.datastore, record.trigger.path)
        values = replace(values, data={**values.data, record.trigger.parameter: changed})
    made = binding.bound(plans.load(store, published.plan), values)
    return list(paths_read(made.plan))
