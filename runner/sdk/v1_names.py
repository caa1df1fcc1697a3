"""Modules and names of v1's packages that runner does not have: each can be imported, and refuses when it is used.

``v1_table.txt`` lists them (scripts/v1-table makes it). The finder comes last on ``sys.meta_path``, so whatever is
really there (runner's own modules, the user's files, other distributions) goes first.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Mapping, cast

if TYPE_CHECKING:
    from importlib.abc import Loader

ROOTS = ("azureml", "msrest")
_TABLE = "v1_table.txt"
_ALL = "*"
"""The kind of a module that has every name that it is asked for."""
Entry = Mapping[str, object]


def install() -> None:
    """Let the modules of the table be imported. Calling it again changes nothing."""
    if not any(type(finder).__qualname__ == _Finder.__qualname__ for finder in sys.meta_path):
        sys.meta_path.append(_Finder())


class _Finder:
    """A meta path finder (PEP 451) and the loader of what it finds."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the table."""
        if fullname.partition(".")[0] not in ROOTS or fullname not in _table():
            return None
        return ModuleSpec(fullname, cast("Loader", self), origin="runner", is_package=True)

    def create_module(self, _spec: ModuleSpec) -> None:
        """Leave it to Python."""

    def exec_module(self, module: ModuleType) -> None:
        """Give the module the names of its entry, each made on first use."""
        from . import VERSION, shown_in

        module.__doc__ = f"{module.__name__} of Azure ML SDK v1: its names can be imported, not used."
        vars(module).update(
            __version__=VERSION, __all__=names_in(module.__name__), __getattr__=shown_in(module.__name__)
        )


def names_in(module: str) -> list[str]:
    """Return the public names of a module of v1, sorted; none for an unknown one.

    Args:
        module: The module.

    """
    return sorted(_kinds(module))


def name_of_v1(module: str, name: str) -> object:
    """Return the object for a name of v1: the value itself if it is simple, else an object that refuses to be used.

    Args:
        module: The module.
        name: The name in it.

    Raises:
        AttributeError: The module has no such name.

    """
    kinds = _kinds(module)
    known = kinds.get(name) or kinds.get(_ALL)
    if known is None or name.startswith("_"):
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    kind, detail = known
    return _MAKERS[kind](module, name, detail)


@lru_cache(maxsize=None)
def _table() -> Mapping[str, str]:
    """Return the entry of each module, as JSON."""
    from pkgutil import get_data

    data = get_data(__package__, _TABLE)  # from a zip as well
    lines = data.decode().splitlines() if data else ()
    return dict(line.split(" ", 1) for line in lines if not line.startswith("#"))


@lru_cache(maxsize=None)
def _kinds(module: str) -> Mapping[str, tuple[str, object]]:
    """Return the kind of each name of a module, and its details."""
    import json

    entry: Entry = json.loads(_table().get(module, "{}"))
    if _ALL in entry:
        return {_ALL: ("c", None)}
    found: dict[str, tuple[str, object]] = {}
    for kind, group in entry.items():
        if isinstance(group, str):
            found.update((name, (kind, None)) for name in group.split())
        elif isinstance(group, dict) and kind == "r":
            for source, names in group.items():
                for name, _, original in (pair.partition("=") for pair in str(names).split()):
                    found[name] = (kind, (source, original or name))
        elif isinstance(group, dict):
            found.update((name, (kind, detail)) for name, detail in group.items())
    return found


def _imported(_module: str, _name: str, detail: object) -> object:
    source, original = cast("tuple[str, str]", detail)
    return getattr(import_module(source), original)


@lru_cache(maxsize=None)
def _exception(module: str, name: str, base: object) -> type[BaseException]:
    """Return an exception class, since drivers catch it by its class: runner's own if it has that name."""
    from .base import exceptions

    ours = getattr(exceptions, name, None)
    if isinstance(ours, type) and issubclass(ours, BaseException):
        return ours
    known = _kinds(module).get(str(base), ("", None))
    builtin = getattr(builtins, str(base), None)
    above: type[BaseException] = exceptions.AzureMLException
    if known[0] == "x" and base != name:
        above = _exception(module, str(base), known[1])
    elif isinstance(builtin, type) and issubclass(builtin, BaseException):
        above = builtin
    body = {"__init__": _begin, "__module__": module, "__doc__": "An exception of v1, which nothing here raises."}
    return type(name, (above,), body)


def _begin(self: BaseException, *arguments: object, **options: object) -> None:
    """Initialize the exception with whatever v1's exception of that name takes."""
    from .base.exceptions import AzureMLException

    if isinstance(self, AzureMLException):
        AzureMLException.__init__(self, str(arguments[0]) if arguments else "")
    self.args = arguments
    vars(self).update(options)


@lru_cache(maxsize=None)
def _enumeration(module: str, name: str) -> object:
    from enum import Enum

    _, detail = _kinds(module)[name]
    bases, members = cast("tuple[list[str], dict[str, object]]", detail)
    mixed = next((kind for kind in (str, int) if kind.__name__ in bases or kind.__name__.title() in bases), None)
    integers = "IntEnum" in bases or "IntFlag" in bases
    return Enum(name, members, module=module, type=int if integers else mixed)


@lru_cache(maxsize=None)
def _constants(module: str, name: str) -> object:
    _, detail = _kinds(module)[name]
    return type(name, (), {**cast("dict[str, object]", detail), "__module__": module})


def _refusing(module: str, name: str, _detail: object) -> object:
    from .base.refused import area_of, refused

    return refused(name, area_of(module))


_MAKERS: Mapping[str, Callable[[str, str, object], object]] = {
    "r": _imported,
    "x": _exception,
    "e": lambda module, name, _detail: _enumeration(module, name),
    "n": lambda module, name, _detail: _constants(module, name),
    "k": lambda _module, _name, detail: detail,
    "c": _refusing,
}
