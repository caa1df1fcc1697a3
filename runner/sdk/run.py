"""Run: what all runs have alike, and the way to the one this process belongs to."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ..override import override
from .exceptions import NotOffered, RunEnvironmentException
from .run_logging import Logging

if TYPE_CHECKING:
    from types import TracebackType

    from .experiment import Experiment
    from .workspace import Workspace

_contexts: dict[int, Run] = {}


class Run(Logging):
    """A run by its id. ``Run(experiment, id)`` of a pipeline run or of one of its steps is a handle on it."""

    def __new__(cls, experiment: Experiment | None = None, run_id: str = "", outputs: object = None) -> Run:
        """Make the class that fits the id: a step's run has a dot in it."""
        if cls is Run and experiment is not None:
            from .pipeline_run import run_class

            return object.__new__(run_class(run_id))
        return object.__new__(cls)

    def __init__(self, experiment: Experiment | None = None, run_id: str = "", outputs: object = None) -> None:
        self._experiment = experiment
        self._run_id = run_id

    @staticmethod
    def get_context(allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: object) -> Run:
        """The run of this process: the step's, inside one; else the offline run. One object per process.

        Raises RunEnvironmentException outside a step when `allow_offline` is False.
        """
        known = _contexts.get(os.getpid())
        if known is None:
            known = _contexts[os.getpid()] = _context(allow_offline=allow_offline)
        return known

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run of this id. Raises BadInput for an unknown one."""
        from .pipeline_run import get_run

        return get_run(workspace, run_id)

    @staticmethod
    def list(
        experiment: Experiment,
        type: object = None,
        tags: object = None,
        properties: object = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The experiment's runs, newest first."""
        return (run for run in experiment.get_runs() if status in (None, run.get_status()))

    @property
    def id(self) -> str:
        """The run's id."""
        return self._run_id

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run_id

    @property
    def name(self) -> str:
        """A name for people."""
        return self._run_id

    @property
    def display_name(self) -> str:
        """A name for people."""
        return self.name

    @property
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        if self._experiment is None:
            raise RunEnvironmentException(f"run {self.id} has no experiment")
        return self._experiment

    @property
    def parent(self) -> Run | None:
        """The run it is part of."""
        return None

    @property
    def status(self) -> str:
        """Its status now."""
        return self.get_status()

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return self.get_tags()

    @property
    def properties(self) -> dict[str, str]:
        """Its properties."""
        return self.get_properties()

    @property
    def type(self) -> str:
        """v1's word for the kind of run."""
        return "azureml.scriptrun"

    def get_status(self) -> str:
        """v1's status word."""
        return "Running"

    def get_tags(self) -> dict[str, str]:
        """Its tags."""
        return {}

    def get_properties(self) -> dict[str, str]:
        """Its properties."""
        return {}

    def add_properties(self, properties: Mapping[str, object]) -> None:
        """Set properties. Raises UserErrorException for a key that is set already."""
        from .exceptions import UserErrorException

        taken = sorted(set(properties) & set(self.get_properties()))
        if taken:
            raise UserErrorException(f"property {taken[0]!r} is set already: properties cannot be changed")
        self.record_properties(properties)

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """Its metrics by name."""
        return {}

    def get_portal_url(self) -> str:
        """Empty: there is no portal."""
        return ""

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Refuse: child runs come later."""
        raise NotOffered("child runs are not offered yet", remedy="log with a name per part")

    def complete(self) -> None:
        """Without effect: a submitted run's status is its process's, as in v1."""

    def fail(self, error_details: object = None, error_code: str | None = None) -> None:
        """Without effect: a submitted run's status is its process's, as in v1."""

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.complete()

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"


def _context(*, allow_offline: bool) -> Run:
    if "RUNNER_STEP" in os.environ:
        from .context_run import ContextRun

        return ContextRun.of_this_process()
    if not allow_offline:
        raise RunEnvironmentException("this process belongs to no submitted run")
    from .offline_run import _OfflineRun

    return _OfflineRun()
