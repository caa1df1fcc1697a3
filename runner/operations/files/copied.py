"""The result of a copy."""

from __future__ import annotations

from ...dataclass import dataclass


@dataclass(frozen=True)
class Copied:
    """The files of a copy."""

    files: int
    """Files that were copied."""
    bytes: int
    """Their size."""
    unchanged: int = 0
    """Files that were there already, with the same content."""
    left_out: tuple[str, ...] = ()
    """Paths that the store cannot hold: empty folders in a bucket, and what is no file."""
