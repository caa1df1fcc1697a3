"""The connection of the authoring API to one open workspace and its runs.

`wiring` makes the real `Session`; tests and ``runner plan`` set their own with `use`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from ...model.environment import NamedEnvironment
    from ...model.plan import Plan
    from ...model.published import ParameterValues, PublishedRecord
    from ...model.schedule import ScheduleRecord
    from ...operations.published.pipelines import PublishOptions
    from ...operations.values import DatastoreFacts, Request, RunView, ServerFacts, WorkspaceFacts
    from ...ports import ObjectStore
    from ...storage.azure_blob.address import Container


class Session(Protocol):
    """An open workspace. Errors are of runner's own tree."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The workspace's name, and v1's other names for it."""

    def server_facts(self) -> ServerFacts:
        """Return the address of the REST endpoint, and the token of this machine. Nothing is asked or made.

        Raises:
            BadInput: The file of the token can be read by others.

        """

    def datastore(self, name: str) -> ObjectStore:
        """Return the object store of a datastore.

        Args:
            name: The datastore's name.

        Raises:
            BadInput: There is no such datastore.

        """

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """Return the facts of every datastore by name, the default one first.

        Raises:
            BadInput: The configuration cannot be read.

        """

    def datastore_names(self) -> tuple[str, ...]:
        """Return the names of all datastores, the default one first."""

    def target_names(self) -> tuple[str, ...]:
        """Return the names of all compute targets; empty: every name stands for the one target in use."""

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Make an environment usable on the target in use and return its image or interpreter.

        Args:
            environment: The environment.

        Raises:
            EnvironmentFailed: It cannot be made.

        """

    def admit_container(self, container: Container, *, tried: bool) -> None:
        """Keep the key of a container of Azure Blob Storage on this machine.

        Args:
            container: The container with its key.
            tried: Read from the container first.

        Raises:
            BadInput: It cannot be read, or this process cannot keep its key.

        """

    def secret_names(self) -> tuple[str, ...]:
        """Return the names of the configured secrets, sorted."""

    def secret(self, name: str) -> str:
        """Return the value of a secret.

        Args:
            name: The secret's name.

        Raises:
            BadInput: The secret is unknown, or has no value.

        """

    def curated_images(self) -> Mapping[str, str]:
        """Return ready images by the names of environments that the configuration maps to them."""

    def add_wheel(self, path: Path, *, exist_ok: bool) -> str:
        """Store a wheel and return its address.

        Args:
            path: The file.
            exist_ok: True: the workspace may have a wheel of this name.

        Raises:
            BadInput: The file is no wheel, there is none, or the workspace has a wheel of this name.

        """

    def stored_line(self, line: str) -> str:
        """Return a line of pip; store the local wheel that it names, and name it by its address.

        Args:
            line: The line.

        Raises:
            BadInput: The file is no wheel, or there is none.

        """

    def submit(self, plan: Plan, request: Request) -> str:
        """Lock the draft plan, start a controller, and return the run's id when its first event is in the journal.

        Args:
            plan: The draft plan.
            request: Experiment, parameters and tags.

        Raises:
            BadInput: Something is wrong; the exception has every problem. Nothing was started.
            Captured: In capture mode, instead of a start.

        """

    def publish(self, plan: Plan, options: PublishOptions) -> PublishedRecord:
        """Store a published pipeline with everything that its runs need, and return its record.

        Args:
            plan: The draft plan, or a locked one.
            options: Its name and version.

        Raises:
            BadInput: Something is wrong; the exception has every problem.
            EnvironmentFailed: An environment cannot be resolved or made.
            Captured: In capture mode, instead of a publication.

        """

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        ignore_unknown: bool = False,
        parse_texts: bool = False,
        continue_on_step_failure: bool | None = None,
    ) -> str:
        """Start a published pipeline, and return the run's id when its first event is in the journal.

        Args:
            record: The published pipeline.
            values: Values of its parameters; the others keep their defaults.
            request: Experiment, tags and the like; its parameters are not used.
            run: The run's id: a second submission with it makes no second run. Default: empty, a new id.
            ignore_unknown: Leave out values of unknown parameters. Default: False, they are an error.
            parse_texts: Read a text as a value of the default's type. Default: False.
            continue_on_step_failure: Whether steps that do not need a failed one still run. None: as published.

        Raises:
            BadInput: Something is wrong; the exception has every problem. Nothing was started.

        """

    @property
    def target_in_force(self) -> str:
        """The name of the target whose place the session works in; empty: it starts nothing."""

    def fire_schedule(self, record: ScheduleRecord) -> None:
        """Submit what is due of a schedule now.

        Args:
            record: The schedule.

        Raises:
            RunnerError: The run could not be submitted now; who fires the schedule tries again.

        """

    def place_schedule(self, record: ScheduleRecord) -> None:
        """Let a schedule fire as its record now says, where the workspace has somebody who fires schedules.

        Args:
            record: The schedule.

        Raises:
            TargetError: The cluster cannot be used.

        """

    def view(self, run: str) -> RunView:
        """Return the run as it is now.

        Args:
            run: The run's id.

        Raises:
            BadInput: There is no such run.

        """

    def wait(self, run: str, *, after: int, seconds: float) -> RunView:
        """Return the run as soon as it has ended or has new journal entries.

        Args:
            run: The run's id.
            after: The number of the last known entry.
            seconds: The longest wait.

        """

    def runs(self, experiment: str = "") -> tuple[str, ...]:
        """Return the ids of the workspace's runs, newest first.

        Args:
            experiment: The experiment. Default: empty, any.

        """

    def logs(self, run: str, key: str) -> str:
        """Return the whole output of a step's newest attempt so far.

        Args:
            run: The run's id.
            key: The step's key.

        """

    def cancel(self, run: str) -> None:
        """Cancel a run; one that has ended stays as it is.

        Args:
            run: The run's id.

        """


@runtime_checkable
class OpenWorkspace(Protocol):
    """The workspace object of a user, as the packages below `workspaces` see it."""

    @property
    def name(self) -> str:
        """The workspace's name."""

    @property
    def session(self) -> Session:
        """The session that the object stands for."""


class Captured(BaseException):
    """The end of a driver in capture mode, with the plan that it would have submitted.

    It is no Exception, so that a driver's own ``except Exception`` does not swallow it.

    Args:
        plan: The draft plan.
        request: Experiment, parameters and tags.

    """

    def __init__(self, plan: Plan, request: Request) -> None:
        super().__init__("captured")
        self.plan = plan
        self.request = request


_in_use: list[Session] = []


def use(session: Session | None) -> None:
    """Set the session of every later call.

    Args:
        session: The session. None: none is set.

    """
    _in_use[:] = [] if session is None else [session]


def current() -> Session:
    """Return the session in use. If there is none yet, open that of the step, else that of the current directory.

    Raises:
        BadInput: The workspace cannot be opened.

    """
    if not _in_use:
        _in_use.append(_opened())
    return _in_use[0]


def _opened() -> Session:
    from importlib import import_module

    if "RUNNER_STEP" in os.environ:
        from .step_session import open_in_step

        return open_in_step()
    # Not a plain import: opening a workspace is the only thing here that needs the adapters.
    return cast("Session", import_module("...wiring", __package__).open_session())
