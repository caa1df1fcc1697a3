"""Schedule: runs of a published pipeline or an endpoint at due times, or when files of a datastore change."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Mapping

from ...model.published import Status
from ...operations.published import schedule_history, schedules
from ...override import override
from ..runs.owners import experiment_of
from .recurrence import ScheduleRecurrence
from .schedule_changes import Wanted, changed, created
from .schedule_file import read_schedule
from .shown import as_html, as_text
from .user_errors import user_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...model.schedule import ScheduleRecord
    from ..datastores.datastore import Datastore
    from ..runs.pipeline_run import PipelineRun
    from ..workspaces.workspace import Workspace


class Schedule:
    """A schedule: it runs a published pipeline, or the default version of a pipeline endpoint.

    It is due at the times of a recurrence, or when files of a datastore are new or have changed. On Kubernetes a
    CronJob fires it; on one machine ``runner serve`` does while it runs, or ``runner schedules fire`` from a cron of
    the user's. `Schedule.create`, `Schedule.create_for_pipeline_endpoint` and `Schedule.get` return one.

    Example:
        >>> every_day = ScheduleRecurrence("Day", 1, time_of_day="22:30")
        >>> schedule = Schedule.create(ws, "nightly", published.id, "training", recurrence=every_day)
        >>> schedule.disable()

    Args:
        workspace: The workspace.
        record: Its record in the workspace store.

    """

    def __init__(self, workspace: Workspace, record: ScheduleRecord) -> None:
        self.workspace = workspace
        self.record = record

    @staticmethod
    def create(
        workspace: Workspace,
        name: str,
        pipeline_id: str,
        experiment_name: str,
        recurrence: ScheduleRecurrence | None = None,
        description: str | None = None,
        pipeline_parameters: Mapping[str, object] | None = None,
        wait_for_provisioning: bool = False,
        wait_timeout: int = 3600,
        datastore: Datastore | None = None,
        polling_interval: int = 5,
        data_path_parameter_name: str | None = None,
        continue_on_step_failure: bool | None = None,
        path_on_datastore: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> Schedule:
        """Create a schedule of a published pipeline.

        Args:
            workspace: The workspace.
            name: The schedule's name. Other schedules may have it too.
            pipeline_id: The id of the published pipeline.
            experiment_name: The experiment of its runs.
            recurrence: When it is due. One without start_time starts in this minute, and fires at once if that is one
                of its times. None: it is due when files of `datastore` change.
            description: Text for people. None: empty.
            pipeline_parameters: Values of the pipeline's parameters. None: the defaults.
            wait_for_provisioning, wait_timeout: Not needed: the schedule is in place when this returns.
            datastore: Of files that it watches. None: `recurrence` is given.
            polling_interval: Minutes between two looks at the files. Default: 5.
            data_path_parameter_name: The DataPath parameter that gets the path of the changed file; of several the one
                that was written last. None: none.
            continue_on_step_failure: True: after a failure, steps that do not need the failed one still run. None: as
                the pipeline was published.
            path_on_datastore: The folder that is watched, without its subfolders. None: the whole datastore.

        Returns:
            The schedule.

        Raises:
            ValueError: The recurrence is invalid, or arguments do not go together.
            UserErrorException: The pipeline is unknown or not active, or a parameter does not fit. Nothing was created.

        """
        wanted = Wanted(
            name=name, description=description, experiment=experiment_name, recurrence=recurrence,
            parameters=pipeline_parameters, datastore=datastore, polling=polling_interval,
            parameter=data_path_parameter_name, going_on=continue_on_step_failure, path=path_on_datastore,
        )  # fmt: skip
        return Schedule(workspace, created(workspace.session, wanted, pipeline=str(pipeline_id)))

    @staticmethod
    def create_for_pipeline_endpoint(
        workspace: Workspace,
        name: str,
        pipeline_endpoint_id: str,
        experiment_name: str,
        recurrence: ScheduleRecurrence | None = None,
        description: str | None = None,
        pipeline_parameters: Mapping[str, object] | None = None,
        wait_for_provisioning: bool = False,
        wait_timeout: int = 3600,
        datastore: Datastore | None = None,
        polling_interval: int = 5,
        data_path_parameter_name: str | None = None,
        continue_on_step_failure: bool | None = None,
        path_on_datastore: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> Schedule:
        """Create a schedule of a pipeline endpoint: each run is of the version that is the default one when it is due.

        Args:
            workspace: The workspace.
            name: The schedule's name.
            pipeline_endpoint_id: The id of the endpoint.
            experiment_name, recurrence, description, pipeline_parameters, wait_for_provisioning: As of `create`.
            wait_timeout, datastore, polling_interval, data_path_parameter_name: As of `create`.
            continue_on_step_failure, path_on_datastore: As of `create`.

        Returns:
            The schedule.

        Raises:
            ValueError: As `create`.
            UserErrorException: As `create`.

        """
        wanted = Wanted(
            name=name, description=description, experiment=experiment_name, recurrence=recurrence,
            parameters=pipeline_parameters, datastore=datastore, polling=polling_interval,
            parameter=data_path_parameter_name, going_on=continue_on_step_failure, path=path_on_datastore,
        )  # fmt: skip
        return Schedule(workspace, created(workspace.session, wanted, endpoint=str(pipeline_endpoint_id)))

    @staticmethod
    def get(
        workspace: Workspace, id: str, _workflow_provider: object = None, _service_endpoint: object = None
    ) -> Schedule:
        """Return a schedule by its id.

        Args:
            workspace: The workspace.
            id: The id.

        Raises:
            UserErrorException: There is no such schedule.

        """
        with user_errors():
            return Schedule(workspace, schedules.get(workspace.session.store, str(id)))

    @staticmethod
    def list(
        workspace: Workspace,
        active_only: bool = True,
        pipeline_id: str | None = None,
        pipeline_endpoint_id: str | None = None,
        _workflow_provider: object = None,
        _service_endpoint: object = None,
    ) -> builtins.list[Schedule]:
        """Return schedules, newest first.

        Args:
            workspace: The workspace.
            active_only: False: disabled ones too. Default: True.
            pipeline_id: Only those of this published pipeline. None: all.
            pipeline_endpoint_id: Only those of this pipeline endpoint. None: all.

        """
        found = schedules.all_of(
            workspace.session.store,
            active_only=active_only,
            pipeline=pipeline_id or "",
            endpoint=pipeline_endpoint_id or "",
        )
        return [Schedule(workspace, record) for record in found]

    get_all = list  # noqa: A003 - v1's older name of it

    @staticmethod
    def get_schedules_for_pipeline_id(
        workspace: Workspace, pipeline_id: str, **_options: object
    ) -> builtins.list[Schedule]:
        """Return all schedules of a published pipeline, newest first.

        Args:
            workspace: The workspace.
            pipeline_id: The id of the pipeline.

        """
        return Schedule.list(workspace, active_only=False, pipeline_id=pipeline_id)

    @staticmethod
    def get_schedules_for_pipeline_endpoint_id(
        workspace: Workspace, pipeline_endpoint_id: str, **_options: object
    ) -> builtins.list[Schedule]:
        """Return all schedules of a pipeline endpoint, newest first.

        Args:
            workspace, pipeline_endpoint_id: The workspace, and the id of the endpoint.

        """
        return Schedule.list(workspace, active_only=False, pipeline_endpoint_id=pipeline_endpoint_id)

    @staticmethod
    def load_yaml(
        workspace: Workspace, filename: str, _workflow_provider: object = None, _service_endpoint: object = None
    ) -> dict[str, object]:
        """Return the arguments of `create` that a YAML file in v1's format holds.

        Args:
            workspace: The workspace, which has the datastore that the file names.
            filename: The file: a mapping ``Schedule:`` with keys such as ``recurrence`` and ``datastore_name``.

        Returns:
            The values by v1's keys. ``recurrence`` is a ScheduleRecurrence, ``datastore_name`` a Datastore.

        Raises:
            ValueError: The file has no ``Schedule:``, or an unknown key.
            UserErrorException: It cannot be read, or names an unknown datastore.

        """
        return read_schedule(workspace, filename)

    @property
    def id(self) -> str:
        """The id, a GUID."""
        return self.record.id

    @property
    def name(self) -> str:
        """The name."""
        return self.record.name

    @property
    def description(self) -> str:
        """The description."""
        return self.record.description

    @property
    def pipeline_id(self) -> str | None:
        """The id of its published pipeline; None: it is one of an endpoint."""
        return self.record.pipeline or None

    @property
    def pipeline_endpoint_id(self) -> str | None:
        """The id of its pipeline endpoint; None: it is one of a published pipeline."""
        return self.record.endpoint or None

    @property
    def status(self) -> str:
        """``"Active"`` or ``"Disabled"``, as of the time at which the object was fetched."""
        return self.record.status.value

    @property
    def recurrence(self) -> ScheduleRecurrence | None:
        """Its due times; None: it watches files of a datastore."""
        return ScheduleRecurrence.of_record(self.record.recurrence) if self.record.recurrence else None

    @property
    def datastore_name(self) -> str | None:
        """The datastore of the files that it watches; None: it has a recurrence."""
        return self.record.trigger.datastore if self.record.trigger else None

    @property
    def polling_interval(self) -> int | None:
        """The minutes between two looks at the files; None: it has a recurrence."""
        return self.record.trigger.polling_minutes if self.record.trigger else None

    @property
    def data_path_parameter_name(self) -> str | None:
        """The parameter that gets the path of the changed file; None: none."""
        return (self.record.trigger.parameter or None) if self.record.trigger else None

    @property
    def path_on_datastore(self) -> str | None:
        """The folder that it watches; None: the whole datastore, or none."""
        return (self.record.trigger.path or None) if self.record.trigger else None

    @property
    def continue_on_step_failure(self) -> bool | None:
        """True: after a failure, steps that do not need the failed one still run. None: as the pipeline has it."""
        return self.record.continue_on_step_failure

    def update(
        self,
        name: str | None = None,
        description: str | None = None,
        recurrence: ScheduleRecurrence | None = None,
        pipeline_parameters: Mapping[str, object] | None = None,
        status: str | None = None,
        wait_for_provisioning: bool = False,
        wait_timeout: int = 3600,
        datastore: Datastore | None = None,
        polling_interval: int | None = None,
        data_path_parameter_name: str | None = None,
        continue_on_step_failure: bool | None = None,
        path_on_datastore: str | None = None,
    ) -> None:
        """Change the schedule. What is None stays as it is.

        Args:
            name: The new name.
            description: The new description.
            recurrence: The new recurrence, of a schedule that has one.
            pipeline_parameters: New values of parameters; those of others stay.
            status: ``"Active"`` or ``"Disabled"``.
            wait_for_provisioning, wait_timeout: Not needed: the change holds when this returns.
            datastore, polling_interval, data_path_parameter_name, path_on_datastore: As of `create`, of a schedule that
                watches files.
            continue_on_step_failure: As of `create`.

        Raises:
            ValueError: The recurrence or the status is invalid, or an argument is of the other kind of schedule.
            UserErrorException: A parameter does not fit. Nothing was changed.

        """
        wanted = Wanted(
            name=name,
            description=description,
            recurrence=recurrence,
            parameters=pipeline_parameters,
            datastore=datastore,
            polling=polling_interval,
            parameter=data_path_parameter_name,
            going_on=continue_on_step_failure,
            path=path_on_datastore,
            status=status,
        )
        self.record = changed(self.workspace.session, self.record, wanted)

    def enable(self, wait_for_provisioning: bool = False, wait_timeout: int = 3600) -> None:
        """Make the schedule active. Due times and changes of files in the meantime do not count.

        Args:
            wait_for_provisioning, wait_timeout: Not needed: the change holds when this returns.

        """
        self.record = changed(self.workspace.session, self.record, Wanted(status=Status.ACTIVE.value))

    def disable(self, wait_for_provisioning: bool = False, wait_timeout: int = 3600) -> None:
        """Make the schedule inactive: it starts no runs. Runs that have begun go on.

        A due time before this call whose run is being submitted still makes its run.

        Args:
            wait_for_provisioning, wait_timeout: Not needed: the change holds when this returns.

        """
        self.record = changed(self.workspace.session, self.record, Wanted(status=Status.DISABLED.value))

    def get_pipeline_runs(self) -> builtins.list[PipelineRun]:
        """Return the runs that the schedule has started, newest first."""
        from ..runs.pipeline_run import PipelineRun

        experiment = experiment_of(self.workspace, self.record.experiment)
        return [PipelineRun(experiment, run) for run in self._runs()]

    def get_last_pipeline_run(self) -> PipelineRun | None:
        """Return the newest run that the schedule has started; None: there is none."""
        from ..runs.pipeline_run import PipelineRun

        newest = next(self._runs(), None)
        return PipelineRun(experiment_of(self.workspace, self.record.experiment), newest) if newest else None

    def _runs(self) -> Iterator[str]:
        return schedule_history.runs(self.workspace.session.store, self.id)

    def _rows(self) -> dict[str, str]:
        of = {"Pipeline Id": self.record.pipeline} if self.record.pipeline else {"Endpoint Id": self.record.endpoint}
        due = self.recurrence or f"changes of {self.datastore_name}/{self.path_on_datastore or ''}"
        return {"Name": self.name, "Id": self.id, "Status": self.status, **of, "Due": str(due)}

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.id == other.id

    @override
    def __hash__(self) -> int:
        return hash(self.id)

    @override
    def __repr__(self) -> str:
        return as_text("Pipeline", self._rows())

    def _repr_html_(self) -> str:  # what a notebook shows of it
        return as_html(self._rows())
