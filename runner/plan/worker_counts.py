"""The numbers of workers and processes that steps ask for: check them in a plan and among values (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..errors import Problem
from ..model.plan import Plan
from ..model.step import StepSpec
from ..model.workers import Workers
from .data_parameters import WHERE

_WHOLE = re.compile(r"[0-9]{1,9}")


def least_counts(plan: Plan) -> dict[str, int]:
    """Return the least value of each parameter that gives a number of nodes (1) or processes (0), by its name.

    Args:
        plan: The plan.
    """
    found: dict[str, int] = {}
    for step in plan.steps:
        for name, least in _parameters(step.workers):
            found[name] = max(least, found.get(name, 0))
    return found


def count_problem(name: str, value: object, least: int) -> Problem | None:
    """Return why a value cannot be a number of nodes or processes; None if it can. A text may hold the number (v1).

    Args:
        name: The parameter.
        value: Its value. None stands for no processes of one's own choice: one per core.
        least: The least number.
    """
    if (value is None and least == 0) or _is_count(value, least):
        return None
    what = f"parameter '{name}' gives a number of {'nodes' if least else 'processes'}, and {value!r} is none"
    return Problem(what, WHERE, f"pass a whole number, {least} or more")


def worker_problems(plan: Plan, step: StepSpec) -> Iterator[Problem]:
    """Yield what is wrong with the workers of a step.

    Args:
        plan: The plan.
        step: One of its steps.
    """
    asked, where = step.workers, f"step '{step.name}'"
    if asked is None:
        return
    if step.search is not None:
        yield Problem("it is a search and has workers", where, "give the workers to its trials")
    if not asked.nodes_parameter and asked.nodes < 1:
        yield Problem(f"workers: {asked.nodes} nodes are too few", where, "write 1, 2, 3, …")
    if not asked.processes_parameter and asked.processes < 0:
        yield Problem(f"workers: {asked.processes} is no number of processes", where, "write 0 (one per core), 1, 2, …")
    for name, least in _parameters(asked):
        if name not in plan.parameters:
            yield Problem(f"there is no parameter '{name}'", where, "add it to 'parameters'")
        elif found := count_problem(name, plan.parameters[name], least):
            yield found._replace(where=where, remedy=f"let its default be a whole number, {least} or more")


def value_problems(plan: Plan, values: Mapping[str, object]) -> Iterator[Problem]:
    """Yield the values of a submission that cannot be numbers of nodes or processes.

    Args:
        plan: The plan.
        values: The values that were given, by the parameter's name.
    """
    for name, least in least_counts(plan).items():
        found = count_problem(name, values[name], least) if name in values else None
        if found is not None:
            yield found


def limit_problems(plan: Plan, values: Mapping[str, object], limits: Mapping[str, int]) -> Iterator[Problem]:
    """Yield the steps that ask for more nodes than their compute may have.

    Args:
        plan: The plan.
        values: The values that were given, by the parameter's name.
        limits: The most nodes by compute name (v1's ``max_nodes``).
    """
    given = {**plan.parameters, **values}
    for step in plan.steps:
        asked, most = step.workers, limits.get(step.compute)
        if asked is None or most is None or any(count_problem(n, given.get(n), at) for n, at in _parameters(asked)):
            continue
        nodes = asked.bound(given).nodes
        if nodes > most:
            yield Problem(
                f"it asks for {nodes} nodes, and its compute '{step.compute}' has at most {most} (max_nodes)",
                f"step '{step.name}'",
                f"ask for {most} or fewer, or raise max_nodes of '{step.compute}'",
            )


def _parameters(asked: Workers | None) -> Iterator[tuple[str, int]]:
    """Yield the parameters that give a number of nodes or processes, each with its least value."""
    if asked is not None and asked.nodes_parameter:
        yield asked.nodes_parameter, 1
    if asked is not None and asked.processes_parameter:
        yield asked.processes_parameter, 0


def _is_count(value: object, least: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return False
    text = str(value).strip()
    return _WHOLE.fullmatch(text) is not None and int(text) >= least
