"""Lookup of the registered datasets that a plan knows by name alone."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

from ..data import registry
from ..errors import BadInput, Problem
from ..model.data import DatasetDefinition
from ..model.plan import Plan
from ..model.step import InputSpec
from ..ports import ObjectStore


def resolved(plan: Plan, store: ObjectStore) -> Plan:
    """Return the plan with the definitions of its registered datasets.

    Each is looked up once: all steps read the same version.

    Raises:
        BadInput: Names all unknown datasets.
        StoreError: The store cannot be read.
    """
    look_up = lru_cache(maxsize=None)(partial(_definition, store))
    problems: list[Problem] = []
    steps = []
    for step in plan.steps:
        inputs = []
        for given in step.inputs:
            wanted = _by_name(given)
            definition = look_up(wanted.name, wanted.version) if wanted else given.source
            if wanted and definition is None:
                problems.append(_unknown(wanted, f"step '{step.name}': input '{given.name}'"))
            inputs.append(replace(given, source=definition or given.source))
        steps.append(replace(step, inputs=tuple(inputs)))
    if problems:
        raise BadInput(problems)
    return replace(plan, steps=tuple(steps))


def _by_name(given: InputSpec) -> DatasetDefinition | None:
    """Return the dataset of an input that has only a name; None for others."""
    source = given.source
    return source if isinstance(source, DatasetDefinition) and source.name and not source.paths else None


def _definition(store: ObjectStore, name: str, version: int) -> DatasetDefinition | None:
    found = registry.fetch(store, name, version) if version else registry.latest(store, name)
    return found.definition if found else None


def _unknown(wanted: DatasetDefinition, where: str) -> Problem:
    version = f" version {wanted.version}" if wanted.version else ""
    return Problem(f"there is no registered dataset '{wanted.name}'{version}", where, "see: runner dataset list")
