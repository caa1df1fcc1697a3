"""Schedules of published pipelines, as the registry holds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from ..dataclass import dataclass, field
from .published import ParameterValues, Status


class Frequency(str, Enum):
    """The unit of a recurrence's interval, in v1's words."""

    MINUTE = "Minute"
    HOUR = "Hour"
    DAY = "Day"
    WEEK = "Week"
    MONTH = "Month"


class WeekDay(str, Enum):
    """A day of the week, in v1's words."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"


@dataclass(frozen=True, kw_only=True)
class Recurrence:
    """The due times of a schedule."""

    frequency: Frequency
    interval: int
    """Every so many units."""
    start: str
    """The first possible due time: local time in `time_zone`, such as ``2026-11-29T10:00:00``."""
    time_zone: str = "UTC"
    """A name of the IANA time zone database."""
    hours: tuple[int, ...] = ()
    """For days and weeks: hours of the day; empty: that of `start`."""
    minutes: tuple[int, ...] = ()
    """For days and weeks: minutes of each hour; empty: that of `start`, or 0 if `hours` are given."""
    week_days: tuple[WeekDay, ...] = ()
    """For weeks; empty: that of `start`."""


@dataclass(frozen=True, kw_only=True)
class DatastoreTrigger:
    """A place in a datastore: the schedule is due when a file there is new or has changed."""

    datastore: str
    path: str = ""
    """A folder; empty: the whole datastore."""
    polling_minutes: int = 5
    parameter: str = ""
    """The DataPath parameter that gets the path of the changed file (v1); empty: none."""


@dataclass(frozen=True, kw_only=True)
class ScheduleRecord:
    """A schedule. Exactly one of `pipeline` and `endpoint`, and one of `recurrence` and `trigger`, is set."""

    id: str
    """A GUID."""
    name: str
    description: str = ""
    status: Status = Status.ACTIVE
    pipeline: str = ""
    """The id of the published pipeline."""
    endpoint: str = ""
    """The id of the pipeline endpoint, whose default version at the due time is run."""
    experiment: str
    values: ParameterValues = field(default_factory=ParameterValues)
    recurrence: Recurrence | None = None
    trigger: DatastoreTrigger | None = None
    continue_on_step_failure: bool | None = None
    """None: as the published pipeline states."""
    tags: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    """The target in force where it was created: a Kubernetes target has its CronJob."""
    active_since: datetime
    """The last time at which it was created, enabled or changed: no due time before it counts."""
    created: datetime
    user: str = ""
