"""Quantities and names as people read them (pure)."""

from __future__ import annotations

from datetime import datetime

_UNITS = ("KiB", "MiB", "GiB", "TiB")


def duration(seconds: float | None) -> str:
    """``0.4 s``, ``59.9 s``, ``2 m 05 s``, ``1 h 02 m``; empty for None."""
    if seconds is None:
        return ""
    if seconds < 59.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def size(count: int) -> str:
    """Bytes in the largest unit that keeps a digit before the point."""
    if count < 1024:
        return f"{count} B"
    amount = float(count)
    for unit in _UNITS:
        amount /= 1024
        if amount < 1023.95 or unit == _UNITS[-1]:
            break
    return f"{amount:.1f} {unit}"


def many(count: int, noun: str) -> str:
    """``1 step``, ``2 steps``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def clock(at: datetime) -> str:
    """The time of day here."""
    return at.astimezone().strftime("%H:%M:%S")


def day(at: datetime) -> str:
    """Date and time of day here, to the minute."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def clip(text: str, width: int) -> str:
    """The first line of `text`, cut to `width` columns with an ellipsis."""
    first = text.split("\n", 1)[0]
    return first if len(first) <= width else f"{first[: max(width - 1, 0)]}…"
