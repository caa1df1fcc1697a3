"""Names from a store as paths below a local folder (pure).

Others write into a store, and a bucket accepts any text as a key. Joined to a folder, it may name a path outside.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import BadInput

__all__ = ["check_inside", "is_inside"]

_MOST = 5
"""The most names that an error shows."""


def is_inside(path: str) -> bool:
    """Return True if a path lies below every folder: it has no NUL, and no part is empty, ``.`` or ``..``."""
    return "\0" not in path and not any(part in ("", ".", "..") for part in path.split("/"))


def check_inside(paths: Iterable[str]) -> None:
    """Raise BadInput, with all names, unless each path lies below every folder. Call it before anything is written."""
    outside = [path for path in paths if not is_inside(path)]
    if outside:
        more = f", and {len(outside) - _MOST} more" if len(outside) > _MOST else ""
        names = ", ".join(repr(path) for path in outside[:_MOST])
        raise BadInput(
            f"invalid as paths of files on this machine: {names}{more}",
            remedy="choose other files, or rename them in the store: a path has no NUL and no empty, '.' or '..' part",
        )
