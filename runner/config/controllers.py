"""Detached controllers, as the package of a target offers them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from ..dataclass import dataclass
from ..errors import Problem

if TYPE_CHECKING:
    from .target import TargetConfig
    from .workspace_host import WorkspaceHost


@dataclass(frozen=True)
class Trouble:
    """The reason why a controller has not begun."""

    reason: str = ""
    hopeless: bool = False
    """Waiting longer cannot help."""


class ControllerHost(Protocol):
    """Runs controllers in the place where a target runs its steps. Errors are TargetError."""

    place: str
    """The place for messages, such as ``namespace 'runner'``."""

    def problems(self, name: str) -> Iterable[Problem]:
        """Return the reasons why no controller can run on the target `name`."""

    def inside(self) -> TargetConfig:
        """Return the settings of the target for a process that runs there."""

    def image(self, notify: Callable[[str], None]) -> str:
        """Return the image of the controller, and make it unless it exists. Raises EnvironmentFailed."""

    def new_name(self, run: str) -> str:
        """Return a new name for a controller of a run."""

    def host(self, instance: str) -> str:
        """Return the name of a controller's host in the journal.

        Args:
            instance: The host name of the process, or a controller's name with a final hyphen for the common start
                of all its hosts.

        """

    def start(self, name: str, run: str, image: str, spec: str) -> None:
        """Start a controller that reads the file `spec`. The same name again completes what was begun."""

    def trouble(self, name: str) -> Trouble:
        """Return the reason why a controller has not begun."""

    def remove(self, run: str, last: str = "") -> None:
        """Delete all controllers of a run, and `last` after the others."""

    def remove_one(self, name: str) -> None:
        """Delete one controller."""

    def workspace(self) -> WorkspaceHost:
        """Return the host of the workspace in the same place. It has connections of its own."""

    def close(self) -> None:
        """Close connections."""
