"""Run machine-learning pipelines as containers on any Kubernetes cluster, and unchanged on a laptop.

The names a pipeline file uses (``Workspace``, ``Pipeline``, ``PipelineData`` …) are found here
lazily, so that ``import runner`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sdk import *  # noqa: F403 - the one list of public names is sdk.__all__

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Fetch a public name from the authoring API on first use (PEP 562)."""
    from importlib import import_module, util

    if name == "__all__":  # `from runner import *`
        return [*import_module(f"{__name__}.sdk").__all__]
    # `from . import x` asks this function before it looks for the submodule x: answer only for names of the API.
    if name.startswith("_") or util.find_spec(f"{__name__}.{name}") is not None:
        raise AttributeError(name)
    try:
        value: object = getattr(import_module(f"{__name__}.sdk"), name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = value
    return value
