"""The cron expression of a CronJob (pure): in UTC, it covers all due times of a recurrence.

Cron knows no start, no interval across the end of an hour, a day, a week or a year, and no change of the clocks. What
it cannot say, it covers: the Job that it starts asks `model.occurrences` what is due, and ends at once if nothing is.
It fires, for each due time:

- minutes and hours: once where the interval divides an hour, or is hours that divide a day; else up to `interval` times
  (minutes that divide a day only: up to 4 times);
- days, weeks and months in a zone with one offset of full hours: once for an interval of 1, else up to `interval`
  times; up to 5 times for a day of the month that is the end of the month before in UTC;
- in another zone: that, up to 4 n² times as often, where n is the number of the zone's offsets.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta, timezone
from math import gcd

from ...model.occurrences import WEEK_DAYS, start_of, times_of_day, zone_of
from ...model.schedule import DatastoreTrigger, Frequency, Recurrence, ScheduleRecord

_DAY = 24 * 60
"""Minutes."""
_YEARS = 30
"""The offsets of this many years are covered. The CronJob is written again whenever its schedule changes."""


def of_schedule(schedule: ScheduleRecord, since: datetime) -> str:
    """Return the cron expression of a schedule, in UTC.

    Args:
        schedule: Its recurrence has no problems.
        since: Due times before this need not be covered, and none after the following 30 years.

    """
    if schedule.recurrence is not None:
        return covering(schedule.recurrence, since)
    return polling(schedule.trigger or DatastoreTrigger(datastore=""))


def covering(recurrence: Recurrence, since: datetime) -> str:
    """Return the cron expression that covers the due times of a recurrence, in UTC.

    Args:
        recurrence: One without problems.
        since: Due times before this need not be covered, and none after the following 30 years.

    """
    if recurrence.frequency is Frequency.MINUTE:
        return _every(recurrence.interval, _minute_of_start(recurrence))
    if recurrence.frequency is Frequency.HOUR:
        return _every(recurrence.interval * 60, _minute_of_start(recurrence))
    return _local(recurrence, _offsets(recurrence, since))


def polling(trigger: DatastoreTrigger) -> str:
    """Return the cron expression of a datastore trigger: at least one poll in each interval.

    Args:
        trigger: Its polling interval is at least a minute.

    """
    return _every(min(trigger.polling_minutes, _DAY), 0)


def _every(interval: int, start: int) -> str:
    """Return the expression for every so many minutes: those of a day that it can ever reach from `start`."""
    step = gcd(interval, _DAY)
    times = range(start % step, _DAY, step)
    return f"{_field({at % 60 for at in times}, range(60))} {_field({at // 60 for at in times}, range(24))} * * *"


def _minute_of_start(recurrence: Recurrence) -> int:
    at = start_of(recurrence).replace(tzinfo=zone_of(recurrence.time_zone)).astimezone(timezone.utc)
    return at.hour * 60 + at.minute + (1 if at.second else 0)  # zones had offsets with seconds long ago


def _offsets(recurrence: Recurrence, since: datetime) -> set[timedelta]:
    """Return the offsets from UTC that the zone has in the years to come."""
    zone = zone_of(recurrence.time_zone)
    first = max(since.replace(tzinfo=None), start_of(recurrence)) - timedelta(days=2)
    days = (first + timedelta(days=number) for number in range(0, _YEARS * 366, 3))
    return {day.replace(tzinfo=zone).utcoffset() or timedelta() for day in days}


def _local(recurrence: Recurrence, offsets: Iterable[timedelta]) -> str:
    minutes, hours, shifts = set(), set(), set()
    epoch = date(2000, 1, 1)
    for at in times_of_day(recurrence):
        for offset in offsets:
            moved = datetime.combine(epoch, at) - offset
            minutes.add(moved.minute)
            hours.add(moved.hour)
            shifts.add((moved.date() - epoch).days)
    fields = (_field(minutes, range(60)), _field(hours, range(24)), *_date_fields(recurrence, shifts))
    return " ".join(fields)


def _date_fields(recurrence: Recurrence, shifts: Collection[int]) -> tuple[str, str, str]:
    """Return the fields for days of the month, months and days of the week (0 is Sunday)."""
    start = start_of(recurrence)
    if recurrence.frequency is Frequency.MONTH:
        return (*_month_fields(start, recurrence.interval, shifts), "*")
    days = (
        {start.weekday()} if recurrence.frequency is Frequency.WEEK or recurrence.interval % 7 == 0 else set(range(7))
    )
    if recurrence.week_days:
        days = {WEEK_DAYS.index(day) for day in recurrence.week_days}
    return "*", "*", _field({(day + shift + 1) % 7 for day in days for shift in shifts}, range(7))


def _month_fields(start: datetime, interval: int, shifts: Collection[int]) -> tuple[str, str]:
    step = gcd(interval, 12)
    reached = set(_moved_dates(start, range((start.month - 1) % step + 1, 13, step), shifts))
    days, months = {day for _, day in reached}, {month for month, _ in reached}
    return _field(days, range(1, 32)), _field(months, range(1, 13))


def _moved_dates(start: datetime, months: Iterable[int], shifts: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield month and day of the dates that the day of the start may have in UTC, in leap years and others."""
    for year in (2023, 2024):
        for month in months:
            try:
                local = date(year, month, start.day)
            except ValueError:  # the month is too short
                continue
            for shift in shifts:
                moved = local + timedelta(days=shift)
                yield moved.month, moved.day


def _field(values: Collection[int], of: range) -> str:
    return "*" if len(values) == len(of) else ",".join(map(str, sorted(values)))


__all__ = ["covering", "of_schedule", "polling"]
