"""Recurrences for property tests."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from runner.model.schedule import Frequency, Recurrence, WeekDay

ZONES = (
    "UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
    "America/St_Johns", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia", "Pacific/Chatham", "Asia/Tehran",
    "Europe/Dublin", "America/Caracas", "Asia/Gaza", "Pacific/Kiritimati", "America/Havana",
)  # fmt: skip
"""Changes of an hour and of half an hour, at midnight and of a day, offsets of quarters of an hour, and none at all."""


@st.composite
def recurrences(draw: st.DrawFn, first: int = 1990, last: int = 2030) -> Recurrence:
    """Draw a recurrence without problems that starts in one of these years, at a whole minute."""
    frequency = draw(st.sampled_from(Frequency))
    longest = {Frequency.MINUTE: 3000, Frequency.HOUR: 100, Frequency.DAY: 40, Frequency.WEEK: 9}.get(frequency, 30)
    more: dict[str, Any] = {}
    if frequency in (Frequency.DAY, Frequency.WEEK):
        more["hours"] = tuple(draw(st.lists(st.integers(0, 23), max_size=3)))
        more["minutes"] = tuple(draw(st.lists(st.sampled_from((0, 1, 15, 30, 59)), max_size=3)))
    if frequency is Frequency.WEEK:
        more["week_days"] = tuple(draw(st.lists(st.sampled_from(WeekDay), max_size=3)))
    days = draw(st.integers(0, (last - first) * 365))
    start = datetime(first, 1, 1, tzinfo=timezone.utc) + timedelta(days, minutes=draw(st.integers(0, 1439)))
    return Recurrence(
        frequency=frequency,
        interval=draw(st.one_of(st.just(1), st.integers(1, longest))),
        start=start.replace(tzinfo=None).isoformat(),
        time_zone=draw(st.sampled_from(ZONES)),
        **more,
    )
