from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.compute.kubernetes.cron import _offsets, covering, of_schedule
from runner.model.occurrences import next_due, start_of, times_of_day
from runner.model.schedule import DatastoreTrigger, Frequency, Recurrence, ScheduleRecord, WeekDay
from tests.support.examples import examples
from tests.support.recurrences import recurrences

UTC = timezone.utc
NOW = datetime(2026, 11, 29, 19, 0, tzinfo=UTC)


@settings(max_examples=examples(300))
@given(recurrences(first=2020, last=2030), st.integers(0, 4000))
def test_every_due_time_matches(recurrence: Recurrence, days: int) -> None:
    since = start_of(recurrence).replace(tzinfo=UTC) + timedelta(days=days)
    cron = covering(recurrence, since)
    assert croniter.is_valid(cron)
    missed = [at for at in next_due(recurrence, since, 50) if not croniter.match(cron, at)]
    assert not missed, cron


@given(recurrences(first=2020, last=2030))
def test_extra_firings_are_bounded(recurrence: Recurrence) -> None:
    """In a week of the months that the expression names."""
    minutes, hours, days, _, week_days = (
        len(field.split(",")) if field != "*" else whole
        for field, whole in zip(covering(recurrence, NOW).split(), (60, 24, 31, 12, 7), strict=True)
    )
    fired = minutes * hours * week_days
    if recurrence.frequency in (Frequency.MINUTE, Frequency.HOUR):
        unit = 60 if recurrence.frequency is Frequency.HOUR else 1
        assert fired <= 7 * 24 * 60 / unit
        return
    most = 4 * len(_offsets(recurrence, NOW)) ** 2 * len(times_of_day(recurrence))
    if recurrence.frequency is Frequency.DAY:
        assert fired <= most * 7
    elif recurrence.frequency is Frequency.WEEK:
        assert fired <= most * max(1, len(set(recurrence.week_days)))
    else:
        assert minutes * hours * days <= most * 5


@pytest.mark.parametrize(
    ("fields", "cron"),
    [
        ({"frequency": Frequency.MINUTE, "interval": 1}, "* * * * *"),
        ({"frequency": Frequency.MINUTE, "interval": 15}, "5,20,35,50 * * * *"),
        ({"frequency": Frequency.MINUTE, "interval": 90}, "5,35 0,1,3,4,6,7,9,10,12,13,15,16,18,19,21,22 * * *"),
        ({"frequency": Frequency.MINUTE, "interval": 7}, "* * * * *"),
        ({"frequency": Frequency.HOUR, "interval": 12}, "35 9,21 * * *"),
        ({"frequency": Frequency.HOUR, "interval": 5}, "35 * * * *"),
        ({"frequency": Frequency.DAY, "interval": 1}, "35 21 * * *"),
        ({"frequency": Frequency.DAY, "interval": 14}, "35 21 * * 0"),
        ({"frequency": Frequency.DAY, "interval": 1, "hours": (9, 18), "minutes": (0, 30)}, "0,30 9,18 * * *"),
        ({"frequency": Frequency.DAY, "interval": 1, "time_zone": "Europe/Berlin"}, "35 19,20 * * *"),
        ({"frequency": Frequency.WEEK, "interval": 2, "week_days": (WeekDay.MONDAY,)}, "35 21 * * 1"),
        ({"frequency": Frequency.WEEK, "interval": 1, "time_zone": "Asia/Tokyo", "hours": (1,)}, "0 16 * * 6"),
        ({"frequency": Frequency.MONTH, "interval": 3}, "35 21 29 2,5,8,11 *"),
        ({"frequency": Frequency.MONTH, "interval": 5}, "35 21 29 * *"),
        (
            {"frequency": Frequency.MONTH, "interval": 1, "time_zone": "Asia/Tokyo", "start": "2026-12-01T01:00:00"},
            "0 16 28,29,30,31 * *",
        ),
    ],
    ids=str,
)
def test_expressions(fields: dict[str, Any], cron: str) -> None:
    whole = {"start": "2026-11-29T21:35:00", **fields}
    if fields["frequency"] is Frequency.MINUTE:
        whole["start"] = "2026-11-29T21:05:00"
    assert covering(Recurrence(**whole), NOW) == cron


@pytest.mark.parametrize(("minutes", "cron"), [(5, "0,5,10,15,20,25,30,35,40,45,50,55 * * * *"), (60, "0 * * * *"),
                                                (7, "* * * * *"), (10**6, "0 0 * * *")])  # fmt: skip
def test_a_datastore_trigger_polls_at_least_once_in_an_interval(minutes: int, cron: str) -> None:
    trigger = DatastoreTrigger(datastore="d", polling_minutes=minutes)
    schedule = ScheduleRecord(
        id="s", name="n", pipeline="p", experiment="e", trigger=trigger, active_since=NOW, created=NOW
    )
    assert of_schedule(schedule, NOW) == cron
