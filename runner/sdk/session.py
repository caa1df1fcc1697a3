"""What the authoring API needs from outside: one workspace, and runs in it.

`Session` is the seam between the user's words and everything below them. `wiring` makes the real
one; tests and ``runner plan`` set their own with `use`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from ..model.environment import NamedEnvironment
    from ..model.plan import Plan
    from ..operations.values import DatastoreFacts, Request, RunView, WorkspaceFacts
    from ..ports import ObjectStore


class Session(Protocol):
    """One open workspace. Errors are of runner's own tree."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The workspace's name and v1's other words for it."""

    def datastore(self, name: str) -> ObjectStore:
        """The store behind a datastore's name. Raises BadInput for an unknown one."""

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """What is known of every datastore, by name, the default one first. Raises BadInput."""

    def datastore_names(self) -> tuple[str, ...]:
        """Every datastore of the workspace, the default one first."""

    def target_names(self) -> tuple[str, ...]:
        """The compute targets there are; empty: every name means the one target in force."""

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Make it usable on the target in force: the image or the interpreter. Raises EnvironmentFailed."""

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that the configuration names, sorted."""

    def secret(self, name: str) -> str:
        """The value of a secret. Raises BadInput for an unknown one and for one without a value."""

    def curated_images(self) -> Mapping[str, str]:
        """Ready images by the names of the environments that the configuration maps to them."""

    def submit(self, plan: Plan, request: Request) -> str:
        """Lock the draft plan, start a controller; the run's id, once its first event is journaled.

        Raises BadInput with every problem found before anything was started. In capture mode
        raises `Captured` instead.
        """

    def view(self, run: str) -> RunView:
        """The run now. Raises BadInput for an unknown id."""

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:
        """The run as soon as it has ended or has entries beyond number `after`, else after `seconds`."""

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        """Ids of the workspace's runs, newest first, of one experiment unless that is empty."""

    def logs(self, run: str, key: str) -> str:
        """All output of the step's newest attempt so far."""

    def cancel(self, run: str) -> None:
        """Ask for the end of the run; an ended one is left as it is."""


class Captured(BaseException):
    """Ends the driver in capture mode: here is the plan that it would have submitted.

    Not an Exception, so that a driver's own ``except Exception`` does not swallow it.
    """

    def __init__(self, plan: Plan, request: Request) -> None:
        super().__init__("captured")
        self.plan = plan
        self.request = request


_in_use: list[Session] = []


def use(session: Session | None) -> None:
    """Make `session` the one every later call uses; None: forget the one in use."""
    _in_use[:] = [] if session is None else [session]


def current() -> Session:
    """The session in use, opened from the current directory when there is none yet. Raises BadInput."""
    if not _in_use:
        _in_use.append(_opened())
    return _in_use[0]


def _opened() -> Session:
    from importlib import import_module

    if "RUNNER_STEP" in os.environ:
        from .step_session import open_in_step

        return open_in_step()
    # Not a plain import: opening a workspace is the only thing here that needs the adapters.
    return cast("Session", import_module("..wiring", __package__).open_session())
