"""Durations as people write them: ``90s``, ``15m``, ``2h``, ``1h30m``, ``1d``; a plain number is seconds."""

from __future__ import annotations

import re

_SIZES = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+")


def seconds_of(text: str) -> float | None:
    """Return the duration in seconds; None if the text is no duration."""
    plain = text.strip()
    if _NUMBER.fullmatch(plain):
        return float(plain)
    if not _WHOLE.fullmatch(plain):
        return None
    return float(sum(float(number) * _SIZES[unit] for number, unit in _PART.findall(plain)))


def as_text(seconds: float) -> str | float:
    """Return the shortest text that `seconds_of` parses to the same number: ``2h``; else the number itself."""
    whole = int(seconds) if seconds == int(seconds) else 0
    for unit, size in _SIZES.items():
        if whole >= size and whole % size == 0:
            return f"{whole // size}{unit}"
    return 0 if seconds == 0 else seconds
