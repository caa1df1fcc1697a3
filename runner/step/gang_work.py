"""The end of a gang's work, and the events from which a worker learns it."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from typing import Any, Protocol, Union

from ..dataclass import dataclass
from ..model.exits import exit_words, shell_code


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a worker's work, or of the whole gang."""

    code: int
    """The exit code; 0: success."""
    reason: str = ""
    """Words for people; empty: success."""
    lines: tuple[str, ...] = ()
    """The last lines of the process that failed."""
    lost: bool = False
    """True: another worker was lost, which is no fault of the script."""
    own: bool = True
    """False: the failure is another worker's."""

    @property
    def document(self) -> dict[str, object]:
        """The outcome as JSON, for the other workers."""
        return {"code": self.code, "reason": self.reason, "lines": list(self.lines), "lost": self.lost}


def told(document: Mapping[str, Any]) -> Outcome:
    """Return the outcome that another worker has told."""
    return Outcome(
        code=int(document["code"]),
        reason=str(document["reason"]),
        lines=tuple(map(str, document["lines"])),
        lost=bool(document["lost"]),
        own=False,
    )


def failed(who: str, code: int, lines: tuple[str, ...]) -> Outcome:
    """Return the outcome of a process that failed.

    Args:
        who: The words for the process, such as ``rank 2 of 4``.
        code: Its exit code as a shell reports it, or minus the number of the signal that killed it.
        lines: Its last lines.

    """
    shown = shell_code(code)
    words = exit_words(shown, "\n".join(lines))
    return Outcome(code=shown, reason=words.replace("the script", who, 1), lines=lines)


@dataclass(frozen=True)
class Asked:
    """This worker was asked to end (SIGTERM)."""


@dataclass(frozen=True)
class WorkEnded:
    """The work of this worker has ended, and none of its ranks is left."""

    outcome: Outcome


@dataclass(frozen=True)
class Met:
    """The connection to a worker stands."""

    worker: int


@dataclass(frozen=True)
class Told:
    """A message of another worker."""

    worker: int
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Gone:
    """The connection to a worker has ended, or could not be made."""

    worker: int
    reason: str


Event = Union[Asked, WorkEnded, Met, Told, Gone]
Events = queue.SimpleQueue
"""A SimpleQueue, because a signal's handler may put into it while its thread waits for it."""


class Work(Protocol):
    """The processes of one worker."""

    def start(self) -> None:
        """Start them; one `WorkEnded` follows."""

    def stop(self, grace: float) -> None:
        """End those that are left, by SIGTERM and after `grace` seconds by SIGKILL."""


class NoWork:
    """The work of a worker that only executes what another one's mpirun asks for."""

    def start(self) -> None:
        """Do nothing: no `WorkEnded` follows."""

    def stop(self, grace: float) -> None:
        """Do nothing."""
