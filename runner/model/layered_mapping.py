"""An immutable mapping whose update costs the changed entries, not the whole mapping."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from typing import Mapping, TypeVar

from ..override import override

V = TypeVar("V")
_FEW = 64
"""Number of changes up to which the base is not copied, however small it is."""


class LayeredMapping(Mapping[str, V]):
    """A base mapping and the entries that differ from it. Its keys are the base's."""

    __slots__ = ("_base", "_changes")

    def __init__(self, base: Mapping[str, V], changes: Mapping[str, V] | None = None) -> None:
        """Create it. `changes` has only keys of `base`; neither may be changed afterwards."""
        self._base = base
        self._changes = changes or {}

    def changed(self, changes: Mapping[str, V]) -> LayeredMapping[V]:
        """Return the mapping after `changes`. The base is copied once in √n changes."""
        both = {**self._changes, **changes}
        if len(both) <= max(_FEW, isqrt(len(self._base))):
            return LayeredMapping(self._base, both)
        return LayeredMapping({**self._base, **both})

    @override
    def __getitem__(self, key: str) -> V:
        return self._changes[key] if key in self._changes else self._base[key]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._base)

    @override
    def __len__(self) -> int:
        return len(self._base)

    @override
    def __repr__(self) -> str:
        return f"LayeredMapping({dict(self)!r})"
