"""A workspace in the place where a target runs its steps: its files, and programs that start there at times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ..dataclass import dataclass


@dataclass(frozen=True, kw_only=True)
class Timer:
    """The times at which ``runner schedules fire`` is called for a schedule."""

    schedule: str
    """The id of the schedule."""
    title: str
    """The name of the schedule, for people."""
    cron: str
    """A cron expression in UTC that covers all due times. The called program decides which of its times are due."""
    suspended: bool = False
    """True: it is never called."""


@dataclass(frozen=True, kw_only=True)
class TimerStatus:
    """The state of a timer in its place."""

    cron: str
    suspended: bool
    last: str = ""
    """The last time at which the program was started, in ISO 8601; empty: never."""
    active: int = 0
    """The number of programs of the timer that run now."""


class WorkspaceHost(Protocol):
    """Keeps one workspace for programs in the place of a target. Errors are TargetError."""

    place: str
    """The place for messages, such as ``namespace 'runner'``."""
    folder: str
    """The folder of the workspace, as its programs see it."""
    server_names: tuple[str, ...]
    """The names under which programs of the place reach the workspace's server, if it has one there."""

    def has_workspace(self) -> bool:
        """Return True if the workspace is kept there."""

    def keep_workspace(self, files: Mapping[str, str]) -> bool:
        """Keep these files as the workspace; replace others. Return False if it has the same files already.

        Args:
            files: The contents by file name.

        """

    def install(self, timer: Timer, image: str) -> None:
        """Make a timer, or change it so. The same call again changes nothing.

        Args:
            timer: The schedule and its times.
            image: The image of the program.

        """

    def find(self, schedule: str) -> TimerStatus | None:
        """Return what the place shows of a schedule's timer; None: it has none."""

    def suspend(self, schedule: str) -> None:
        """Let a schedule's timer call nothing more, if there is one. A program that it has started goes on."""

    def remove(self, schedule: str) -> None:
        """Delete a schedule's timer, if there is one."""

    def close(self) -> None:
        """Close connections."""
