"""Times as RFC 3339 writes them."""

from __future__ import annotations

from datetime import datetime, timezone


def format_time(at: datetime) -> str:
    """RFC 3339 in UTC to the millisecond."""
    return at.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The time that `format_time` wrote. Raises ValueError, for a time without a zone as well."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return at
