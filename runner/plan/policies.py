"""Merge the policies, resources and placements of all sources, so that a plan states every value in force (pure).

The command line takes precedence over the step, the step over the pipeline (SDK and YAML have merged these), and the
pipeline over the target. `DEFAULT` is last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ..config import TargetConfig
from ..errors import Problem
from ..model.access import Access
from ..model.compute import ResourceRequest
from ..model.duration import as_text
from ..model.plan import Plan
from ..model.policy import DEFAULT, DEFAULT_RUN, RunPolicy, StepPolicy, merge_policies, merge_run_policies
from ..model.policy_overrides import DURATIONS, NO_OVERRIDES, PolicyOverrides, parse_overrides
from ..model.quantity import amount, exceeds
from ..model.resources import Resources
from ..model.step import StepSpec
from ..model.toleration import misfits

# Thousands of steps have the same few policies.
_first = cache(merge_policies)
_onto = cache(ResourceRequest.onto)
_below_own = cache(ResourceRequest.below)
_QUANTITIES = ("cpu", "memory", "cpu_limit", "memory_limit", "shared_memory", "ephemeral_storage")


def with_defaults(plan: Plan, targets: Mapping[str, str], known: Mapping[str, TargetConfig]) -> Plan:
    """Return the plan with every policy in force stated. `targets` has each step's target, by its key.

    The resources of a step's compute name are in the step already.
    """
    steps = tuple(
        _resolved_step(step, known.get(targets[step.key])) for step in with_dependencies_of_always(plan).steps
    )
    return replace(plan, steps=steps, policy=merge_run_policies(plan.policy, DEFAULT_RUN))


def with_access(
    plan: Plan, targets: Mapping[str, str], known: Mapping[str, TargetConfig], access_override: Access
) -> Plan:
    """Return the plan in which every step declares the secrets and datastores that any source grants it.

    Args:
        plan: The plan, with the steps' own declarations.
        targets: The name of each step's target, by its key; steps without one are left as they are.
        known: The configured targets by name.
        access_override: The access that the command line grants.
    """
    return replace(
        plan, steps=tuple(_granted(step, known.get(targets.get(step.key, "")), access_override) for step in plan.steps)
    )


def _granted(step: StepSpec, target: TargetConfig | None, access_override: Access) -> StepSpec:
    access = step.access.joined(access_override).joined(target.access if target else Access())
    return step if access == step.access else replace(step, access=access)


def with_dependencies_of_always(plan: Plan) -> Plan:
    """Return the plan in which a step with `always` states its dependencies and is not reused."""
    if not any(step.always for step in plan.steps):
        return plan
    ends = _all_others(plan)
    return replace(plan, steps=tuple(_closed_step(step, ends) if step.always else step for step in plan.steps))


def with_overrides(plan: Plan, overrides: PolicyOverrides) -> Plan:
    """Return the plan with the overrides of the command line, which take precedence."""
    if overrides == NO_OVERRIDES:
        return plan
    steps = tuple(
        replace(
            step,
            policy=_first(overrides.policy, step.policy),
            resources=_onto(overrides.request, step.resources),
            access=overrides.access.joined(step.access),
        )
        for step in plan.steps
    )
    environments = {key: each.until(overrides.packages_until) for key, each in plan.environments.items()}
    policy = merge_run_policies(overrides.run, plan.policy)
    return replace(plan, steps=steps, environments=environments, policy=policy)


def non_default_fields(what: StepPolicy | RunPolicy | Resources) -> dict[str, str | float]:
    """Return the fields of `what` that differ from the defaults, as people write them."""
    usual = DEFAULT if isinstance(what, StepPolicy) else DEFAULT_RUN if isinstance(what, RunPolicy) else Resources()
    differs = {name: value for name, value in _fields(what).items() if value not in (None, getattr(usual, name))}
    return {name: as_text(float(value)) if name in DURATIONS else value for name, value in differs.items()}


def _fields(what: StepPolicy | RunPolicy | Resources) -> dict[str, Any]:
    return {field.name: getattr(what, field.name) for field in dataclasses.fields(what)}


def problems(plan: Plan) -> Iterator[Problem]:
    """Yield the problems of the plan's policies, resources and placements."""
    yield from _below("the pipeline", _misfits(plan.policy))
    for step in plan.steps:
        yield from _below(f"step '{step.name}'", _misfits(step.policy))
        yield from _below(f"step '{step.name}'", _quantity_problems(step.resources))
        for number, toleration in enumerate(step.placement.tolerations):
            for what, remedy in misfits(toleration):
                where = f"step '{step.name}': placement.tolerations[{number}]"
                yield Problem(f"the toleration {what}", where, remedy)


def _below(place: str, found: tuple[Problem, ...]) -> Iterator[Problem]:
    return (problem._replace(where=f"{place}: {problem.where}") for problem in found)


def _resolved_step(step: StepSpec, target: TargetConfig | None) -> StepSpec:
    policy = _first(step.policy, target.policy, DEFAULT) if target else _first(step.policy, DEFAULT)
    asked = _below_own(target.resources, step.resources) if target else step.resources
    return replace(_granted(step, target, Access()), policy=policy, resources=asked)


def _closed_step(step: StepSpec, ends: tuple[str, ...]) -> StepSpec:
    return replace(step, after=step.after if step.needs else ends, reuse=False)


def _all_others(plan: Plan) -> tuple[str, ...]:
    """Return the dependencies of a step at the very end: those without `always`, direct or indirect."""
    last = [step.key for step in plan.steps if step.always and not step.needs]
    if not last:
        return ()
    waiting = set(last)
    todo = list(last)
    dependents = _dependents(plan)
    while todo:
        fresh = [key for key in dependents.get(todo.pop(), ()) if key not in waiting]
        waiting.update(fresh)
        todo += fresh
    return tuple(step.key for step in plan.steps if not step.always and step.key not in waiting)


def _dependents(plan: Plan) -> dict[str, list[str]]:
    """Return the same as `Plan.dependents` for a plan that is not sorted."""
    out: dict[str, list[str]] = {}
    for step in plan.steps:
        for need in step.needs:
            out.setdefault(need, []).append(step.key)
    return out


@cache
def _misfits(policy: StepPolicy | RunPolicy) -> tuple[Problem, ...]:
    return parse_overrides(_fields(policy), "policy.{}".format)[1]


@cache
def _quantity_problems(asked: Resources) -> tuple[Problem, ...]:
    wrong = {name: what for name in _QUANTITIES if (what := _misfit(name, getattr(asked, name)))}
    remedy = "write a quantity: 2 or 500m (cpu), 512Mi or 4Gi (memory)"
    found = [Problem(what, f"resources.{name}", remedy) for name, what in wrong.items()]
    if asked.gpu < 0:
        found.append(Problem(f"gpu {asked.gpu} is no count", "resources.gpu", "write 0, 1, 2, …"))
    for name in ("cpu", "memory"):
        limit = f"{name}_limit"
        least, most = getattr(asked, name), getattr(asked, limit)
        if not wrong.keys() & {name, limit} and most and exceeds(least, most):
            what = f"it asks for {least} {name} and may take {most}"
            found.append(Problem(what, f"resources.{limit}", "raise it, or ask for less"))
    return tuple(found)


def _misfit(name: str, text: str) -> str:
    """Return what is wrong with a quantity; empty if nothing is. A limit may be left empty."""
    number = amount(text)
    if text and (number is None or number <= 0):
        return f"{name} {text!r} is no quantity"
    return f"{name} is empty" if name in ("cpu", "memory") and not text else ""
