"""Fire schedules: decide which due time counts now, and submit its run.

A firing is claimed in the schedule's history, its run is submitted under an id that is computed from the due time, and
the firing is settled. A process that ends in between leaves a claim. The next look at the schedule completes it, also
if the schedule is disabled by then. Two processes that submit the same run make one. So each due time that counts makes
one run, whatever is killed or doubled.

Of due times that have passed since the last look only the newest counts, and only if it is at most the interval or an
hour late, whichever is shorter. The others are missed, and the history says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from ...dataclass import dataclass, field
from ...errors import BadInput, RunnerError
from ...model.data import DatastorePath
from ...model.firing import Firing, FiringState
from ...model.names import computed_run_id
from ...model.occurrences import due, newest_due, next_due
from ...model.published import ParameterValues, PublishedRecord, Status
from ...model.schedule import Frequency, ScheduleRecord
from ...model.tag_limits import listed
from ..submit import is_submitted
from ..values import Request
from . import endpoints, pipelines, schedule_history, schedules, triggers

if TYPE_CHECKING:
    from ...ports import ObjectStore

SOURCE = "Schedule"
"""v1's RunSource of such runs."""
LATEST = timedelta(hours=1)
"""A due time that is later than this is missed."""
SKEW = timedelta(seconds=20)
"""The most that the clock which starts a process may be ahead of the store's."""
_RECENT = 50
"""Firings that are looked at for claims that nobody has settled."""
_UNITS = {Frequency.MINUTE: timedelta(minutes=1), Frequency.HOUR: timedelta(hours=1)}
_AHEAD = timedelta(days=1)
"""Entries of the history whose due times are further ahead do not count."""
_MOMENT = timedelta(seconds=1)
"""Due times are whole minutes: one at the second of `ScheduleRecord.active_since` counts."""
Report = Callable[[ScheduleRecord, RunnerError], None]


class Host(Protocol):
    """The part of an open workspace that firing needs."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    @property
    def target_in_force(self) -> str:
        """The target that the workspace submits to."""

    def has_timer(self, record: ScheduleRecord) -> bool:
        """Return True if a timer of the schedule's target fires it, in another process than this."""

    def datastore(self, name: str) -> ObjectStore:
        """Return the store of a datastore."""

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        continue_on_step_failure: bool | None = None,
    ) -> str:
        """Submit a published pipeline under a run id; a second submission with it makes no second run."""

    def see_to_controller(self, run: str) -> None:
        """Start a controller for a submitted run unless one drives it."""


@dataclass(frozen=True)
class Decision:
    """The due time that counts now."""

    due: datetime
    """The newest due time."""
    missed: bool
    """True: it is too late for it."""
    older: int = 0
    """The number of due times before it that nobody looked at: they are missed."""
    first: datetime | None = None
    """The first of these."""


@dataclass(kw_only=True)
class Looks:
    """The memory of a process that fires all schedules again and again."""

    records: dict[str, ScheduleRecord] = field(default_factory=dict)
    """The schedules by the keys of their revisions."""
    next: dict[str, tuple[ScheduleRecord, datetime]] = field(default_factory=dict)
    """By id: the record, and when it has to be looked at next."""


def decide(record: ScheduleRecord, now: datetime, handled: datetime | None) -> Decision | None:
    """Decide what is due (pure); None: nothing.

    Args:
        record: A schedule with a recurrence.
        now: The time now.
        handled: The newest due time in its history; None: there is none.

    """
    recurrence = record.recurrence
    if recurrence is None or record.status is not Status.ACTIVE:
        return None
    since = record.active_since - _MOMENT
    if handled is not None:
        since = max(since, handled)
    newest = newest_due(recurrence, since, now)
    if newest is None:
        return None
    limit = min(_UNITS.get(recurrence.frequency, LATEST) * min(recurrence.interval, 60), LATEST)
    older, first = 0, None
    for at in due(recurrence, since, newest - _MOMENT):
        older, first = older + 1, first or at
    return Decision(newest, now - newest > limit, older, first)


