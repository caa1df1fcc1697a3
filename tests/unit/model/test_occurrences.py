from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any
from unittest.mock import Mock

import pytest
from dateutil import rrule, tz
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.model import occurrences
from runner.model.occurrences import WEEK_DAYS, due, newest_due, next_due, problems
from runner.model.schedule import Frequency, Recurrence, WeekDay
from tests.support.examples import examples
from tests.support.recurrences import ZONES, recurrences

UTC = timezone.utc
UNITS = {
    Frequency.MINUTE: rrule.MINUTELY,
    Frequency.HOUR: rrule.HOURLY,
    Frequency.DAY: rrule.DAILY,
    Frequency.WEEK: rrule.WEEKLY,
    Frequency.MONTH: rrule.MONTHLY,
}
LENGTHS = {
    Frequency.MINUTE: timedelta(minutes=1),
    Frequency.HOUR: timedelta(hours=1),
    Frequency.DAY: timedelta(days=1),
    Frequency.WEEK: timedelta(weeks=1),
    Frequency.MONTH: timedelta(days=30),
}


def expected(recurrence: Recurrence, after: datetime) -> Iterator[datetime]:
    """What python-dateutil says: its rules for the calendar, and its time zones."""
    zone = tz.gettz(recurrence.time_zone)
    start = datetime.fromisoformat(recurrence.start)
    if recurrence.frequency in (Frequency.MINUTE, Frequency.HOUR):
        begin = in_utc(start, zone).replace(tzinfo=None)
        rule = rrule.rrule(UNITS[recurrence.frequency], interval=recurrence.interval, dtstart=begin)
        yield from (at.replace(tzinfo=UTC) for at in rule.xafter(after.replace(tzinfo=None)))
        return
    more: dict[str, Any] = {}
    if recurrence.week_days:
        more["byweekday"] = [WEEK_DAYS.index(day) for day in recurrence.week_days]
    minutes = recurrence.minutes or ((0,) if recurrence.hours else (start.minute,))
    rule = rrule.rrule(
        UNITS[recurrence.frequency], interval=recurrence.interval, dtstart=start, wkst=rrule.MO, bysecond=0,
        byhour=recurrence.hours or (start.hour,), byminute=minutes, **more,
    )  # fmt: skip
    far = (after - timedelta(days=3)).replace(tzinfo=None)
    local = list(islice(rule.xafter(far), 120))
    yield from (at for at in sorted({in_utc(at, zone) for at in local}) if at > after)


def in_utc(local: datetime, zone: Any) -> datetime:
    there: datetime = tz.resolve_imaginary(local.replace(tzinfo=zone))
    return there.astimezone(UTC)


MOMENTS = st.integers(0, 42 * 365 * 86_400).map(
    lambda seconds: datetime(1992, 1, 1, tzinfo=UTC) + timedelta(0, seconds)
)


@settings(max_examples=examples(1000))
@given(recurrences(), st.integers(-10, 300), st.integers(0, 86_400))
def test_due_times_are_those_of_dateutil(recurrence: Recurrence, number: int, seconds: int) -> None:
    start = datetime.fromisoformat(recurrence.start).replace(tzinfo=UTC)
    far = start + number * recurrence.interval * LENGTHS[recurrence.frequency]  # dateutil counts them one by one
    after = min(far, datetime(2034, 1, 1, tzinfo=UTC)) + timedelta(seconds=seconds)
    assert not problems(recurrence)
    ours = next_due(recurrence, after, 60)
    assert ours == list(islice(expected(recurrence, after), 60))


@given(recurrences(), MOMENTS, st.integers(0, 400))
def test_a_period_has_the_due_times_in_it(recurrence: Recurrence, after: datetime, days: int) -> None:
    until = after + timedelta(days=days)
    times = list(islice(due(recurrence, after, until), 300))
    assert times == sorted(set(times))
    assert all(after < at <= until for at in times)
    following = next_due(recurrence, after, len(times) + 1)
    assert following[: len(times)] == times
    assert len(times) == 300 or following[len(times)] > until
    newest = newest_due(recurrence, after, until)
    assert newest == (times[-1] if times else None) if len(times) < 300 else newest is not None


