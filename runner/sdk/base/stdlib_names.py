"""Submodules of the standard library that drivers of v1 use without importing them.

v1's own imports (requests, msrest and others) load them, so ``import urllib`` alone is enough for ``urllib.request``
once `azureml.core` has been imported. Here they are loaded on first use.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType

_EMPTY = ("urllib", "xml", "concurrent")
"""Packages that cost nothing to import."""
_OTHERS = ("http", "importlib", "logging", "email")


def reach() -> None:
    """Let submodules of these packages be found as attributes."""
    for name in _EMPTY:
        _open(import_module(name))
    for name in _OTHERS:
        if name in sys.modules:
            _open(sys.modules[name])


def _open(package: ModuleType) -> None:
    vars(package).setdefault("__getattr__", _fetcher(package.__name__))


def _fetcher(package: str) -> Callable[[str], ModuleType]:
    def fetch(name: str) -> ModuleType:
        if not name.startswith("_"):
            whole = f"{package}.{name}"
            try:
                found = import_module(whole)
            except ModuleNotFoundError:
                pass
            else:
                if hasattr(found, "__path__"):
                    _open(found)
                return found
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return fetch
