"""The progress of a copy, for whoever shows it."""

from __future__ import annotations

from typing import Protocol

from ...override import override


class Progress(Protocol):
    """Receives what a copy moves. Any thread may call it."""

    def begin(self, files: int, size: int) -> None:
        """Start with the totals.

        Args:
            files: The number of files to copy.
            size: Their bytes.

        """

    def moved(self, size: int) -> None:
        """Add bytes that were moved.

        Args:
            size: The number of bytes.

        """

    def completed(self) -> None:
        """Add a file that is complete."""


class _Silent(Progress):
    @override
    def begin(self, files: int, size: int) -> None:
        pass

    @override
    def moved(self, size: int) -> None:
        pass

    @override
    def completed(self) -> None:
        pass


SILENT: Progress = _Silent()
"""Shows nothing."""
