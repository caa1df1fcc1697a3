"""The one place that knows the adapters: it opens a workspace from its configuration.

Its names are fetched when first used: a controller is started before the rest is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cache import cache_folder

if TYPE_CHECKING:
    from .clock import SystemClock
    from .workspace import OpenWorkspace, open_session

__all__ = ["OpenWorkspace", "SystemClock", "cache_folder", "open_session"]


def __getattr__(name: str) -> object:
    """Fetch a name of `workspace` or `clock` (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{'clock' if name == 'SystemClock' else 'workspace'}"), name)
    globals()[name] = value
    return value
