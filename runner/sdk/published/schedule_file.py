"""v1's YAML file of a schedule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Mapping, cast

from ...model.reading import unknown
from ..datastores.datastore import Datastore
from ..environments.conda_dependencies import read_yaml
from .recurrence import InvalidSchedule, ScheduleRecurrence

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace

_KEYS = (
    "description", "recurrence", "pipeline_parameters", "wait_for_provisioning", "wait_timeout", "datastore_name",
    "polling_interval", "data_path_parameter_name", "continue_on_step_failure", "path_on_datastore",
)  # fmt: skip
_RECURRENCE = ("frequency", "interval", "start_time", "time_zone", "hours", "minutes", "time_of_day", "week_days")


def read_schedule(workspace: Workspace, filename: str) -> dict[str, object]:
    """Return the arguments of `Schedule.create` that a file holds.

    Args:
        workspace: The workspace, which has the datastore that the file names.
        filename: The file.

    Raises:
        InvalidSchedule: It has no ``Schedule:``, or an unknown key.
        UserErrorException: It cannot be read, or names an unknown datastore.

    """
    document = read_yaml(Path(filename), "the schedule file")
    section = document.get("Schedule")
    if not isinstance(section, Mapping):
        raise InvalidSchedule("the file has no mapping 'Schedule:'", filename, "write the schedule below 'Schedule:'")
    _check(section, _KEYS, filename)
    found: dict[str, object] = {key: None if value == "None" else value for key, value in section.items()}
    if found.get("datastore_name") is not None:
        found["datastore_name"] = Datastore(workspace, str(found["datastore_name"]))
    if found.get("recurrence") is not None:
        found["recurrence"] = _recurrence(found["recurrence"], filename)
    return found


def _recurrence(section: object, filename: str) -> ScheduleRecurrence:
    if not isinstance(section, Mapping):
        raise InvalidSchedule("'recurrence' is no mapping", filename, "write frequency: and interval: below it")
    _check(section, _RECURRENCE, filename)
    values: dict[str, Any] = {key: cast("Any", section.get(key)) for key in _RECURRENCE}
    return ScheduleRecurrence(**values)


def _check(section: Mapping[str, object], known: tuple[str, ...], filename: str) -> None:
    for key in section:
        if key not in known:
            what, remedy = unknown("key", key, known)
            raise InvalidSchedule(what, filename, remedy)
