"""The place of an output: v1's destinations and their templates (pure)."""

from __future__ import annotations

import re

from ...model.data import DEFAULT_DATASTORE
from ...model.names import OUTPUT_NAME, RUN_ID, destination_problem
from ..base.exceptions import UserErrorException
from ..base.pipeline_parameter import PipelineParameter
from ..datastores.data_paths import DataPath, pair_of, plain_path

DEFAULT = f"dataset/{RUN_ID}/{OUTPUT_NAME}"
"""v1's path of an OutputFileDatasetConfig without a destination."""
_BRACES = re.compile(r"\{[^}]*\}|[{}]")


def place_of(destination: object, label: str, where: str) -> tuple[str, str]:
    """Return the datastore's name of a destination, and the template of the path there.

    Args:
        destination: A datastore, a tuple of datastore and path, a DataPath, or None.
        label: The output's name, for messages.
        where: The line of the user's file, for messages.

    Raises:
        UserErrorException: The destination is of another type, or its path is invalid.

    """
    if destination is None:
        return DEFAULT_DATASTORE, DEFAULT
    datastore, path = _parts(destination, label, where)
    for part in (datastore, path):
        if isinstance(part, PipelineParameter) or "PipelineParameter_Name:" in str(part):
            raise _refused(
                label, where, "a PipelineParameter in a destination would be taken for text",
                "make the place when the pipeline is written, or write below it in the script by an argument",
            )  # fmt: skip
    if path is not None and not isinstance(path, str):
        kind = type(path).__name__
        raise _refused(label, where, f"a destination's path cannot be a {kind}", "give (datastore, path)")
    name = str(getattr(datastore, "name", datastore))
    return name, _template(name, path, label, where) or DEFAULT


def _parts(destination: object, label: str, where: str) -> tuple[object, object]:
    if isinstance(destination, DataPath):
        return destination.datastore_name, destination.path_on_datastore
    if pair := pair_of(destination):
        return pair
    if isinstance(getattr(destination, "name", None), str):
        return destination, None
    raise _refused(label, where, f"a destination cannot be a {type(destination).__name__}", "give (datastore, path)")


def _template(datastore: str, path: str | None, label: str, where: str) -> str:
    template = plain_path(path)
    for braces in _BRACES.findall(template):
        if braces not in (RUN_ID, OUTPUT_NAME):
            raise _refused(
                label, where, f"the destination {path!r} holds {braces}, which nothing fills in",
                f"only {RUN_ID} and {OUTPUT_NAME} are known",
            )  # fmt: skip
    if "*" in template:
        raise _refused(label, where, f"the destination {path!r} is no folder of a datastore", "name it without *")
    problem = destination_problem(template, workspace=datastore == DEFAULT_DATASTORE) if template else None
    if problem is not None:
        raise _refused(label, where, problem.what, "choose another place, such as data/…")
    return template


def _refused(label: str, where: str, what: str, remedy: str) -> UserErrorException:
    return UserErrorException(f"output '{label}': {what}", where=where, remedy=remedy)
