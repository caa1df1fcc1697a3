"""Frozen dataclasses that are quick to define: their methods are compiled when the first instance is made.

`dataclasses.dataclass(frozen=True)` compiles six methods as it defines a class, about 1 ms of every process that
imports it, used or not. This one costs a fifth of that and means the same; type checkers see the original.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

C = TypeVar("C")

if TYPE_CHECKING:
    from dataclasses import dataclass, field
else:
    field = dataclasses.field

    def dataclass(*, frozen: bool) -> Callable[[type[C]], type[C]]:
        """Make a class a frozen dataclass; `frozen` is there to be read."""
        if not frozen:
            raise TypeError("only frozen classes; take dataclasses.dataclass for others")
        return _frozen


__all__ = ["dataclass", "field"]


def _frozen(cls: type[C]) -> type[C]:
    made = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    defined = vars(cls)
    for name, method in _METHODS.items():
        if name not in defined:
            setattr(made, name, method)

    def first(self: object, *arguments: object, **named: object) -> None:
        compiled = _compiled_init(made)
        type.__setattr__(made, "__init__", compiled)
        compiled(self, *arguments, **named)

    type.__setattr__(made, "__init__", first)
    return made


def _compiled_init(cls: Any) -> Callable[..., None]:
    """``__init__`` as dataclasses write it: keyword or positional, defaults, factories, ``__post_init__``."""
    names: dict[str, Any] = {"_missing": dataclasses.MISSING}
    parameters, body = [], ["_into = self.__dict__"]
    for spec in dataclasses.fields(cls):
        name, value = spec.name, spec.name
        if spec.default is not dataclasses.MISSING:
            names[f"_default_{name}"] = spec.default
            parameters.append(f"{name}=_default_{name}")
        elif spec.default_factory is not dataclasses.MISSING:
            names[f"_factory_{name}"] = spec.default_factory
            parameters.append(f"{name}=_missing")
            value = f"_factory_{name}() if {name} is _missing else {name}"
        else:
            parameters.append(name)
        body.append(f"_into[{name!r}] = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    text = f"def __init__(self, {', '.join(parameters)}):\n " + "\n ".join(body)
    exec(text, names)  # noqa: S102 - our own text of field names, which are identifiers
    compiled: Callable[..., None] = names["__init__"]
    compiled.__qualname__ = f"{cls.__qualname__}.__init__"
    return compiled


def _values(self: Any) -> Any:
    cls = type(self)
    getter: Any = cls.__dict__.get("_field_values")
    if getter is None:
        getter = _getter([spec.name for spec in dataclasses.fields(cls) if spec.compare])
        type.__setattr__(cls, "_field_values", getter)
    return getter(self)


def _getter(names: list[str]) -> Any:
    if len(names) > 1:
        return staticmethod(attrgetter(*names))
    return staticmethod(lambda self: tuple(getattr(self, name) for name in names))


def _eq(self: object, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_values(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{spec.name}={getattr(self, spec.name)!r}" for spec in dataclasses.fields(self) if spec.repr)
    return f"{type(self).__qualname__}({shown})"


def _set(_self: object, name: str, _value: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(_self: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


_METHODS = {"__eq__": _eq, "__hash__": _hash, "__repr__": _repr, "__setattr__": _set, "__delattr__": _delete}
