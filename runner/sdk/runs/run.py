"""Run: the base class of all runs, and the access to the run of this process."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import RunnerError
from ...override import override
from ..base.exceptions import RunEnvironmentException, SnapshotException
from .run_base import RunBase

if TYPE_CHECKING:
    from types import TracebackType

    from ..models.model import Model
    from ..workspaces.experiment import Experiment
    from ..workspaces.workspace import Workspace

_contexts: dict[int, Run] = {}


class Run(RunBase):
    """A run of an experiment. ``Run(experiment, run_id)`` returns an object of the class that fits the run.

    Example:
        >>> run = Run.get_context()  # in a script: the run of its step
        >>> run.log("accuracy", 0.93)
        >>> run.upload_file("outputs/model.pkl", "model.pkl")

    Args:
        experiment: The experiment.
        run_id: The run's id.
        outputs: Accepted as in v1 and ignored.

    Raises:
        UserErrorException: There is no such run.

    """

    def __new__(cls, experiment: Experiment | None = None, run_id: str = "", outputs: object = None) -> Run:
        """Return an object of the class that fits the id."""
        if cls is Run and experiment is not None:
            from .lookup import class_of

            return object.__new__(class_of(experiment.workspace.session, run_id))
        return object.__new__(cls)

    @staticmethod
    def get_context(allow_offline: bool = True, used_for_context_manager: bool = False, **kwargs: object) -> Run:
        """Return the run of this process: in a step the step's, else an offline run, which prints what it would record.

        Each process has one such object.

        Args:
            allow_offline: False: it is an error outside a step. Default: True.
            used_for_context_manager, **kwargs: Accepted as in v1 and ignored.

        Raises:
            RunEnvironmentException: The process belongs to no step, and `allow_offline` is False.

        """
        known = _contexts.get(os.getpid())
        if known is None or not (allow_offline or known.is_submitted):
            known = _contexts[os.getpid()] = _context(allow_offline=allow_offline)
        return known

    @staticmethod
    def get_submitted_run(**kwargs: object) -> Run:
        """Return the run of this process; v1's first name of ``get_context(allow_offline=False)``.

        Args:
            **kwargs: Accepted as in v1 and ignored.

        Raises:
            RunEnvironmentException: The process belongs to no step.

        """
        return Run.get_context(allow_offline=False)

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> Run:
        """Return a run by its id.

        Args:
            workspace: The workspace.
            run_id: The run's id; a step's is ``<run>.<step key>``.

        Raises:
            UserErrorException: There is no such run.

        """
        from .lookup import find_run

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
        """Return the runs of an experiment, newest first.

        Args:
            experiment: The experiment.
            type: The type of the runs, such as ``"azureml.PipelineRun"``. None: any.
            tags: A key, or a dict of keys and values that a run must have. None: any.
            properties: Likewise. None: any.
            status: v1's status, such as ``"Completed"``. None: any.
            include_children: True: child runs too. Default: False.

        """
        from .lookup import Filter, experiment_runs

        wanted = Filter(type, tags, properties, status)
        return (run for run in experiment_runs(experiment, include_children=include_children) if wanted.takes(run))

    @property
    def parent(self) -> Run | None:
        """The run that this one is a child of, or None."""
        return None

    def get_metrics(
        self, name: str | None = None, recursive: bool = False, run_type: object = None, populate: bool = False
    ) -> dict[str, object]:
        """Return the metrics by name. A name that was logged several times has a list.

        Args:
            name: Only this metric. None: all.
            recursive: True: a dict of the metrics of this run and of the runs below it, by run id. Default: False.
            run_type: With `recursive`, only child runs of this type. None: any.
            populate: Accepted as in v1 and ignored.

        """
        metrics = self.records.metrics(name)
        if not recursive:
            return metrics
        below = {run.id: run.get_metrics(name) for run in self.get_children(recursive=True, type=run_type)}
        return {run: found for run, found in {self.id: metrics, **below}.items() if found}

    @property
    def list_id(self) -> str:
        """The id under which its children are listed: its own, or that of the run that it reuses."""
        return self.id

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Run:
        """Start a child run, which the caller logs to and ends.

        Args:
            name: Its display name. None: its id.
            run_id: Its id. None: a new one.
            outputs: The folder whose files are kept when it ends. None: none.

        Returns:
            The child run.

        Raises:
            UserErrorException: The id is taken or invalid.

        """
        from .logged_run import LoggedRun

        return LoggedRun.begin(self.experiment, name=name, run_id=run_id, parent=self.id, outputs=outputs)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Sequence[object] | None = None
    ) -> builtins.list[Run]:
        """Start several child runs.

        Args:
            count: Their number. None: there is one for each of `tag_values`.
            tag_key: The key of the tag that each gets. None: `count` is given.
            tag_values: The values of that tag. None: `count` is given.

        Returns:
            The child runs.

        Raises:
            UserErrorException: Both ways are chosen, or neither.

        """
        from .children import create_children

        return create_children(self, count, tag_key, tag_values)

    def submit_child(self, config: object, tags: Mapping[str, object] | None = None, **kwargs: object) -> Run:
        """Submit a script or a pipeline as a child of this run.

        Args:
            config: A Pipeline, a ScriptRunConfig or an Estimator.
            tags: Tags of the child run. None: none.
            **kwargs: See `Experiment.submit`.

        Returns:
            The child run.

        """
        return self.experiment.submit(config, tags, **{**kwargs, "parent_run_id": self.id})

    def get_children(
        self,
        recursive: bool = False,
        tags: object = None,
        properties: object = None,
        type: object = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """Return the child runs, newest first.

        Args:
            recursive: True: each is followed by the runs below it. Default: False.
            tags: A key, or a dict of keys and values that a run must have. None: any.
            properties: Likewise. None: any.
            type: The type of the runs. None: any.
            status: v1's status. None: any.

        """
        from .children import matching
        from .lookup import Filter

        return matching(self, Filter(type, tags, properties, status), recursive=recursive)

    def direct_children(self) -> Iterator[Run]:
        """Return the direct child runs, newest first."""
        from .children import listed_children

        return listed_children(self, self.list_id)

    def log_image(self, name: str, path: str | None = None, plot: object = None, description: str = "") -> None:
        """Record an image as a file of the run. The metric is the file's name.

        Args:
            name: The metric's name.
            path: The image file. None: `plot` is given.
            plot: A figure of matplotlib, or its ``pyplot`` module. None: `path` is given.
            description: Text for people. Default: empty.

        Raises:
            UserErrorException: Both are given, or neither.

        """
        self.records.metric(name, self.files.keep_image(name, path, plot), "image", description)

    def get_snapshot_id(self) -> str | None:
        """Return the id of the snapshot of the folder that it ran from; None: it has none."""
        return self.records.facts.get("snapshot")

    def take_snapshot(self, file_or_folder_path: str) -> str:
        """Store a file or a folder, without the files that v1's ignore rules name, as the run's snapshot.

        Args:
            file_or_folder_path: The file or folder.

        Returns:
            The snapshot's id.

        Raises:
            SnapshotException: There is nothing, or it is too large.

        """
        from .snapshots import keep_snapshot

        digest = keep_snapshot(self.session.store, Path(file_or_folder_path))
        self.records.set_fact("snapshot", digest)
        return digest

    def restore_snapshot(self, snapshot_id: str | None = None, path: str | None = None) -> str:
        """Write a snapshot as ``<snapshot id>.zip``.

        Args:
            snapshot_id: The snapshot. None: the run's own.
            path: The folder for the file, which is made. None: the current one.

        Returns:
            The absolute path of the file.

        Raises:
            SnapshotException: There is no such snapshot, it is damaged, or the file cannot be written.

        """
        from .snapshots import write_snapshot

        wanted = snapshot_id or self.get_snapshot_id()
        if not wanted:
            raise SnapshotException(f"{self!r} has no snapshot")
        return write_snapshot(self.session.store, wanted, Path(path or "."))

    @property
    def number(self) -> int:
        """The run's number in the experiment, in the order of time, from 1."""
        from .lookup import number_of

        return number_of(self)

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, object] | None = None,
        properties: Mapping[str, object] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: object = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
        **kwargs: object,
    ) -> Model:
        """Register files of this run as the next version of a model.

        Args:
            model_name: The model's name.
            model_path: A file or folder among the run's files, such as ``"outputs/model.pkl"``. None: `model_name`.
            tags: Tags. None: none.
            properties: Properties, which cannot be changed later. None: none.
            model_framework: The framework, for example ``Model.Framework.SCIKITLEARN``. None: none.
            model_framework_version: The framework's version. None: none.
            description: Text for people. None: none.
            datasets: Pairs of a scenario and a dataset. None: none.
            sample_input_dataset, sample_output_dataset, resource_configuration, **kwargs: Accepted as in v1 and
                ignored.

        Returns:
            The registered model.

        Raises:
            ModelPathNotFoundException: The run has no such file.

        """
        from ..models.registry import Draft
        from .registering import register_files

        draft = Draft(
            name=model_name,
            tags=tags,
            properties=properties,
            description=description,
            datasets=datasets,
            framework=model_framework,
            framework_version=model_framework_version,
            run=self.id,
            experiment=self.experiment.name,
        )
        return register_files(self, model_path or model_name, draft)

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
    def __str__(self) -> str:
        return "Run({})".format(",\n".join(f"{name}: {value}" for name, value in _shown(self).items()))

    def _repr_html_(self) -> str:  # what a notebook shows of it
        from html import escape

        rows = (f"<tr><td>{name}</td><td>{escape(value)}</td></tr>" for name, value in _shown(self).items())
        return f"<table>{''.join(rows)}</table>"


def _context(*, allow_offline: bool) -> Run:
    if "RUNNER_STEP" in os.environ:
        from .context_run import ContextRun

        return ContextRun.of_this_process()
    if not allow_offline:
        raise RunEnvironmentException("this process belongs to no submitted run")
    from .offline_run import _OfflineRun

    return _OfflineRun()


def _shown(run: Run) -> dict[str, str]:
    """Return the rows of ``print(run)`` and of notebooks; without a status if the store does not answer."""
    facts = {"Experiment": run.experiment.name} if run.is_submitted else {}
    facts.update({"Id": run.id, "Type": run.type})
    with suppress(RunnerError):
        facts["Status"] = run.get_status()
    return facts
