"""The values of a pipeline's parameters at submit, compared with their defaults (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ...dataclass import dataclass
from ...errors import Problem
from ...model.data import DatasetDefinition, DatastorePath
from ...model.plan import Scalar
from ..base.exceptions import DataParameterInvalid, PipelineInvalid
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Placeholder
from ..base.plain_values import plain_scalar
from ..datasets.abstract_dataset import AbstractDataset
from ..datastores.data_paths import DataPath

_WHERE = "pipeline_parameters"


@dataclass(frozen=True)
class Values:
    """Values of parameters: plain ones, and data."""

    scalars: Mapping[str, Scalar]
    data: Mapping[str, object]


def checked(given: Mapping[str, object], known: Mapping[str, PipelineParameter], single: Iterable[str]) -> Values:
    """Return the values that were given, sorted into plain ones and data.

    Args:
        given: Values by the parameter's name.
        known: The pipeline's parameters by name.
        single: Names of parameters that set a number of nodes: they can only be 1.

    Raises:
        PipelineInvalid: Parameters are unknown, or values do not fit; the exception has every problem.
        DataParameterInvalid: Only data have a wrong type; it is a TypeError as well (as in v1).

    """
    problems: list[Problem] = []
    data_problems: list[Problem] = []
    scalars: dict[str, Scalar] = {}
    data: dict[str, object] = {}
    for name, item in given.items():
        value = plain_scalar(item)
        parameter = known.get(name)
        if parameter is None:
            problems.append(_unknown(name, known))
        elif name in set(single) and str(value) != "1":
            problems.append(_several(name, value))
        elif not parameter.scalar:
            data[name] = value
            data_problems.extend(_data_problems(parameter, value))
        elif (value is None or isinstance(value, (str, int, float))) and _fits(value, parameter.default_value):
            scalars[name] = value
        else:
            problems.append(_type_problem(name, value, parameter.default_value))
    if data_problems and not problems:
        raise DataParameterInvalid(data_problems)
    if problems:
        raise PipelineInvalid([*problems, *data_problems])
    return Values(scalars, data)


def data_of(value: object) -> DatastorePath | DatasetDefinition | None:
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


def _fits(value: Scalar, default: object) -> bool:
    if value is None or default is None:
        return True
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return True
    return type(value) is type(default)


def _data_problems(parameter: PipelineParameter, value: object) -> Iterable[Problem]:
    wanted = _kind(data_of(parameter.default_value))
    if _kind(data_of(value)) != wanted:
        what = f"parameter '{parameter.name}' stands for a {wanted}, not a {type(value).__name__}"
        yield Problem(what, _WHERE, f"pass a {wanted}")


def _kind(data: DatastorePath | DatasetDefinition | None) -> str:
    if isinstance(data, DatasetDefinition):
        return "TabularDataset" if data.kind == "tabular" else "FileDataset"
    return "DataPath" if data else ""


def _unknown(name: str, known: Iterable[str]) -> Problem:
    listed = ", ".join(sorted(known)) or "none"
    return Problem(f"the pipeline has no parameter '{name}' (its parameters: {listed})", _WHERE)


def _several(name: str, value: object) -> Problem:
    what = f"parameter '{name}' asks for {value!r} nodes or processes, and steps of several come in a later version"
    return Problem(what, _WHERE, "pass 1")


def _type_problem(name: str, value: object, default: object) -> Problem:
    kind = type(default).__name__
    return Problem(f"parameter '{name}' is a {kind} (default {default!r}), not {value!r}", _WHERE, f"pass a {kind}")
