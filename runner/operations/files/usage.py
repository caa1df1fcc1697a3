"""The space that files use, by folder (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from ...dataclass import dataclass
from .selection import FoundFiles, fixed_folder


@dataclass(frozen=True)
class Usage:
    """The files of one folder, or one file."""

    path: str
    """The path; a folder's ends with a slash."""
    files: int
    bytes: int


def usage(found: FoundFiles, depth: int = 1) -> Sequence[Usage]:
    """Return the space of each folder, the largest first.

    Args:
        found: The files of an address.
        depth: Levels of folders below the address; files above that level count for themselves. Default: 1.

    """
    if found.lone:
        return [Usage(found.path, 1, found.bytes)]
    start = fixed_folder(found.path)
    skipped = len(start.split("/")) if start else 0
    totals: dict[str, tuple[int, int]] = {}
    for file in found.files:
        parts = file.path.split("/")
        kept = parts[: skipped + depth]
        name = "/".join(kept) + ("/" if len(kept) < len(parts) else "")
        count, total = totals.get(name, (0, 0))
        totals[name] = (count + 1, total + file.size)
    found_usage = (Usage(name, count, total) for name, (count, total) in totals.items())
    return sorted(found_usage, key=lambda each: (-each.bytes, each.path))
