"""The line of the user's code that made an object, for error messages."""

from __future__ import annotations

import os
import sys

_OURS = frozenset({__name__.partition(".")[0], "azureml"})


def caller() -> str:
    """Return ``file:line`` of the innermost frame that is neither runner's nor the compat layer's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__")):
        frame = frame.f_back
    return f"{_shown(frame.f_code.co_filename)}:{frame.f_lineno}"


def _is_ours(module: object) -> bool:
    return isinstance(module, str) and module.partition(".")[0] in _OURS


def _shown(path: str) -> str:
    try:
        relative = os.path.relpath(path)
    except (ValueError, OSError):  # another drive, or no current directory
        return path
    return path if relative.startswith("..") else relative
