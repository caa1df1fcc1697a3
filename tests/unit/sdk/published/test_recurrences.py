"""ScheduleRecurrence: v1's arguments and checks."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from runner.errors import BadInput
from runner.model.occurrences import next_due, problems
from runner.model.schedule import Frequency, Recurrence, WeekDay
from runner.model.windows_zones import WINDOWS_ZONES
from runner.sdk import ScheduleRecurrence, TimeZone

NOW = datetime(2026, 11, 29, 19, 7, 42, tzinfo=timezone.utc)


def test_all_fields() -> None:
    made = ScheduleRecurrence(
        "Week",
        2,
        start_time=datetime(2026, 12, 1, 9, 30),  # noqa: DTZ001 - v1's form
        time_zone=TimeZone.EasternStandardTime,
        hours=[9, 17],
        minutes=[0],
        week_days=["Monday", "Sunday"],
    )
    assert made.at(NOW) == Recurrence(
        frequency=Frequency.WEEK,
        interval=2,
        start="2026-12-01T09:30:00",
        time_zone="America/New_York",
        hours=(9, 17),
        minutes=(0,),
        week_days=(WeekDay.MONDAY, WeekDay.SUNDAY),
    )
    assert ScheduleRecurrence.of_record(made.at(NOW)) == made
    assert "Monday" in repr(made)


def test_what_is_not_said() -> None:
    made = ScheduleRecurrence(frequency="Minute", interval=15)
    assert (made.start_time, made.time_zone, made.hours, made.minutes, made.week_days) == (None,) * 5
    assert made.at(NOW) == Recurrence(frequency=Frequency.MINUTE, interval=15, start="2026-11-29T19:07:00")
    here = ScheduleRecurrence("Day", 1, time_zone="Asia/Tokyo").at(NOW)
    assert (here.start, here.time_zone) == ("2026-11-30T04:07:00", "Asia/Tokyo")
    assert ScheduleRecurrence("Day", 1, start_time="2020-01-01T00:00:00").time_zone is TimeZone.UTC


def test_time_of_day_is_one_hour_and_minute() -> None:
    made = ScheduleRecurrence("Day", 1, time_of_day="8:05")
    assert (made.hours, made.minutes) == ([8], [5])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"interval": None}, ["no interval"]),
        ({"interval": 0}, ["interval is 0"]),
        ({"interval": "2"}, ["interval is '2'"]),
        ({"frequency": "Days"}, ["unknown frequency 'Days'", "did you mean 'Day'"]),
        ({"frequency": "Second"}, ["unknown frequency 'Second'"]),
        ({"frequency": "Month", "hours": [9]}, ["hours are given, but the frequency is Month"]),
        ({"frequency": "Hour", "minutes": [9]}, ["minutes are given, but the frequency is Hour"]),
        ({"week_days": ["Monday"]}, ["week_days are given, but the frequency is Day"]),
        ({"frequency": "Week", "week_days": ["Mon"]}, ["unknown day of the week 'Mon'"]),
        ({"frequency": "Week", "week_days": "Monday"}, ["week_days is 'Monday'", "pass a list"]),
        ({"hours": 9}, ["hours is 9", "pass a list"]),
        ({"hours": []}, ["hours is []"]),
        ({"hours": [24]}, ["hours 24"]),
        ({"minutes": [60]}, ["minutes 60"]),
        ({"start_time": "29.11.2026"}, ["the start '29.11.2026' is no time", "YYYY-MM-DDThh:mm:ss"]),
        ({"time_zone": "Mars"}, ["no time zone 'Mars'"]),
        ({"time_zone": "Mars", "interval": 0, "hours": [99]}, ["'Mars'", "interval is 0", "hours 99"]),
    ],
    ids=str,
)
def test_wrong_values_are_one_value_error(arguments: dict[str, Any], words: list[str]) -> None:
    made = ScheduleRecurrence(**{"frequency": "Day", "interval": 1, **arguments})
    with pytest.raises(ValueError, match="do:") as caught:
        made.validate()
    assert all(word in str(caught.value) for word in words), caught.value
    assert isinstance(caught.value, BadInput)


@pytest.mark.parametrize(
    "arguments",
    [
        {"start_time": NOW},
        {"time_of_day": "24:00"},
        {"time_of_day": "9"},
        {"time_of_day": 9},
        {"time_of_day": "09:00", "hours": [9]},
        {"time_of_day": "09:00", "minutes": [9]},
    ],
    ids=str,
)
def test_v1_checks_these_when_it_is_made(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"tzinfo|time_of_day"):
        ScheduleRecurrence("Day", 1, **arguments)


def test_every_zone_of_v1_is_one_of_iana() -> None:
    assert len(TimeZone) == len(WINDOWS_ZONES) == 131
    for zone in TimeZone:
        made = ScheduleRecurrence("Day", 1, "2026-12-01T09:30:00", zone).at(NOW)
        assert made.time_zone == WINDOWS_ZONES[zone.value]
        assert not problems(made)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        (TimeZone.PacificStandardTime, 20), (TimeZone.IndiaStandardTime, 6), (TimeZone.TokyoStandardTime, 3),
        (TimeZone.UTC11, 23), (TimeZone.UTC12, 0), (TimeZone.WEuropeStandardTime, 11), (TimeZone.GMTStandardTime, 12),
    ],
)  # fmt: skip
def test_offsets_of_zones_in_winter(zone: TimeZone, hour: int) -> None:
    made = ScheduleRecurrence("Day", 1, "2026-01-15T12:00:00", zone).at(NOW)
    assert next_due(made, datetime(2026, 1, 1, tzinfo=timezone.utc))[0].hour == hour
