"""Checks before anything starts. All problems are found together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from ..data import packing
from ..data.snapshot import script_problem
from ..errors import BadInput, ObjectDamaged, ObjectMissing, Problem, RunnerError
from ..model.environment import NamedEnvironment, secret_names
from ..model.plan import Plan, Scalar
from ..model.step import StepSpec
from ..model.workers import WorkerKind
from ..plan.validate import validate
from ..plan.worker_counts import value_problems
from ..ports import ComputeTarget, EnvironmentStore, ObjectStore
from .input_deliveries import mount_problems
from .programs import program_problem, starts_program


def plan_problems(plan: Plan, parameters: Mapping[str, Scalar]) -> tuple[Problem, ...]:
    """Return the problems of the plan and its source folders."""
    found = list(validate(plan))
    for step in plan.steps:
        found.extend(_source_problems(step))
    found.extend(_secret_problems(plan))
    found.extend(value_problems(plan, parameters))
    for name in parameters:
        if name not in plan.parameters:
            known = ", ".join(plan.parameters) or "none"
            found.append(Problem(f"the pipeline has no parameter '{name}'; it has: {known}", remedy="correct the name"))
    return tuple(found)


def snapshot_problems(plan: Plan, store: ObjectStore) -> tuple[Problem, ...]:
    """Return the snapshots of a locked plan that the store lacks or that are damaged. Raise StoreError."""
    named = {step.snapshot: step.name for step in reversed(plan.steps) if step.snapshot}
    found = (_snapshot_problem(store, digest, f"step '{name}'") for digest, name in reversed(named.items()))
    return tuple(problem for problem in found if problem is not None)


def _snapshot_problem(store: ObjectStore, digest: str, where: str) -> Problem | None:
    try:
        packing.load(store, digest)
    except ObjectMissing:
        remedy = "run the plan on the store that has it, or name the folder of its scripts: source"
        return Problem(f"the store has no snapshot {digest}", where, remedy)
    except ObjectDamaged as error:
        return Problem(str(error), where)
    return None


def place_problems(
    plan: Plan,
    targets: Mapping[str, str],
    *,
    target: Callable[[str], ComputeTarget],
    environments: Callable[[str], EnvironmentStore],
) -> tuple[Problem, ...]:
    """Return the problems of running the plan's steps on their targets: cluster, permissions, images."""
    found: list[Problem] = []
    for name in dict.fromkeys(targets.values()):
        found.extend(problems_from(partial(_target_problems, plan, targets, target, name), name))
    pairs = dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps)
    for environment, name in pairs:
        if environment in plan.environments:
            wanted = plan.environments[environment]
            found.extend(problems_from(partial(_environment_problems, environments, name, wanted), name))
    for step in plan.steps:
        name = targets[step.key]
        found.extend(problems_from(partial(_program_problems, plan, environments, name, step), name))
    return tuple(dict.fromkeys(found))


def _target_problems(
    plan: Plan, targets: Mapping[str, str], target: Callable[[str], ComputeTarget], name: str
) -> tuple[Problem, ...]:
    made = target(name)
    found = made.problems(gangs=_has_gang(plan, targets, name))
    return found or mount_problems(plan, targets, name, made.data_access)


def _has_gang(plan: Plan, targets: Mapping[str, str], name: str) -> bool:
    """Return True if a step of the target runs on several nodes whose workers talk to each other."""
    here = (step.workers for step in plan.steps if step.workers is not None and targets[step.key] == name)
    return any(one.kind is WorkerKind.GANG and (one.nodes > 1 or one.nodes_parameter) for one in here)


def _environment_problems(
    environments: Callable[[str], EnvironmentStore], name: str, wanted: NamedEnvironment
) -> tuple[Problem, ...]:
    return environments(name).problems(wanted)


def _program_problems(
    plan: Plan, environments: Callable[[str], EnvironmentStore], name: str, step: StepSpec
) -> tuple[Problem, ...]:
    """Return the problem of a program that is not there. Python is: nobody is asked."""
    if step.environment not in plan.environments or not starts_program(step):
        return ()
    found = program_problem(environments(name), plan.environments[step.environment], step)
    return (found,) if found else ()


def _source_problems(step: StepSpec) -> Iterator[Problem]:
    where = f"step '{step.name}'"
    if not step.source:
        return
    folder = Path(step.source)
    if not folder.is_dir():
        yield Problem(f"the source directory {folder} does not exist", where, "correct source_directory")
    elif step.script:
        try:
            found = script_problem(folder, step.script)
        except BadInput as error:
            yield from error.problems
        else:
            yield from (problem._replace(where=where) for problem in (found,) if problem)


def _secret_problems(plan: Plan) -> Iterator[Problem]:
    """Yield the secrets that a plan holds in clear text: everybody who can read the store can read plans."""
    for environment in plan.environments.values():
        for name in secret_names(environment.variables):
            yield _secret_problem(name, f"environment '{environment.name}'")
    for step in plan.steps:
        for name in secret_names(step.variables):
            yield _secret_problem(name, f"step '{step.name}'")


def _secret_problem(variable: str, where: str) -> Problem:
    return Problem(
        f"the environment variable '{variable}' seems to hold a secret, and its value would be stored in clear text",
        where,
        "take it out; name its source under secrets: of runner.yaml, "
        "and read it in the step: Run.get_context().get_secret(name)",
    )


def problems_from(ask: Callable[[], tuple[Problem, ...]], target: str) -> tuple[Problem, ...]:
    """Return the result of `ask`. An error of the target or its store becomes a problem like the others."""
    try:
        return ask()
    except BadInput as error:
        return error.problems
    except RunnerError as error:
        return (Problem(str(error), f"target '{target}'", "see: runner doctor"),)