@pytest.mark.parametrize(
    ("recurrence", "after", "times"),
    [
        pytest.param(
            Recurrence(frequency=Frequency.DAY, interval=1, start="2026-03-07T02:30:00", time_zone="America/New_York"),
            "2026-03-07T00:00", ["03-07T07:30", "03-08T07:30", "03-09T06:30"],
            id="02:30 does not exist on 8 March 2026 in New York: 03:30 there",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.DAY, interval=1, start="2026-10-31T01:30:00", time_zone="America/New_York"),
            "2026-10-31T00:00", ["10-31T05:30", "11-01T05:30", "11-02T06:30"],
            id="01:30 occurs twice on 1 November 2026 in New York: the first",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.DAY, interval=1, start="2026-03-28T00:00:00", time_zone="Europe/Berlin",
                       hours=(2, 3), minutes=(0, 30)),
            "2026-03-28T12:00", ["03-29T01:00", "03-29T01:30", "03-30T00:00"],
            id="02:00 and 03:00 fall together in the gap: one due time",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.HOUR, interval=12, start="2026-03-28T12:00:00", time_zone="Europe/Berlin"),
            "2026-03-28T00:00", ["03-28T11:00", "03-28T23:00", "03-29T11:00"],
            id="hours count absolute time: at 13:00 in Berlin after the change",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.DAY, interval=1, start="2011-12-28T10:00:00", time_zone="Pacific/Apia"),
            "2011-12-28T00:00", ["12-28T20:00", "12-29T20:00", "12-30T20:00", "12-31T20:00"],
            id="Samoa left out 30 December 2011: its due time falls together with the next",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.MONTH, interval=1, start="2027-01-31T00:00:00"),
            "2027-01-01T00:00", ["01-31T00:00", "03-31T00:00", "05-31T00:00"],
            id="months without a 31st are skipped",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.WEEK, interval=2, start="2026-12-02T18:30:00",
                       week_days=(WeekDay.MONDAY, WeekDay.SUNDAY)),
            "2026-12-01T00:00", ["12-06T18:30", "12-14T18:30", "12-20T18:30", "12-28T18:30"],
            id="weeks begin on Monday, and count from the week of the start, a Wednesday",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.MINUTE, interval=15, start="2026-12-02T18:30:01"),
            "2026-12-02T00:00", ["12-02T18:31", "12-02T18:46"],
            id="a start with seconds counts from the next minute",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.DAY, interval=1, start="2026-12-02T18:30:00", hours=(9, 18)),
            "2026-12-02T00:00", ["12-03T09:00", "12-03T18:00"],
            id="hours without minutes are full hours, none before the start",
        ),
        pytest.param(
            Recurrence(frequency=Frequency.MONTH, interval=12, start="2024-02-29T00:00:00"),
            "2024-01-01T00:00", ["02-29T00:00", "02-29T00:00"], id="29 February: every fourth year",
        ),
    ],
)  # fmt: skip
def test_rules(recurrence: Recurrence, after: str, times: list[str]) -> None:
    found = next_due(recurrence, datetime.fromisoformat(after).replace(tzinfo=UTC), len(times))
    assert [at.strftime("%m-%dT%H:%M") for at in found] == times


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_every_time_of_a_day(zone: str) -> None:
    every = Recurrence(
        frequency=Frequency.DAY,
        interval=1,
        start="2026-06-01T00:00:00",
        time_zone=zone,
        hours=tuple(range(24)),
        minutes=tuple(range(60)),
    )
    found = next_due(every, datetime(2026, 6, 3, tzinfo=UTC), 3000)
    assert found == [datetime(2026, 6, 3, 0, 1, tzinfo=UTC) + timedelta(minutes=number) for number in range(3000)]
    for hour in range(24):
        one = Recurrence(frequency=Frequency.DAY, interval=1, start=f"2026-06-01T{hour:02d}:00:00", time_zone=zone)
        assert len(list(due(one, datetime(2026, 6, 3, tzinfo=UTC), datetime(2026, 6, 13, tzinfo=UTC)))) == 10


