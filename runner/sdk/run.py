"""Run: what all runs have alike, and the way to the one this process belongs to."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..override import override
from .exceptions import RunEnvironmentException, UserErrorException
from .reports import METRICS, fold_metrics
from .run_children import Children
from .run_files import RunFiles
from .run_workspace import InWorkspace, Snapshots

if TYPE_CHECKING:
    from types import TracebackType

    from .environment import Environment
    from .experiment import Experiment
    from .session import Session
    from .workspace import Workspace

_contexts: dict[int, Run] = {}


class Run(RunFiles, Children, Snapshots, InWorkspace):
    """A run by its id: ``Run(experiment, id)`` is a handle of the class that fits the id."""

    def __new__(cls, experiment: Experiment | None = None, run_id: str = "", outputs: object = None) -> Run:
        """Make the object of the class that fits. Raises UserErrorException for an unknown id."""
        if cls is Run and experiment is not None:
            from .run_lookup import class_of

            return object.__new__(class_of(experiment.workspace.session, run_id))
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
        if known is None or not (allow_offline or known.is_submitted):
            known = _contexts[os.getpid()] = _context(allow_offline=allow_offline)
        return known

    @staticmethod
    def get_submitted_run(**kwargs: object) -> Run:
        """v1's first name of ``get_context(allow_offline=False)``. Raises RunEnvironmentException."""
        return Run.get_context(allow_offline=False)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """The run of this id. Raises UserErrorException for an unknown one."""
        from .run_lookup import find_run

        return find_run(workspace, run_id)

    @staticmethod
    def list(
        experiment: Experiment,
        type: object = None,
        tags: object = None,
        properties: object = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The experiment's runs that have these tags, properties and status, newest first.

        `tags` and `properties` are a key, or keys with their values.
        """
        from .run_lookup import Filter, experiment_runs

        wanted = Filter(type, tags, properties, status)
        return (run for run in experiment_runs(experiment, include_children=include_children) if wanted.takes(run))

    @property
    @override
    def id(self) -> str:
        """The run's id."""
        return self._run_id

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._run_id

    @property
    def is_submitted(self) -> bool:
        """Whether there is a workspace around it."""
        return True

    @property
    def name(self) -> str:
        """A name for people."""
        return self._run_id

    @property
    def display_name(self) -> str:
        """A name for people, which can be set."""
        return self.facts.get("display_name") or self.name

    @display_name.setter
    def display_name(self, name: str) -> None:
        self.state_fact("display_name", name)

    @property
    def description(self) -> str:
        """What was said of it; can be set."""
        return self.facts.get("description", "")

    @description.setter
    def description(self, text: str) -> None:
        self.state_fact("description", text)

    @property
    @override
    def experiment(self) -> Experiment:
        """The experiment it belongs to."""
        if self._experiment is None:
            raise RunEnvironmentException(f"run {self.id} has no experiment")
        return self._experiment

    @property
    @override
    def session(self) -> Session:
        """What is open."""
        return self.experiment.workspace.session

    @property
    def parent(self) -> Run | None:
        """The run it is part of."""
        return None

    @property
    def status(self) -> str:
        """Its status now."""
        return self.get_status()

    @property
    def type(self) -> str:
        """v1's word for the kind of run."""
        return "azureml.scriptrun"

    def get_status(self) -> str:
        """v1's status word."""
        return "Running"

    def get_detailed_status(self) -> dict[str, object]:
        """The status and, where it waits for something, for what."""
        return {"status": self.get_status(), "details": None}

    def get_details(self) -> dict[str, object]:
        """v1's document of the run."""
        return {"runId": self.id, "status": self.get_status(), "properties": self.get_properties()}

    def get_details_with_logs(self) -> dict[str, object]:
        """v1's document of the run, with what the log files hold."""
        return self.get_details()

    def get_environment(self) -> Environment:
        """The environment it ran in. Raises UserErrorException for a run without one of its own."""
        raise UserErrorException(f"run {self.id} has no environment of its own")

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """Its metrics by name; with `recursive` those of the runs below it (of `run_type`, if given), by run id."""
        metrics = fold_metrics(line for line in self.report_lines(METRICS) if name in (None, line["name"]))
        if not recursive:
            return metrics
        below = {run.id: run.get_metrics(name) for run in self.get_children(recursive=True, type=run_type)}
        return {run: found for run, found in ({self.id: metrics} | below).items() if found}

    def get_portal_url(self) -> str:
        """Empty: there is no portal."""
        return ""

    def complete(self, _set_status: bool = True) -> None:
        """Without effect: a submitted run's status is its process's, as in v1."""

    def fail(self, error_details: object = None, error_code: str | None = None, _set_status: bool = True) -> None:
        """Without effect: a submitted run's status is its process's, as in v1."""

    def cancel(self) -> None:
        """Ask for the end of the run."""

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.complete()
        else:
            self.fail(error_details=f"{type(error).__name__}: {error}")

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r})"

    @override
    def __str__(self) -> str:
        from .run_shown import as_text

        return as_text(self)

    def _repr_html_(self) -> str:  # what a notebook shows of it
        from .run_shown import as_html

        return as_html(self)


def _context(*, allow_offline: bool) -> Run:
    if "RUNNER_STEP" in os.environ:
        from .context_run import ContextRun

        return ContextRun.of_this_process()
    if not allow_offline:
        raise RunEnvironmentException("this process belongs to no submitted run")
    from .offline_run import _OfflineRun

    return _OfflineRun()
