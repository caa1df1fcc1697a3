"""The due times of a recurrence (pure).

Local times follow the rules of RFC 5545 (https://www.rfc-editor.org/rfc/rfc5545#section-3.3.10): a month without the
day is skipped; a local time that a clock change leaves out is shifted forward by the length of the gap; of one that
occurs twice the first counts. Minutes and hours count absolute time from the start, whatever the clocks do. Weeks begin
on Monday. Due times are whole minutes, as in cron: a start with seconds counts from the next minute.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from itertools import chain, count, islice
from typing import TypeVar, cast

from ..errors import Problem
from .reading import unknown
from .schedule import Frequency, Recurrence, WeekDay

T = TypeVar("T")
_FORMAT = "%Y-%m-%dT%H:%M:%S"
_ABSOLUTE = {Frequency.MINUTE: timedelta(minutes=1), Frequency.HOUR: timedelta(hours=1)}
_DAYS = {Frequency.DAY: 1, Frequency.WEEK: 7}
_OFFSET = timedelta(hours=16)
"""More than the offset of any zone, now or in the past."""
_NO_PLACE = frozenset({"localtime", "posixrules", "Factory"})
"""Files of the database that are no zones: "localtime" is another one on each machine."""
_BEGIN = datetime(1, 1, 1, tzinfo=timezone.utc)
_END = datetime.max.replace(tzinfo=timezone.utc)
_LAST_YEAR = 9999
WEEK_DAYS = tuple(WeekDay)
"""In the order of `datetime.date.weekday`."""


def due(recurrence: Recurrence, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the due times of a period, in UTC and in order. Reaching `after` costs the same however far it is.

    Args:
        recurrence: A recurrence without `problems`.
        after: The period's begin, which is not in it.
        until: The period's end, which is in it.

    """
    for at in _from(recurrence, after):
        if at > until:
            return
        yield at


def next_due(recurrence: Recurrence, after: datetime, number: int = 1) -> list[datetime]:
    """Return the next due times, in UTC and in order. There are fewer only where the calendar ends, in the year 9999.

    Args:
        recurrence: A recurrence without `problems`.
        after: They are later than this.
        number: The most times. Default: 1.

    """
    return list(islice(_from(recurrence, after), number))


def newest_due(recurrence: Recurrence, after: datetime, until: datetime) -> datetime | None:
    """Return the last due time of a period; None if it has none.

    Args:
        recurrence: A recurrence without `problems`.
        after: The period's begin, which is not in it.
        until: The period's end, which is in it.

    """
    span = timedelta(hours=2)
    while True:  # from the end, in growing periods, so that a minute's schedule is not counted through a year
        begin = max(after, until - span) if until - _BEGIN > span else after
        newest = max(due(recurrence, begin, until), default=None)
        if newest is not None or begin <= after:
            return newest
        span *= 4


def zone_of(name: str) -> tzinfo:
    """Return a time zone.

    Args:
        name: Its name in the IANA time zone database.

    Raises:
        ValueError: There is no such zone, or it is that of a machine or counts leap seconds.

    """
    if name == "UTC":
        return timezone.utc
    if name in _NO_PLACE or name.startswith(("right/", "posix/")):
        raise ValueError(name)
    if sys.version_info >= (3, 9):
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:  # unknown; a folder of zones; no name at all
            raise ValueError(name) from error
    else:  # a step may have it, but makes no schedules
        raise ValueError(name)


def start_of(recurrence: Recurrence) -> datetime:
    """Return the first possible due time as local time without a zone, a whole minute.

    Args:
        recurrence: Its `start` is a time.

    """
    start = datetime.strptime(recurrence.start, _FORMAT)  # noqa: DTZ007 - local time in the recurrence's zone
    return start.replace(second=0) + timedelta(minutes=1 if start.second else 0)


def times_of_day(recurrence: Recurrence) -> list[time]:
    """Return the local times of a day with due times, in order.

    Args:
        recurrence: One of days, weeks or months.

    """
    start = start_of(recurrence)
    minutes = recurrence.minutes or ((0,) if recurrence.hours else (start.minute,))
    hours = recurrence.hours or (start.hour,)
    return sorted({time(hour, minute) for hour in hours for minute in minutes})


def _from(recurrence: Recurrence, after: datetime) -> Iterator[datetime]:
    unit = _ABSOLUTE.get(recurrence.frequency)
    found = _absolute(recurrence, unit, after) if unit else _local(recurrence, after)
    return _until_calendar_ends(found)


def _until_calendar_ends(found: Iterator[T]) -> Iterator[T]:
    try:
        yield from found
    except OverflowError:  # behind the year 9999
        return


def _absolute(recurrence: Recurrence, unit: timedelta, after: datetime) -> Iterator[datetime]:
    start = _in_utc(start_of(recurrence), zone_of(recurrence.time_zone))
    step = unit * recurrence.interval
    first = 0 if after < start else (after - start) // step + 1
    for number in count(first):
        yield start + number * step


