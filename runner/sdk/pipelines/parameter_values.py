"""The values of a pipeline's parameters at submit, compared with their defaults (pure)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from ...errors import Problem
from ...model.plan import Scalar
from ...model.published import Data, ParameterValues
from ...operations.published.binding import scalar_problem, unknown_problems
from ...plan.data_parameters import WHERE, kind_problem
from ..base.exceptions import DataParameterInvalid, PipelineInvalid
from ..base.pipeline_parameter import PipelineParameter
from ..base.plain_values import plain_scalar
from ..datasets.parameter_values import data_of

if TYPE_CHECKING:
    Rule = Callable[[object], "tuple[str, str] | None"]


def checked(
    given: Mapping[str, object],
    known: Mapping[str, PipelineParameter],
    single: Iterable[str],
    counts: Mapping[str, int] | None = None,
    rules: Mapping[str, Rule] | None = None,
) -> ParameterValues:
    """Return the values that were given, sorted into plain ones and data.

    Args:
        given: Values by the parameter's name.
        known: The pipeline's parameters by name.
        single: Names of parameters that set a number of nodes: they can only be 1.
        counts: The least value of each parameter that gives a number of nodes or processes, by name. Default: none
            does.
        rules: The steps' own rules, by the name of the parameter (`PipelineStep.value_rules`). Default: none.

    Raises:
        PipelineInvalid: Parameters are unknown, or values do not fit; the exception has every problem.
        DataParameterInvalid: Only data have a wrong type; it is a TypeError as well (as in v1).

    """
    problems: list[Problem | None] = [*unknown_problems(given, known)]
    data_problems: list[Problem | None] = []
    scalars: dict[str, Scalar] = {}
    data: dict[str, Data] = {}
    nodes, least, own = set(single), counts or {}, rules or {}
    for name in [name for name in given if name in known]:
        value, default = plain_scalar(given[name]), known[name].default_value
        if known[name].scalar:
            if name in own:
                problems.append(_by_rule(name, own[name](value)))
            else:
                problems.append(scalar_problem(name, value, default, single=name in nodes, least=least.get(name)))
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


def _by_rule(name: str, fault: tuple[str, str] | None) -> Problem | None:
    return Problem(f"parameter '{name}': {fault[0]}", WHERE, fault[1]) if fault is not None else None
