"""Validate a plan: find all problems together (pure)."""

from __future__ import annotations

import graphlib
import re
from collections import Counter
from collections.abc import Iterator

from ..errors import Problem
from ..model.data import DEFAULT_DATASTORE, DatasetDefinition, DatastorePath, Mode, has_wildcard
from ..model.names import dataset_name_problem, destination_problem
from ..model.plan import Plan
from ..model.step import InputPath, InputSpec, OutputOf, OutputPath, ParameterValue, StepSpec
from . import data_parameters, policies, searches
from .worker_counts import worker_problems

_NAME = re.compile(r"[A-Za-z0-9_]+")
"""v1's rule for the names of inputs and outputs, which become environment variables."""


_KEY = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_]{0,61}[A-Za-z0-9])?")
"""A step's key is the value of a Kubernetes label and a folder of its run's records."""
_OF_THE_RUN = frozenset({"journal", "cancelled"})
"""Names that a run's folder uses itself."""


def validate(plan: Plan) -> tuple[Problem, ...]:
    """Return every problem that the plan alone shows. Submit finds those that need a disk or a store."""
    found: list[Problem] = []
    if not plan.steps:
        found.append(Problem("the pipeline has no steps", remedy="give it at least one"))
    found.extend(_duplicates(plan))
    for step in plan.steps:
        found.extend(_step_problems(plan, step))
    found.extend(data_parameters.clashes(plan))
    found.extend(cycle_problems(plan))
    found.extend(searches.problems(plan))
    found.extend(policies.problems(plan))
    return tuple(found)


def cycle_problems(plan: Plan) -> tuple[Problem, ...]:
    """Yield one problem with a cycle's steps in order, if there is a cycle."""
    keys = {step.key for step in plan.steps}
    try:
        graphlib.TopologicalSorter({step.key: step.needs & keys for step in plan.steps}).prepare()
    except graphlib.CycleError as error:
        names = {step.key: step.name for step in plan.steps}
        ring = " → ".join(names[key] for key in reversed(error.args[1]))
        return (Problem(f"the steps wait for each other: {ring}", remedy="break the cycle"),)
    return ()


def _duplicates(plan: Plan) -> Iterator[Problem]:
    for key, count in Counter(step.key for step in plan.steps).items():
        if count > 1:
            yield Problem(f"{count} steps have the key '{key}'", remedy="give each its own")
    shown = Counter(
        spec.pipeline_output_name for step in plan.steps for spec in step.outputs if spec.pipeline_output_name
    )
    for name, count in shown.items():
        if count > 1:
            yield Problem(f"{count} outputs have the pipeline_output_name '{name}'", remedy="give each its own")


def _step_problems(plan: Plan, step: StepSpec) -> Iterator[Problem]:
    where = f"step '{step.name}'"
    if not _KEY.fullmatch(step.key) or step.key in _OF_THE_RUN:
        yield Problem(
            f"{step.key!r} cannot be a step's key", where, "use up to 63 letters, digits, - and _ between them"
        )
    if step.environment not in plan.environments:
        yield Problem(f"there is no environment '{step.environment}'", where, "add it to 'environments'")
    yield from _name_problems(step, where)
    inputs, outputs = {spec.name for spec in step.inputs}, {spec.name for spec in step.outputs}
    for argument in step.command:
        match argument:
            case InputPath(name) if name not in inputs:
                yield Problem(
                    f"its arguments use the input '{name}', which it does not have", where, "list it in inputs"
                )
            case OutputPath(name) if name not in outputs:
                yield Problem(f"its arguments use the output '{name}', which it lacks", where, "list it in outputs")
            case ParameterValue(name) if name not in plan.parameters:
                yield Problem(f"there is no parameter '{name}'", where, "add it to 'parameters'")
            case _:
                pass
    for name in step.parameters.values():
        if name not in plan.parameters:
            yield Problem(f"there is no parameter '{name}'", where, "add it to 'parameters'")
    yield from worker_problems(plan, step)
    yield from _place_problems(step, where)
    yield from _producer_problems(plan, step, where)


def _name_problems(step: StepSpec, where: str) -> Iterator[Problem]:
    for kind, names in (("input", [s.name for s in step.inputs]), ("output", [s.name for s in step.outputs])):
        for name, count in Counter(names).items():
            if not _NAME.fullmatch(name):
                yield Problem(f"'{name}' cannot name an {kind}", where, "use letters, digits and _ only")
            if count > 1:
                yield Problem(f"{count} {kind}s are called '{name}'", where, "give each its own name")


def _place_problems(step: StepSpec, where: str) -> Iterator[Problem]:
    yield from _escapes(step, where)
    for spec in step.outputs:
        found = [dataset_name_problem(wanted.name) for wanted in spec.register]
        if spec.destination:
            found.append(destination_problem(spec.destination, workspace=spec.datastore == DEFAULT_DATASTORE))
        yield from (problem._replace(where=f"{where}, output '{spec.name}'") for problem in found if problem)


def _escapes(step: StepSpec, where: str) -> Iterator[Problem]:
    """Yield the paths that leave their folder or datastore."""
    places = [(one.name, one.path_on_compute) for one in step.inputs]
    places += [(one.name, one.path_on_compute) for one in step.outputs]
    yield from _unwritable(step, where)
    overrides = [f"the path_on_compute '{place}' of '{name}' leads out of the step's folder" for name, place in places
            if ".." in place.split("/")]  # fmt: skip
    for one in step.inputs:
        paths = (each.path for each in _data_paths(one) if ".." in each.path.split("/"))
        overrides.extend(f"the path '{path}' of its input '{one.name}' leaves the datastore" for path in paths)
    yield from (Problem(what, where, "write it without '..'") for what in overrides)


def _unwritable(step: StepSpec, where: str) -> Iterator[Problem]:
    """Yield the inputs that a step declares writable although they cannot be written."""
    for one in step.inputs:
        plain = isinstance(one.source, DatastorePath) and not has_wildcard(one.source.path)
        if one.mode is Mode.UPLOAD and not one.writable:
            yield Problem(
                f"its input '{one.name}' is in mode upload and not writable",
                where,
                "use mount or download to read; to write, a data reference to one path of a datastore",
            )
        elif one.writable and not (plain and one.mode.is_shared):
            yield Problem(
                f"its input '{one.name}' cannot be writable: it is no plain path that is mounted or uploaded",
                where,
                "write to an output",
            )


def _data_paths(spec: InputSpec) -> tuple[DatastorePath, ...]:
    """Return the datastore paths of an input."""
    match spec.source:
        case DatastorePath():
            return (spec.source,)
        case DatasetDefinition():
            return spec.source.paths
        case _:
            return ()


def _producer_problems(plan: Plan, step: StepSpec, where: str) -> Iterator[Problem]:
    steps = plan.by_key
    for spec in step.inputs:
        if not isinstance(spec.source, OutputOf):
            continue
        producer = steps.get(spec.source.step)
        if producer is None or spec.source.output not in {made.name for made in producer.outputs}:
            yield Problem(f"no step writes its input '{spec.name}'", where, "add the step that does to the pipeline")
    for key in step.after:
        if key not in steps:
            yield Problem(f"it is to run after '{key}', which is not in the pipeline", where, "add that step")
