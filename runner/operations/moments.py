"""Moments as people write them in filters: a date, a time, or an age (pure)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ..errors import BadInput
from ..model.duration import seconds_of
from ..model.times import is_date, parse_time

REMEDY = "write 2026-01-31, 2026-01-31T12:00:00Z, or an age such as 90m, 12h, 7d"


def moment(text: str, where: str, *, now: datetime, local: bool) -> datetime | None:
    """Return the moment that a text means, in UTC.

    Args:
        text: A date (its first moment), a time, or an age with its unit. Empty: no moment.
        where: The name of the field, for messages.
        now: The time from which ages count.
        local: True: dates, and times that name no zone, are of this machine's zone. False: dates are in UTC, and times
            name their zone.

    Raises:
        BadInput: It is none of them, or out of range.

    """
    if not text:
        return None
    try:
        found = _age(text, now) or _time(text.strip(), local=local)
        return found.astimezone(timezone.utc)
    except (ValueError, OverflowError, OSError):
        raise BadInput(f"{text[:40]!r} is no time", where, REMEDY) from None


def _age(text: str, now: datetime) -> datetime | None:
    seconds = seconds_of(text) if text.strip()[-1:] in "dhms" else None
    return None if seconds is None else now - timedelta(seconds=seconds)


def _time(text: str, *, local: bool) -> datetime:
    if local:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone()
    return parse_time(f"{text}T00:00:00Z" if is_date(text) else text)
