"""Registered datasets that a plan knows by name alone: what they are now."""

from __future__ import annotations

from dataclasses import replace

from ..data import registry
from ..errors import BadInput, Problem
from ..model.data import DatasetDefinition
from ..model.plan import Plan
from ..model.step import InputSpec
from ..ports import ObjectStore


def resolved(plan: Plan, store: ObjectStore) -> Plan:
    """The plan with the definitions of its registered datasets. Raises BadInput for all unknown ones, StoreError."""
    problems: list[Problem] = []
    steps = []
    for step in plan.steps:
        inputs = []
        for given in step.inputs:
            definition = _definition(given, store) if _is_name(given) else given.source
            if definition is None:
                problems.append(_unknown(given, f"step '{step.name}': input '{given.name}'"))
            else:
                given = replace(given, source=definition)  # noqa: PLW2901 - the same input, resolved
            inputs.append(given)
        steps.append(replace(step, inputs=tuple(inputs)))
    if problems:
        raise BadInput(problems)
    return replace(plan, steps=tuple(steps))


def _is_name(given: InputSpec) -> bool:
    return isinstance(given.source, DatasetDefinition) and bool(given.source.name) and not given.source.paths


def _definition(given: InputSpec, store: ObjectStore) -> DatasetDefinition | None:
    wanted = given.source
    if not isinstance(wanted, DatasetDefinition):
        return None
    if wanted.version:
        found = registry.fetch(store, wanted.name, wanted.version)
    else:
        found = registry.latest(store, wanted.name)
    return found.definition if found else None


def _unknown(given: InputSpec, where: str) -> Problem:
    wanted = given.source
    name = wanted.name if isinstance(wanted, DatasetDefinition) else given.name
    version = f" version {wanted.version}" if isinstance(wanted, DatasetDefinition) and wanted.version else ""
    return Problem(f"there is no registered dataset '{name}'{version}", where, "see: runner dataset list")
