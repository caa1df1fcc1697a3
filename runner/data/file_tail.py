"""The end of a text file, such as the output of a process."""

from __future__ import annotations

from pathlib import Path


def tail_of(path: Path, size: int) -> str:
    """Return the end of a file's text; empty if it cannot be read.

    Args:
        path: The file.
        size: The most bytes.

    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - size))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