def elsewhere(host: Host, record: ScheduleRecord) -> str:
    """Return who fires a schedule, in words, if no process that looks at all schedules here may; empty: it may.

    A schedule belongs to the target that was in force where it was created: its runs need the environments, data and
    machines of that one.

    Args:
        host: The workspace.
        record: The schedule.

    """
    other = _other_target(host, record)
    if other or record.status is not Status.ACTIVE:  # the timer of a disabled one starts nothing more
        return other
    return f"a timer of its target '{record.target}' fires it" if host.has_timer(record) else ""


def _other_target(host: Host, record: ScheduleRecord) -> str:
    if record.target in ("", host.target_in_force):
        return ""
    return f"it belongs to the target '{record.target}', and '{host.target_in_force}' is in force here"


def fire(host: Host, record: ScheduleRecord) -> list[Firing]:
    """Complete what was claimed, decide what is due now, submit its run, and return the settled firings.

    Args:
        host: The workspace.
        record: The schedule. Of a disabled one only what was claimed is completed. One of another target does nothing.

    Raises:
        RunnerError: The store, the datastore or the target cannot be used. The next look goes on from there.

    """
    if _other_target(host, record):
        return []
    store, now = host.store, schedules.now(host.store)
    active = record.status is Status.ACTIVE
    recent = list(islice((_history if active else _newest_claims)(store, record, now), _RECENT))
    claimed = [firing for firing in reversed(recent) if firing.state is FiringState.CLAIMED]
    settled = [_complete(host, record, firing, now) for firing in claimed]
    if not active:
        return settled
    found = _poll(host, record, now) if record.trigger else _due(store, record, now, recent)
    if found is None or not schedule_history.claim(store, record.id, found):
        return settled
    return [*settled, _complete(host, record, found, now) if found.state is FiringState.CLAIMED else found]


def seconds_until_due(record: ScheduleRecord, now: datetime) -> float:
    """Return how long a process that is started for a due time has to wait for it by the store's clock (pure).

    The cluster that starts the process has another clock, which may be seconds ahead.

    Args:
        record: The schedule.
        now: The time by the store's clock.

    Returns:
        Seconds; 0: no due time follows within a few seconds.

    """
    if record.recurrence is None or record.status is not Status.ACTIVE:
        return 0.0
    following = next(iter(next_due(record.recurrence, now)), None)
    return (following - now).total_seconds() if following and following - now <= SKEW else 0.0


def run_now(host: Host, record: ScheduleRecord) -> Firing:
    """Submit a run of a schedule at once, besides its due times. Return the settled firing.

    Args:
        host: The workspace.
        record: The schedule; a disabled one as well.

    Raises:
        BadInput: The run cannot be submitted, or the schedule belongs to another target.

    """
    other = _other_target(host, record)
    if other:
        remedy = f"pass --target {record.target}"
        raise BadInput(f"the schedule '{record.name}' cannot be run from here: {other}", remedy=remedy)
    now = schedules.now(host.store)
    firing = _firing(record, now, now, manual=True)
    while not schedule_history.claim(host.store, record.id, firing):
        now += timedelta(milliseconds=1)
        firing = _firing(record, now, now, manual=True)
    made = _complete(host, record, firing, now)
    if made.state is FiringState.REFUSED:
        raise BadInput(made.why)
    return made


def fire_all(host: Host, looks: Looks, report: Report) -> list[tuple[ScheduleRecord, Firing]]:
    """Fire the schedules of the target in force that may have something due or claimed and that no timer fires.

    For a process that calls it every few seconds: while nothing changes and nothing is due, a call costs one listing.
    A disabled schedule is looked at when it is new to the process or was changed, and every hour.

    Args:
        host: The workspace.
        looks: Its memory between calls.
        report: Is told of each schedule that could not be fired now; it is tried again at the next call.

    Returns:
        The settled firings.

    Raises:
        StoreError: The store cannot be used.

    """
    made: list[tuple[ScheduleRecord, Firing]] = []
    now = schedules.now(host.store)
    for record in schedules.all_of(host.store, active_only=False, known=looks.records):
        known, at = looks.next.get(record.id, (None, now))
        if (known == record and now < at) or elsewhere(host, record):
            continue
        try:
            made.extend((record, firing) for firing in fire(host, record))
        except RunnerError as error:
            report(record, error)
        else:
            looks.next[record.id] = (record, _next_look(record, now))
    return made


