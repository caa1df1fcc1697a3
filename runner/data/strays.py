"""Files that a script has left where nothing is kept, in words: nothing is to vanish without one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import manifest

_SHOWN = 5
"""Names of a warning at most; the others are counted."""


def unkept(what: str, path: Path) -> tuple[str, ...]:
    """Return the warning about what lies in an output and no store can hold, if there is such.

    Args:
        what: The output as people know it.
        path: Where it was written.

    Raises:
        BadInput: as `manifest.survey` does.

    """
    others = manifest.survey(path).others
    return (f"{what}: not kept, since it is neither a file nor a folder: {few(others)}",) if others else ()


def few(names: Iterable[str]) -> str:
    """Return some of the names, joined, and how many more there are."""
    listed = tuple(names)
    more = len(listed) - _SHOWN
    return ", ".join(listed[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
