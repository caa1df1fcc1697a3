"""Access to fields of the API's JSON. Every field may be missing or have another type (see Nextflow issue #1223)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ...model.document import parse_time

KubeObject = Mapping[str, object]
"""A Kubernetes object as the API writes it."""


def value_at(value: object, *path: str) -> object:
    """Return the value at `path`, or None."""
    for key in path:
        if type(value) is not dict and not isinstance(value, Mapping):  # the first is true, and far quicker asked
            return None
        value = value.get(key)
    return value


def text(value: object, *path: str) -> str:
    """Return the string at `path`, or an empty one."""
    found = value_at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: object, *path: str) -> int | None:
    """Return the integer at `path`, or None."""
    found = value_at(value, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def time(value: object, *path: str) -> datetime | None:
    """Return the RFC 3339 time at `path`, or None."""
    try:
        return parse_time(text(value, *path))
    except ValueError:
        return None


def rows(value: object, *path: str) -> list[KubeObject]:
    """Return the objects of the list at `path`. Elements that are no objects are left out."""
    found = value_at(value, *path)
    return [row for row in found if type(row) is dict or isinstance(row, Mapping)] if isinstance(found, list) else []


def row(value: object, *path: str, **wanted: str) -> KubeObject:
    """Return the first object of the list at `path` with these fields, or an empty one."""
    return next(
        (
            one
            for one in rows(value, *path)
            if all(text(one, key) == value_wanted for key, value_wanted in wanted.items())
        ),
        {},
    )
