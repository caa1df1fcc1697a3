"""Reading the API's JSON, where every field may be missing or odd (Nextflow #1223 crashed on one)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ...model.document import parse_time

KubeObject = Mapping[str, object]
"""A Kubernetes object as the API writes it."""


def at(value: object, *path: str) -> object:
    """What lies at `path`, or None."""
    for key in path:
        if type(value) is not dict and not isinstance(value, Mapping):  # the first is true, and far quicker asked
            return None
        value = value.get(key)
    return value


def text(value: object, *path: str) -> str:
    """The string at `path`, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: object, *path: str) -> int | None:
    """The integer at `path`, or None."""
    found = at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def time(value: object, *path: str) -> datetime | None:
    """The RFC 3339 time at `path`, or None."""
    try:
        return parse_time(text(value, *path))
    except ValueError:
        return None


def rows(value: object, *path: str) -> list[KubeObject]:
    """The objects of the list at `path`; anything else in it is left out."""
    found = at(value, *path)
    return [row for row in found if type(row) is dict or isinstance(row, Mapping)] if isinstance(found, list) else []


def row(value: object, *path: str, **wanted: str) -> KubeObject:
    """The first object of the list at `path` whose fields are as `wanted`, or an empty one."""
    return next((one for one in rows(value, *path) if all(text(one, key) == wish for key, wish in wanted.items())), {})
