"""Values of pipeline parameters as users give them: plain ones, and data."""

from __future__ import annotations

from typing import Mapping

from ...errors import Problem
from ...model.data import DatasetDefinition, DatastorePath
from ...model.plan import Scalar
from ...model.published import Data, ParameterValues
from ..base.exceptions import PipelineInvalid
from ..base.placeholders import Placeholder
from ..base.plain_values import plain_scalar
from ..datastores.data_paths import DataPath
from .abstract_dataset import AbstractDataset


def sorted_values(given: Mapping[str, object]) -> ParameterValues:
    """Return values sorted into plain ones and data; nothing is known of the parameters.

    Args:
        given: Values by the parameter's name, as a user gives them.

    Raises:
        PipelineInvalid: A value is neither a plain one nor data.

    """
    scalars: dict[str, Scalar] = {}
    data: dict[str, Data] = {}
    problems: list[Problem] = []
    for name, item in given.items():
        value = plain_scalar(item)
        found = data_of(value)
        if found is not None:
            data[name] = found
        elif value is None or isinstance(value, (str, int, float)):
            scalars[name] = value
        else:
            what = f"parameter '{name}' cannot be a {type(value).__name__}"
            problems.append(Problem(what, "pipeline_parameters", "pass a plain value, a DataPath or a Dataset"))
    if problems:
        raise PipelineInvalid(problems)
    return ParameterValues(scalars=scalars, data=data)


def data_of(value: object) -> Data | None:
    """Return the data that a value stands for; None for a plain value.

    Args:
        value: The value.

    """
    if isinstance(value, DataPath):
        return value.place()
    if isinstance(value, AbstractDataset):
        return value.definition
    origin = value.consumed().origin if isinstance(value, Placeholder) else value
    return origin if isinstance(origin, (DatastorePath, DatasetDefinition)) else None
