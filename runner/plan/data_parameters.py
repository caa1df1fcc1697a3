"""Pipeline parameters that stand for data: their defaults in a plan, and other values in their place (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from ..errors import BadInput, Problem
from ..model.data import DatasetDefinition, DatastorePath, Mode, has_wildcard
from ..model.plan import Plan
from ..model.published import Data
from ..model.reading import unknown
from ..model.step import InputSpec, InputUse, OutputOf

WHERE = "pipeline_parameters"


def defaults(plan: Plan) -> dict[str, Data]:
    """Return the data that each parameter of this kind stands for now, in the order of the steps.

    Args:
        plan: The plan.

    """
    found: dict[str, Data] = {}
    for step in plan.steps:
        for spec in step.inputs:
            if spec.parameter and not isinstance(spec.source, OutputOf):
                found.setdefault(spec.parameter, spec.source)
    return found


def paths_read(plan: Plan) -> Iterator[DatastorePath]:
    """Yield the paths that inputs of the plan name.

    Args:
        plan: The plan.

    """
    for step in plan.steps:
        for given in step.inputs:
            if isinstance(given.source, DatastorePath):
                yield given.source
            elif isinstance(given.source, DatasetDefinition):
                yield from given.source.paths


def bind(plan: Plan, data: Mapping[str, Data]) -> Plan:
    """Return the plan in which parameters stand for other data. These are its new defaults.

    Args:
        plan: The plan.
        data: The data by the parameter's name.

    Raises:
        BadInput: A parameter is unknown, or its data is of another kind; the exception has every problem.

    """
    if not data:
        return plan
    known = defaults(plan)
    problems = tuple(_problems(known, data))
    if problems:
        raise BadInput(problems)
    steps = tuple(
        replace(step, inputs=tuple(_bound(spec, data) for spec in step.inputs))
        if any(spec.parameter in data for spec in step.inputs)
        else step
        for step in plan.steps
    )
    return replace(plan, steps=steps)


def with_source(spec: InputSpec, source: Data | OutputOf, wanted: InputUse) -> InputSpec:
    """Return an input that reads a source in the way that its author wants, as far as the source permits.

    Only a place in a datastore without wildcards can be written to. A pattern that the author did not ask to mount,
    but that is mounted by v1's default, is read in the mode that suits it.

    Args:
        spec: The input.
        source: The source.
        wanted: What its author wrote.

    """
    place = isinstance(source, DatastorePath) and not has_wildcard(source.path)
    by_default = wanted.writable and wanted.mode is Mode.MOUNT and not place  # nobody has asked for a mount
    used = InputUse(
        mode=Mode.AUTO if by_default else wanted.mode,
        writable=wanted.writable and place,
        keep_existing=wanted.keep_existing and place,
    )
    return replace(
        spec,
        source=source,
        mode=used.mode,
        writable=used.writable,
        keep_existing=used.keep_existing,
        declared=wanted if spec.parameter and used != wanted else None,
    )


def kind_of(data: Data | None) -> str:
    """Return the kind of data in v1's words; empty for None.

    Args:
        data: The data.

    """
    if isinstance(data, DatasetDefinition):
        return "TabularDataset" if data.kind == "tabular" else "FileDataset"
    return "DataPath" if data else ""


def kind_problem(name: str, wanted: Data | None, found: Data | None, shown: str) -> Problem | None:
    """Return why a value cannot be that of a parameter; None if it can.

    Args:
        name: The parameter.
        wanted: Its default.
        found: The value; None: it is no data.
        shown: The value's type for people.

    """
    kind = kind_of(wanted)
    if kind_of(found) == kind:
        return None
    return Problem(f"parameter '{name}' stands for a {kind}, not a {shown}", WHERE, f"pass a {kind}")


def clashes(plan: Plan) -> Iterator[Problem]:
    """Yield the problems of the plan's parameters that stand for data.

    Args:
        plan: The plan.

    """
    known = defaults(plan)
    for step in plan.steps:
        for spec in step.inputs:
            if not spec.parameter:
                continue
            where = f"step '{step.name}', input '{spec.name}'"
            if isinstance(spec.source, OutputOf):
                remedy = "remove 'parameter', or give the input a path or a dataset as its default"
                yield Problem("the output of a step cannot be the default of a parameter", where, remedy)
            elif known[spec.parameter] != spec.source:
                yield Problem(f"parameter '{spec.parameter}' has two defaults", where, "give each default its own name")
            if spec.parameter in plan.parameters:
                remedy = "give one of them another name"
                yield Problem(f"parameter '{spec.parameter}' stands for data and for a plain value", where, remedy)


def _bound(spec: InputSpec, data: Mapping[str, Data]) -> InputSpec:
    if spec.parameter not in data:
        return spec
    wanted = spec.declared or InputUse(mode=spec.mode, writable=spec.writable, keep_existing=spec.keep_existing)
    return with_source(spec, data[spec.parameter], wanted)


def _problems(known: Mapping[str, Data], data: Mapping[str, Data]) -> Iterator[Problem]:
    for name, value in data.items():
        if name not in known:
            what, remedy = unknown("parameter", name, known)
            yield Problem(what, WHERE, remedy)
        elif (problem := kind_problem(name, known[name], value, kind_of(value))) is not None:
            yield problem
