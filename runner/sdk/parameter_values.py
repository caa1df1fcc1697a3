"""The values that a pipeline's parameters are given at submit, checked against their defaults (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..dataclass import dataclass
from ..errors import Problem
from ..model.data import DataPath as Place
from ..model.data import DatasetDefinition
from ..model.plan import Scalar
from .data import DataPath
from .dataset_base import AbstractDataset
from .exceptions import DataParameterInvalid, PipelineInvalid
from .flow import Placeholder
from .parameter import PipelineParameter
from .plain_values import plain_scalar

_WHERE = "pipeline_parameters"


@dataclass(frozen=True)
class Values:
    """What was given: plain values, and data."""

    scalars: Mapping[str, Scalar]
    data: Mapping[str, object]


def checked(given: Mapping[str, object], known: Mapping[str, PipelineParameter], single: Iterable[str]) -> Values:
    """The values. Raises PipelineInvalid with all that is wrong: unknown names, other types.

    `single` names the parameters that say how many nodes there are: they can only be 1.
    Where only data have another type, the exception is a TypeError as well (as v1's).
    """
    problems: list[Problem] = []
    misfits: list[Problem] = []
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
            misfits.extend(_data_misfit(parameter, value))
        elif (value is None or isinstance(value, (str, int, float))) and _fits(value, parameter.default_value):
            scalars[name] = value
        else:
            problems.append(_misfit(name, value, parameter.default_value))
    if misfits and not problems:
        raise DataParameterInvalid(misfits)
    if problems:
        raise PipelineInvalid([*problems, *misfits])
    return Values(scalars, data)


def data_of(value: object) -> Place | DatasetDefinition | None:
    """The data that a value stands for; None when it stands for none."""
    match value:
        case DataPath():
            return value.place()
        case AbstractDataset():
            return value.definition
        case Place() | DatasetDefinition():
            return value
        case Placeholder():
            origin = value.consumed().origin
            return origin if isinstance(origin, (Place, DatasetDefinition)) else None
        case _:
            return None


def _fits(value: Scalar, default: object) -> bool:
    if value is None or default is None:
        return True
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return True
    return type(value) is type(default)


def _data_misfit(parameter: PipelineParameter, value: object) -> Iterable[Problem]:
    wanted = _kind(data_of(parameter.default_value))
    if _kind(data_of(value)) != wanted:
        what = f"parameter '{parameter.name}' stands for a {wanted}, not a {type(value).__name__}"
        yield Problem(what, _WHERE, f"pass a {wanted}")


def _kind(data: Place | DatasetDefinition | None) -> str:
    if isinstance(data, DatasetDefinition):
        return "TabularDataset" if data.kind == "tabular" else "FileDataset"
    return "DataPath" if data else ""


def _unknown(name: str, known: Iterable[str]) -> Problem:
    listed = ", ".join(sorted(known)) or "none"
    return Problem(f"the pipeline has no parameter '{name}' (its parameters: {listed})", _WHERE)


def _several(name: str, value: object) -> Problem:
    what = f"parameter '{name}' asks for {value!r} nodes or processes, and steps of several come in a later version"
    return Problem(what, _WHERE, "pass 1")


def _misfit(name: str, value: object, default: object) -> Problem:
    kind = type(default).__name__
    return Problem(f"parameter '{name}' is a {kind} (default {default!r}), not {value!r}", _WHERE, f"pass a {kind}")
