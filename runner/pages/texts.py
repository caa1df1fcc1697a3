"""Texts of pages for times, amounts and states (pure)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from urllib.parse import quote

from ..model.names import short
from ..model.signs import SIGNS

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_SIGNS: Mapping[str, str] = {**SIGNS, "starting": "◌", "stopped": "✗", "active": "✓", "disabled": "■"}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def duration(seconds: float | None) -> str:
    """Return a duration such as ``1.2 s``, ``3 min 20 s`` or ``2 h 5 min``; empty for None.

    Args:
        seconds: The duration in seconds.

    """
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def size(number: int | None) -> str:
    """Return an amount of data such as ``1.5 MiB``; empty for None.

    Args:
        number: Bytes.

    """
    if number is None:
        return ""
    value = float(number)
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError(number)


def moment(time: datetime | None) -> str:
    """Return a time in UTC such as ``2026-01-31 12:00:05``; empty for None.

    Args:
        time: The time.

    """
    return time.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S") if time else ""


def stamp(time: datetime | None) -> str:
    """Return a time for the ``datetime`` of a ``time`` element; empty for None.

    Args:
        time: The time.

    """
    return time.astimezone(timezone.utc).isoformat(timespec="seconds") if time else ""


def sign(status: str) -> str:
    """Return the sign of a state, for those who do not see its colour.

    Args:
        status: A state of a run, step or attempt.

    """
    return _SIGNS.get(status, "·")


def urlencode(text: object) -> str:
    """Return a text as a part of an address. Halves of characters, which no address can hold, become ``?``.

    Args:
        text: The text.

    """
    return quote(str(text), safe="", errors="replace")


FILTERS: Mapping[str, Callable[..., str]] = {
    "duration": duration,
    "size": size,
    "moment": moment,
    "stamp": stamp,
    "sign": sign,
    "short": short,
    "urlencode": urlencode,
}
"""The filters of templates."""