def _local(recurrence: Recurrence, after: datetime) -> Iterator[datetime]:
    """Sort the due times: those of a day before a gap of a day (Samoa, 2011) coincide with those of the next day."""
    zone = zone_of(recurrence.time_zone)
    times = times_of_day(recurrence)
    start = _in_utc(start_of(recurrence), zone)
    waiting: list[datetime] = []
    last = max(after, start - timedelta(microseconds=1))
    earliest_day = (max(last, _BEGIN + 2 * _OFFSET) - 2 * _OFFSET).date()
    for day in chain(_until_calendar_ends(_days(recurrence, earliest_day)), [None]):
        earliest = datetime.combine(day, time(), timezone.utc) - _OFFSET if day else _END
        while waiting and waiting[0] < earliest:
            at = heapq.heappop(waiting)
            if at > last:
                last = at
                yield at
        for local in times if day else ():
            heapq.heappush(waiting, _in_utc(datetime.combine(cast("date", day), local), zone))


def _in_utc(local: datetime, zone: tzinfo) -> datetime:
    """Return an instant. Its `fold` is 0: Python takes the offset before a gap, and the first of two (PEP 495)."""
    return local.replace(tzinfo=zone).astimezone(timezone.utc)


def _days(recurrence: Recurrence, earliest: date) -> Iterator[date]:
    """Yield the local days that may have due times, from about `earliest` on, in order."""
    start = start_of(recurrence).date()
    if recurrence.frequency is Frequency.MONTH:
        yield from _months(recurrence, start, earliest)
        return
    length = _DAYS[recurrence.frequency] * recurrence.interval
    chosen = [start.weekday()]
    if recurrence.frequency is Frequency.WEEK:
        chosen = sorted({WEEK_DAYS.index(day) for day in recurrence.week_days}) or chosen
        start = date.fromordinal(max(start.toordinal() - start.weekday(), 1))
        offsets = [day - start.weekday() for day in chosen]
    else:
        offsets = [0]
    first = max(0, (earliest - start).days // length)
    for number in count(first):
        for offset in offsets:
            yield start + timedelta(days=number * length + offset)


def _months(recurrence: Recurrence, start: date, earliest: date) -> Iterator[date]:
    origin = start.year * 12 + start.month - 1
    first = max(0, (earliest.year * 12 + earliest.month - 1 - origin) // recurrence.interval)
    for number in count(first):
        year, month = divmod(origin + number * recurrence.interval, 12)
        if year > _LAST_YEAR:
            return
        try:
            yield date(year, month + 1, start.day)
        except ValueError:  # the month is too short
            continue


def problems(recurrence: Recurrence) -> list[Problem]:
    """Return everything that is wrong with a recurrence; empty if it has due times.

    Args:
        recurrence: Its values may be of other types than its fields state: they come from people.

    """
    found = [*_unit_problems(recurrence), *_time_problems(recurrence), *_start_problems(recurrence)]
    if not found and not next_due(recurrence, _BEGIN):
        what = (
            f"the schedule never fires: its first due time after {recurrence.start} lies behind the year {_LAST_YEAR}"
        )
        found.append(Problem(what, "recurrence", "choose an earlier start or a shorter interval"))
    return found


def _unit_problems(recurrence: Recurrence) -> Iterator[Problem]:
    if recurrence.frequency not in tuple(Frequency):
        what, remedy = unknown("frequency", recurrence.frequency, (unit.value for unit in Frequency))
        yield Problem(what, "frequency", remedy)
    interval: object = recurrence.interval
    if type(interval) is not int or interval < 1:
        what = "the recurrence has no interval" if interval is None else f"the interval is {interval!r}"
        yield Problem(what, "interval", "give a whole number of at least 1: every so many units of the frequency")


def _time_problems(recurrence: Recurrence) -> Iterator[Problem]:
    for name, values, last in (("hours", recurrence.hours, 23), ("minutes", recurrence.minutes, 59)):
        wrong = [value for value in values if type(value) is not int or not 0 <= value <= last]
        if wrong:
            yield Problem(f"{name} {', '.join(map(repr, wrong))}", name, f"give whole numbers from 0 to {last}")
        if values and recurrence.frequency not in (Frequency.DAY, Frequency.WEEK):
            yield Problem(f"{name} are given, but the frequency is {_text(recurrence.frequency)}", name,
                          f"leave {name} out, or choose the frequency Day or Week")  # fmt: skip
    for day in recurrence.week_days:
        if day not in WEEK_DAYS:
            what, remedy = unknown("day of the week", day, (known.value for known in WEEK_DAYS))
            yield Problem(what, "week_days", remedy)
    if recurrence.week_days and recurrence.frequency is not Frequency.WEEK:
        yield Problem(f"week_days are given, but the frequency is {_text(recurrence.frequency)}", "week_days",
                      "leave week_days out, or choose the frequency Week")  # fmt: skip


def _start_problems(recurrence: Recurrence) -> Iterator[Problem]:
    try:
        start_of(recurrence)
    except (OverflowError, TypeError, ValueError):
        yield Problem(f"the start {recurrence.start!r} is no time", "start_time",
                      "write local time as YYYY-MM-DDThh:mm:ss, such as 2026-11-29T10:00:00")  # fmt: skip
    try:
        zone_of(recurrence.time_zone)
    except ValueError:
        yield Problem(f"there is no time zone {recurrence.time_zone!r}", "time_zone",
                      "use a name of the IANA database, such as Europe/Berlin, or one of v1's TimeZone")  # fmt: skip


def _text(frequency: object) -> str:
    return str(getattr(frequency, "value", frequency))
