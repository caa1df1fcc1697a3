"""The values of a pipeline's parameters at submit, compared with their defaults (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...errors import Problem
from ...model.data import DatasetDefinition, DatastorePath
from ...model.plan import Scalar
from ...model.published import Data, ParameterValues
from ...operations.published.binding import scalar_problem, unknown_problems
from ...plan.data_parameters import kind_problem
from ..base.exceptions import DataParameterInvalid, PipelineInvalid
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Placeholder
from ..base.plain_values import plain_scalar
from ..datasets.abstract_dataset import AbstractDataset
from ..datastores.data_paths import DataPath


def checked(
    given: Mapping[str, object], known: Mapping[str, PipelineParameter], single: Iterable[str]
) -> ParameterValues:
    """Return the values that were given, sorted into plain ones and data.

    Args:
        given: Values by the parameter's name.
        known: The pipeline's parameters by name.
        single: Names of parameters that set a number of nodes: they can only be 1.

    Raises:
        PipelineInvalid: Parameters are unknown, or values do not fit; the exception has every problem.
        DataParameterInvalid: Only data have a wrong type; it is a TypeError as well (as in v1).

    """
    problems: list[Problem | None] = [*unknown_problems(given, known)]
    data_problems: list[Problem | None] = []
    scalars: dict[str, Scalar] = {}
    data: dict[str, Data] = {}
    nodes = set(single)
    for name in [name for name in given if name in known]:
        value, default = plain_scalar(given[name]), known[name].default_value
        if known[name].scalar:
            problems.append(scalar_problem(name, value, default, single=name in nodes))
            if value is None or isinstance(value, (str, int, float)):
                scalars[name] = value
        else:
            found = data_of(value)
            data_problems.append(kind_problem(name, data_of(default), found, type(value).__name__))
            if found is not None:
                data[name] = found
    wrong, wrong_data = [each for each in problems if each], [each for each in data_problems if each]
    if wrong_data and not wrong:
        raise DataParameterInvalid(wrong_data)
    if wrong:
        raise PipelineInvalid([*wrong, *wrong_data])
    return ParameterValues(scalars=scalars, data=data)


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
