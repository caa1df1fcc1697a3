"""Values of a pipeline's parameters at submission, compared with their defaults in the plan (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from ...dataclass import dataclass
from ...errors import BadInput, Problem
from ...model.plan import Plan, Scalar
from ...model.published import Data, ParameterValues
from ...model.reading import unknown
from ...plan import data_parameters
from ...plan.bind import parse_value
from ...plan.data_parameters import WHERE
from ...plan.worker_counts import count_problem, least_counts


@dataclass(frozen=True)
class Bound:
    """A plan whose parameters of data have their values, and the values of the others."""

    plan: Plan
    scalars: Mapping[str, Scalar]


def bound(
    plan: Plan,
    values: ParameterValues,
    *,
    ignore_unknown: bool = False,
    parse_texts: bool = False,
) -> Bound:
    """Return a plan with values of its parameters; the others keep their defaults.

    Args:
        plan: The plan.
        values: The values by name.
        ignore_unknown: True: leave out values whose names the plan does not have, as v1's REST interface does.
            Default: False, they are an error.
        parse_texts: True: read a text as a value of the default's type, since command lines and v1's REST clients
            write numbers as text. Default: False, a text is no number.

    Raises:
        BadInput: Parameters are unknown, or values do not fit; the exception has every problem.

    """
    known = data_parameters.defaults(plan)
    names = {*plan.parameters, *known}
    scalars = {name: value for name, value in values.scalars.items() if name in names or not ignore_unknown}
    data = {name: value for name, value in values.data.items() if name in names or not ignore_unknown}
    if parse_texts:
        scalars = {name: _parsed(value, plan.parameters.get(name)) for name, value in scalars.items()}
    problems = [
        *unknown_problems((*scalars, *data), (*plan.parameters, *known)),
        *_scalar_problems(scalars, plan, known),
        *_data_problems(data, plan.parameters, known),
    ]
    if problems:
        raise BadInput(problems)
    return Bound(data_parameters.bind(plan, data), scalars)


def unknown_problems(given: Iterable[str], known: Collection[str]) -> Iterator[Problem]:
    """Yield a problem, with the nearest name, for each parameter that a pipeline does not have.

    Args:
        given: The names that have values.
        known: The names of the pipeline's parameters.

    """
    for name in given:
        if name not in known:
            remedy = unknown("parameter", name, sorted(known))[1]
            listed = ", ".join(sorted(known)) or "none"
            yield Problem(f"the pipeline has no parameter '{name}' (its parameters: {listed})", WHERE, remedy)


def scalar_problem(
    name: str, value: object, default: object, *, single: bool = False, least: int | None = None
) -> Problem | None:
    """Return why a plain value cannot be that of a parameter; None if it can.

    None fits every parameter, and a parameter whose default is None takes every plain value. A whole number fits where
    the default has a fraction; otherwise the types are equal (v1).

    Args:
        name: The parameter.
        value: The value.
        default: The parameter's default.
        single: True: it sets a number of nodes or processes of a step that has one. Default: False.
        least: The least number of nodes or processes that it may give (`worker_counts.least_counts`). Default: None,
            it gives none.

    """
    if single and str(value) != "1":
        what = f"parameter '{name}' asks for {value!r} nodes or processes, and its step runs its script once"
        return Problem(what, WHERE, "pass 1; steps of MPI, PyTorch, TensorFlow and parallel runs have several")
    if least is not None:
        return count_problem(name, value, least)
    if value is None or (isinstance(value, (str, int, float)) and _fits(value, default)):
        return None
    kind = type(default).__name__
    return Problem(f"parameter '{name}' is a {kind} (default {default!r}), not {value!r}", WHERE, f"pass a {kind}")


def with_defaults(plan: Plan, values: ParameterValues) -> Plan:
    """Return a plan whose defaults are these values, which fit.

    Args:
        plan: The plan.
        values: The values.

    Raises:
        BadInput: As `bound`.

    """
    made = bound(plan, values)
    return replace(made.plan, parameters={**plan.parameters, **made.scalars})


def _fits(value: Scalar, default: object) -> bool:
    if default is None:
        return True
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return True
    return type(value) is type(default)


def _parsed(value: Scalar, default: Scalar) -> Scalar:
    """Return a text as a value of the default's type; what cannot be read stays as it is, and does not fit."""
    if not isinstance(value, str):
        return value
    try:
        return parse_value(value, default)
    except ValueError:
        return value


def _scalar_problems(given: Mapping[str, Scalar], plan: Plan, data: Mapping[str, Data]) -> Iterator[Problem]:
    counts = least_counts(plan)
    for name, value in given.items():
        if name in data:
            problem = data_parameters.kind_problem(name, data[name], None, type(value).__name__)
        elif name in plan.parameters:
            single = name in plan.node_parameters
            problem = scalar_problem(name, value, plan.parameters[name], single=single, least=counts.get(name))
        else:
            continue
        if problem is not None:
            yield problem


def _data_problems(
    given: Mapping[str, Data], defaults: Mapping[str, Scalar], data: Mapping[str, Data]
) -> Iterator[Problem]:
    for name, value in given.items():
        shown = data_parameters.kind_of(value)
        if name in data:
            problem = data_parameters.kind_problem(name, data[name], value, shown)
            if problem is not None:
                yield problem
        elif name in defaults:
            kind = type(defaults[name]).__name__
            what = f"parameter '{name}' is a {kind} (default {defaults[name]!r}), not a {shown}"
            yield Problem(what, WHERE, f"pass a {kind}")