def _next_look(record: ScheduleRecord, now: datetime) -> datetime:
    if record.status is not Status.ACTIVE:  # whoever read the record before it was disabled may still claim
        return now + LATEST
    if record.recurrence is not None:
        return next(iter(next_due(record.recurrence, now)), datetime.max.replace(tzinfo=now.tzinfo))
    return now + timedelta(minutes=record.trigger.polling_minutes if record.trigger else 1)


def _history(store: ObjectStore, record: ScheduleRecord, now: datetime) -> Iterator[Firing]:
    """Yield the history, newest first, without what a clock far ahead has written: it would end the schedule."""
    return (each for each in schedule_history.newest_first(store, record.id) if each.due - now < _AHEAD)


def _newest_claims(store: ObjectStore, record: ScheduleRecord, now: datetime) -> Iterator[Firing]:
    """Yield the history down to the last settled due time: what was claimed before was completed before that one."""
    for each in _history(store, record, now):
        if each.state is not FiringState.CLAIMED and not each.manual:
            return
        yield each


def _due(store: ObjectStore, record: ScheduleRecord, now: datetime, recent: list[Firing]) -> Firing | None:
    handled = next((firing.due for firing in recent if not firing.manual), None)
    if handled is None and len(recent) == _RECENT:
        handled = next((each.due for each in _history(store, record, now) if not each.manual), None)
    found = decide(record, now, handled)
    if found is None:
        return None
    firing = _firing(record, found.due, now)
    state = FiringState.MISSED if found.missed else FiringState.CLAIMED
    return replace(firing, state=state, missed=found.older, missed_since=found.first)


def _poll(host: Host, record: ScheduleRecord, now: datetime) -> Firing | None:
    change = triggers.poll(host.store, host.datastore, record, now)
    if change is None:
        return None
    return replace(_firing(record, change.at, now), changed=change.changed, newest=change.newest)


def _firing(record: ScheduleRecord, at: datetime, now: datetime, *, manual: bool = False) -> Firing:
    parts = (record.id, "manual") if manual else (record.id,)
    return Firing(due=at, state=FiringState.CLAIMED, run=computed_run_id(at, *parts), decided=now, manual=manual)


def _complete(host: Host, record: ScheduleRecord, firing: Firing, now: datetime) -> Firing:
    """Submit the run of a claimed firing, unless somebody has, and settle it."""
    state, why = FiringState.SUBMITTED, ""
    if is_submitted(host.store, firing.run):
        host.see_to_controller(firing.run)
    elif now - firing.decided > LATEST:
        state = FiringState.MISSED
    else:
        try:
            _submit(host, record, firing)
        except BadInput as error:
            if is_submitted(host.store, firing.run):
                raise
            state, why = FiringState.REFUSED, str(error)
    made = replace(firing, state=state, why=why)
    schedule_history.settle(host.store, record.id, made)
    return made


def _submit(host: Host, record: ScheduleRecord, firing: Firing) -> None:
    store = host.store
    pipeline = endpoints.submitted(endpoints.get(store, record.endpoint)) if record.endpoint else record.pipeline
    values, tags = record.values, dict(record.tags)
    if record.trigger is not None and firing.changed:
        tags["changed_files"] = listed(firing.changed)
        if record.trigger.parameter:
            path = DatastorePath(record.trigger.datastore, firing.newest)
            values = replace(values, data={**values.data, record.trigger.parameter: path})
    request = Request(experiment=record.experiment, tags=tags, schedule=record.id, source=SOURCE)
    host.submit_published(
        pipelines.get(store, pipeline),
        values,
        request,
        run=firing.run,
        continue_on_step_failure=record.continue_on_step_failure,
    )
