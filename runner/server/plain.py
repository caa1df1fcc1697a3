"""Values as plain JSON: every field is written, and whatever a script reported can be (pure)."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Mapping
from datetime import datetime

from ..model.times import format_time


def plain(value: object) -> object:
    """Return a value as JSON knows it.

    Dataclasses become objects with all their fields. Numbers that JSON does not have become ``"NaN"``,
    ``"Infinity"`` and ``"-Infinity"``. Lone surrogates, which UTF-8 does not have, become question marks.

    Args:
        value: A dataclass, a container, or a plain value.

    """
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(plain(str(key))): plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return format_time(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value
