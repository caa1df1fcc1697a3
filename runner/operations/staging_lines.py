"""The lines that runner itself writes into a step's log about long transfers (see `step.transfer_lines`)."""

from __future__ import annotations

import json

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class TransferState:
    """The progress of the transfers of inputs or outputs."""

    phase: str
    """``inputs`` or ``outputs``."""
    files: int
    files_total: int
    bytes: int
    bytes_total: int
    seconds: float
    """The time since the first transfer began."""

    @property
    def over(self) -> bool:
        """True if everything known has been moved."""
        return self.files >= self.files_total

    @property
    def rate(self) -> float:
        """Bytes per second so far; 0 at the beginning."""
        return self.bytes / self.seconds if self.seconds > 0 else 0.0

    @property
    def left(self) -> float | None:
        """The seconds that the rest takes at this rate; None: nobody knows."""
        return (self.bytes_total - self.bytes) / self.rate if self.rate else None


def transfer_state(line: str) -> TransferState | None:
    """Return what a line of a log says about transfers. None: it is another line.

    A step may write such a line itself; then its progress is wrong and nothing else.

    Args:
        line: The line.

    """
    if not line.startswith('{"runner": "staging"'):
        return None
    try:
        said = json.loads(line)
        found = TransferState(
            phase="outputs" if said["phase"] == "outputs" else "inputs",
            files=int(said["files"]),
            files_total=int(said["files_total"]),
            bytes=int(said["bytes"]),
            bytes_total=int(said["bytes_total"]),
            seconds=float(said["seconds"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return found if found.bytes >= 0 and found.bytes_total >= 0 and found.seconds >= 0 else None
