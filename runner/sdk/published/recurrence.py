"""ScheduleRecurrence: when a schedule is due."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Sequence, cast

from ...errors import BadInput, Problem
from ...model.occurrences import WEEK_DAYS, problems, zone_of
from ...model.schedule import Frequency, Recurrence, WeekDay
from ...model.windows_zones import WINDOWS_ZONES
from ...override import override
from .time_zone import TimeZone

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORMAT = "%Y-%m-%dT%H:%M:%S"
_TIME_OF_DAY = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_UTC = "UTC"


class InvalidSchedule(BadInput, ValueError):
    """A schedule or its recurrence is invalid: v1 raises a ValueError for that."""


class ScheduleRecurrence:
    """The due times of a `Schedule`.

    A local time that a change of the clocks leaves out is shifted forward; of one that occurs twice the first counts. A
    month without the day is skipped. Minutes and hours count absolute time from the start. Weeks begin on Monday and
    count from the week of the start. Due times are whole minutes.

    Example:
        >>> ScheduleRecurrence("Week", 2, week_days=["Monday", "Wednesday"], time_of_day="18:30")

    Args:
        frequency: ``"Minute"``, ``"Hour"``, ``"Day"``, ``"Week"`` or ``"Month"``.
        interval: Every so many units of the frequency, at least 1.
        start_time: The first possible due time, as local time in `time_zone`: a datetime without tzinfo, or
            ``YYYY-MM-DDThh:mm:ss``. None: the minute in which the schedule is created.
        time_zone: A `TimeZone`, or the name of a zone of the IANA database. None: UTC.
        hours: For days and weeks: hours of the day, 0 to 23. None: that of the start.
        minutes: For days and weeks: minutes of each hour, 0 to 59. None: that of the start, or 0 if `hours` are given.
        week_days: For weeks: names of days, such as ``"Monday"``. None: that of the start.
        time_of_day: For days and weeks: ``hh:mm``, in place of `hours` and `minutes`. None: see these.

    Raises:
        InvalidSchedule: `start_time` has a tzinfo, or `time_of_day` is invalid or given beside `hours` or `minutes`. It
            is a ValueError, as in v1. The other values are checked by `validate`, when a schedule is created.

    """

    def __init__(
        self,
        frequency: str,
        interval: int,
        start_time: datetime | str | None = None,
        time_zone: TimeZone | str | None = None,
        hours: Sequence[int] | None = None,
        minutes: Sequence[int] | None = None,
        week_days: Sequence[str] | None = None,
        time_of_day: str | None = None,
    ) -> None:
        self.frequency = frequency
        self.interval = interval
        self.start_time = _start_text(start_time)
        self.time_zone = TimeZone.UTC if time_zone is None and start_time is not None else time_zone
        self.hours = hours
        self.minutes = minutes
        self.week_days = week_days
        if time_of_day is not None:
            if hours is not None or minutes is not None:
                raise _invalid("time_of_day is given beside hours or minutes", "time_of_day", "give one of the two")
            hour, minute = _time_of_day(time_of_day)
            self.hours, self.minutes = [hour], [minute]

    @staticmethod
    def of_record(recurrence: Recurrence) -> ScheduleRecurrence:
        """Return the recurrence of a stored schedule.

        Args:
            recurrence: The stored recurrence.

        """
        windows = next((name for name, zone in WINDOWS_ZONES.items() if zone == recurrence.time_zone), "")
        return ScheduleRecurrence(
            frequency=recurrence.frequency.value,
            interval=recurrence.interval,
            start_time=recurrence.start,
            time_zone=TimeZone(windows) if windows else recurrence.time_zone,
            hours=list(recurrence.hours) or None,
            minutes=list(recurrence.minutes) or None,
            week_days=[day.value for day in recurrence.week_days] or None,
        )

    def validate(self) -> None:
        """Check the recurrence.

        Raises:
            InvalidSchedule: With everything that is wrong; it is a ValueError, as in v1.

        """
        self.at(datetime.now(timezone.utc))

    def at(self, now: datetime) -> Recurrence:
        """Return the recurrence as the store holds it.

        Args:
            now: The time at which the schedule is created: a recurrence without `start_time` starts in its minute.

        Raises:
            InvalidSchedule: With everything that is wrong; it is a ValueError, as in v1.

        """
        wrong = [*self._list_problems()]
        zone = _zone(self.time_zone)
        start = self.start_time
        if start is None:
            try:
                start = now.astimezone(zone_of(zone)).replace(second=0).strftime(_FORMAT)
            except ValueError:
                start = now.replace(second=0).strftime(_FORMAT)  # the zone is a problem of its own
        made = Recurrence(
            frequency=_frequency(self.frequency),
            interval=self.interval,
            start=start,
            time_zone=zone,
            hours=_items(self.hours),
            minutes=_items(self.minutes),
            week_days=tuple(_week_day(day) for day in _items(self.week_days)),
        )
        wrong += problems(made)
        if wrong:
            raise InvalidSchedule(wrong)
        return made

    def _list_problems(self) -> Iterator[Problem]:
        for name, values in (("hours", self.hours), ("minutes", self.minutes), ("week_days", self.week_days)):
            if values is not None and (not isinstance(values, (list, tuple)) or not values):
                yield Problem(f"{name} is {values!r}", name, f"pass a list, such as {_EXAMPLES[name]}, or leave it out")

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScheduleRecurrence) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]

    @override
    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if value is not None)
        return f"ScheduleRecurrence({shown})"


_EXAMPLES = {"hours": "[9, 17]", "minutes": "[0, 30]", "week_days": f"{[day.value for day in WEEK_DAYS[:2]]}"}


def _invalid(what: str, where: str, remedy: str) -> InvalidSchedule:
    return InvalidSchedule(what, where, remedy)


def _start_text(start: datetime | str | None) -> str | None:
    if not isinstance(start, datetime):
        return start
    if start.tzinfo is not None:
        raise _invalid("start_time has a tzinfo", "start_time", "pass local time without tzinfo, and time_zone")
    return start.strftime(_FORMAT)


def _time_of_day(text: object) -> tuple[int, int]:
    match = _TIME_OF_DAY.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise _invalid(f"time_of_day is {text!r}", "time_of_day", "write hh:mm, from 00:00 to 23:59")
    return int(match[1]), int(match[2])


def _zone(zone: TimeZone | str | None) -> str:
    """Return the IANA name of a zone; what is none stays as it is."""
    if zone is None:
        return _UTC
    name = zone.value if isinstance(zone, TimeZone) else str(zone)
    return WINDOWS_ZONES.get(name, name)


def _frequency(value: object) -> Frequency:
    """Return the frequency of a name; what is none stays as it is, for `problems` to name it."""
    try:
        return Frequency(value)
    except ValueError:
        return cast("Frequency", value)


def _week_day(value: object) -> WeekDay:
    try:
        return WeekDay(value)
    except ValueError:
        return cast("WeekDay", value)


def _items(values: object) -> tuple[Any, ...]:
    """Return the items of a list; none for what is no list, which is a problem of its own."""
    return tuple(values) if isinstance(values, (list, tuple)) else ()