def test_reaching_a_date_far_away_asks_for_few_days(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Mock(side_effect=occurrences._in_utc)
    monkeypatch.setattr(occurrences, "_in_utc", real)
    for frequency in Frequency:
        recurrence = Recurrence(frequency=frequency, interval=1, start="1970-01-01T00:00:00", time_zone="Asia/Tokyo")
        assert next_due(recurrence, datetime(9000, 1, 1, tzinfo=UTC))
    assert real.call_count < 40


def test_the_calendar_ends() -> None:
    once = Recurrence(frequency=Frequency.WEEK, interval=10**9, start="2026-11-29T10:00:00", time_zone="Asia/Tokyo")
    assert next_due(once, datetime(2000, 1, 1, tzinfo=UTC), 3) == [datetime(2026, 11, 29, 1, tzinfo=UTC)]
    daily = Recurrence(frequency=Frequency.DAY, interval=1, start="9999-12-30T10:00:00")
    assert len(next_due(daily, datetime(9999, 1, 1, tzinfo=UTC), 9)) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"interval": None}, ["no interval"]),
        ({"interval": 0}, ["interval is 0"]),
        ({"interval": -1}, ["interval is -1"]),
        ({"interval": True}, ["interval is True"]),
        ({"interval": 1.5}, ["interval is 1.5"]),
        ({"frequency": "Days"}, ["unknown frequency 'Days'", "did you mean 'Day'?"]),
        ({"frequency": None}, ["unknown frequency None"]),
        ({"hours": (24,)}, ["hours 24", "from 0 to 23"]),
        ({"minutes": (60, -1)}, ["minutes 60, -1", "from 0 to 59"]),
        ({"hours": ("9",)}, ["hours '9'"]),
        ({"frequency": Frequency.HOUR, "hours": (9,)}, ["hours are given, but the frequency is Hour"]),
        ({"frequency": Frequency.MONTH, "minutes": (9,)}, ["minutes are given, but the frequency is Month"]),
        ({"week_days": (WeekDay.MONDAY,)}, ["week_days are given, but the frequency is Day"]),
        ({"frequency": Frequency.WEEK, "week_days": ("Mon",)}, ["unknown day of the week 'Mon'", "'Monday'"]),
        ({"start": "tomorrow"}, ["the start 'tomorrow' is no time"]),
        ({"start": "2026-02-30T00:00:00"}, ["the start '2026-02-30T00:00:00' is no time"]),
        ({"start": None}, ["the start None is no time"]),
        ({"time_zone": "Mars/Olympus"}, ["no time zone 'Mars/Olympus'"]),
        ({"time_zone": "../etc/passwd"}, ["no time zone '../etc/passwd'"]),
        ({"time_zone": ""}, ["no time zone ''"]),
        ({"time_zone": "Europe"}, ["no time zone 'Europe'"]),
        ({"interval": 10**9, "hours": (1,), "start": "2026-11-29T10:00:00"}, ["never fires"]),
        ({"interval": 0, "time_zone": "x", "hours": (99,)}, ["interval is 0", "no time zone 'x'", "hours 99"]),
    ],
    ids=str,
)
def test_problems(change: dict[str, Any], words: list[str]) -> None:
    fields: dict[str, Any] = {"frequency": Frequency.DAY, "interval": 1, "start": "2026-11-29T10:00:00"}
    found = problems(Recurrence(**{**fields, **change}))
    told = "\n".join(map(str, found))
    assert all(word in told for word in words), told
    assert all(problem.remedy for problem in found)


def test_every_zone_of_the_tests_is_known() -> None:
    fields: dict[str, Any] = {"frequency": Frequency.DAY, "interval": 1, "start": "2026-11-29T10:00:00"}
    assert not [zone for zone in ZONES if problems(Recurrence(**fields, time_zone=zone))]


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "right/Europe/Paris", "Nowhere/At_All", ""])
def test_a_zone_that_differs_between_machines_or_is_none_is_refused(zone: str) -> None:
    recurrence = Recurrence(frequency=Frequency.DAY, interval=1, start="2026-11-29T10:00:00", time_zone=zone)
    assert problems(recurrence)
