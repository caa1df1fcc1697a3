"""A mapping that is made anew at the price of what changes, not of what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isqrt
from typing import TypeVar

from ..override import override

V = TypeVar("V")
_FEW = 64
"""Changes that are looked up beside the base however small it is."""


class Layered(Mapping[str, V]):
    """A base and what differs from it. Its keys are the base's for ever."""

    __slots__ = ("_base", "_changes")

    def __init__(self, base: Mapping[str, V], changes: Mapping[str, V] | None = None) -> None:
        """`changes` has keys of `base` only; neither may be changed afterwards."""
        self._base = base
        self._changes = changes or {}

    def changed(self, changes: Mapping[str, V]) -> Layered[V]:
        """The mapping after `changes`. The base is copied once in √n changes."""
        both = {**self._changes, **changes}
        if len(both) <= max(_FEW, isqrt(len(self._base))):
            return Layered(self._base, both)
        return Layered({**self._base, **both})

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
        return f"Layered({dict(self)!r})"
