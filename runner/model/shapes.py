"""Facts about a dataclass that the codec needs, computed once per class."""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from typing import Any

from ..dataclass import dataclass

if sys.version_info < (3, 10):
    from .hints import hints_of
else:
    from typing import get_type_hints as hints_of

_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
"""The origins of ``Union[X, Y]`` and, from Python 3.10 on, of ``X | Y``."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of a dataclass as the codec sees it."""

    name: str
    hint: Any
    default: object
    required: bool
    tagged: bool
    """Its dataclasses are written with ``type``: more than one would fit."""


_KNOWN: dict[type, tuple[Field, ...]] = {}


def fields_of(shape: type) -> tuple[Field, ...]:
    """The fields of a dataclass, in order."""
    if shape not in _KNOWN:
        hints = hints_of(shape)
        _KNOWN[shape] = tuple(_field(field, hints[field.name]) for field in dataclasses.fields(shape))
    return _KNOWN[shape]


def is_union(hint: object) -> bool:
    """Return True if `hint` is ``X | Y`` in any spelling."""
    return typing.get_origin(hint) in _UNIONS


def dataclasses_of(hint: object) -> tuple[type, ...]:
    """The dataclasses among a union's arms."""
    return tuple(arm for arm in typing.get_args(hint) if isinstance(arm, type) and dataclasses.is_dataclass(arm))


def _field(field: dataclasses.Field[Any], hint: object) -> Field:
    if field.default is not dataclasses.MISSING:
        default, required = field.default, False
    elif field.default_factory is not dataclasses.MISSING:
        default, required = field.default_factory(), False
    else:
        default, required = None, True
    return Field(name=field.name, hint=hint, default=default, required=required, tagged=_is_tagged(hint))


def _is_tagged(hint: object) -> bool:
    if is_union(hint):
        found = dataclasses_of(hint)
        return len(found) > 1 or (bool(found) and str in typing.get_args(hint))
    return any(_is_tagged(arm) for arm in typing.get_args(hint) if arm is not Ellipsis)
