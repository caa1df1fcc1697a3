"""What holds for each step and the run: the words of all places put together, so that a Plan states everything (pure).

The command line's word goes before the step's, that before the pipeline's (SDK and YAML have put it into the steps),
that before the target's, and `DEFAULT` is last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from ..config import KubernetesConfig, TargetConfig
from ..errors import Problem
from ..model.access import Access
from ..model.compute import Wish
from ..model.duration import as_text
from ..model.plan import Plan
from ..model.policy import DEFAULT, DEFAULT_RUN, RunPolicy, StepPolicy, first_stated, first_stated_for_run
from ..model.quantity import amount, exceeds
from ..model.resources import Resources
from ..model.stated import DURATIONS, NOTHING, Stated, stated
from ..model.step import StepSpec
from ..model.toleration import misfits

# Thousands of steps say the same few things.
_first = cache(first_stated)
_onto = cache(Wish.onto)
_below_own = cache(Wish.below)
_QUANTITIES = ("cpu", "memory", "cpu_limit", "memory_limit", "shared_memory", "ephemeral_storage")


def resolved(plan: Plan, targets: Mapping[str, str], known: Mapping[str, TargetConfig]) -> Plan:
    """The plan in which every step and the run say all that holds; `targets`: each step's target, by its key.

    The resources that its compute name stands for are in the step already.
    """
    steps = tuple(_resolved_step(step, known.get(targets[step.key])) for step in closed(plan).steps)
    return replace(plan, steps=steps, policy=first_stated_for_run(plan.policy, DEFAULT_RUN))


def granted(plan: Plan, targets: Mapping[str, str], known: Mapping[str, TargetConfig], words: Access) -> Plan:
    """Return the plan in which every step declares the secrets and datastores that all places say it may open.

    Args:
        plan: The plan, with the steps' own words.
        targets: The name of each step's target, by its key; steps without one are left as they are.
        known: The configured targets by name.
        words: What the command line says.

    """
    return replace(
        plan, steps=tuple(_granted(step, known.get(targets.get(step.key, "")), words) for step in plan.steps)
    )


def _granted(step: StepSpec, target: TargetConfig | None, words: Access) -> StepSpec:
    access = step.access.joined(words).joined(target.access if target else Access())
    return step if access == step.access else replace(step, access=access)


def closed(plan: Plan) -> Plan:
    """The plan in which a step that always runs says what it waits for (all others, if nothing else), unreused."""
    if not any(step.always for step in plan.steps):
        return plan
    ends = _all_others(plan)
    return replace(plan, steps=tuple(_closed_step(step, ends) if step.always else step for step in plan.steps))


def said(plan: Plan, words: Stated) -> Plan:
    """The plan with words that go before everything it says: the command line's."""
    if words == NOTHING:
        return plan
    steps = tuple(
        replace(
            step,
            policy=_first(words.policy, step.policy),
            resources=_onto(words.wish, step.resources),
            access=words.access.joined(step.access),
        )
        for step in plan.steps
    )
    return replace(plan, steps=steps, policy=first_stated_for_run(words.run, plan.policy))


def differing(what: StepPolicy | RunPolicy | Resources) -> dict[str, str | float]:
    """What of it nobody would have to say, as people write it; all of it holds."""
    usual = DEFAULT if isinstance(what, StepPolicy) else DEFAULT_RUN if isinstance(what, RunPolicy) else Resources()
    differs = {name: value for name, value in _fields(what).items() if value not in (None, getattr(usual, name))}
    return {name: as_text(float(value)) if name in DURATIONS else value for name, value in differs.items()}


def _fields(what: StepPolicy | RunPolicy | Resources) -> dict[str, Any]:
    return {field.name: getattr(what, field.name) for field in dataclasses.fields(what)}


def problems(plan: Plan) -> Iterator[Problem]:
    """What of the plan's policies, resources and placements means nothing."""
    yield from _below("the pipeline", _misfits(plan.policy))
    for step in plan.steps:
        yield from _below(f"step '{step.name}'", _misfits(step.policy))
        yield from _below(f"step '{step.name}'", _quantity_problems(step.resources))
        for number, toleration in enumerate(step.placement.tolerations):
            for what, remedy in misfits(toleration):
                where = f"step '{step.name}': placement.tolerations[{number}]"
                yield Problem(f"the toleration {what}", where, remedy)


def _below(place: str, found: tuple[Problem, ...]) -> Iterator[Problem]:
    return (replace(problem, where=f"{place}: {problem.where}") for problem in found)


def _resolved_step(step: StepSpec, target: TargetConfig | None) -> StepSpec:
    policy = _first(step.policy, target.policy, DEFAULT) if target else _first(step.policy, DEFAULT)
    asked = step.resources
    if isinstance(target, KubernetesConfig):
        asked = _below_own(target.resources, asked)
    return replace(_granted(step, target, Access()), policy=policy, resources=asked)


def _closed_step(step: StepSpec, ends: tuple[str, ...]) -> StepSpec:
    return replace(step, after=step.after if step.needs else ends, reuse=False)


def _all_others(plan: Plan) -> tuple[str, ...]:
    """What a step waits for that is to run at the very end: all that neither always runs nor waits for such a step."""
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
    """As `Plan.dependents`, of a plan that need not be in order."""
    out: dict[str, list[str]] = {}
    for step in plan.steps:
        for need in step.needs:
            out.setdefault(need, []).append(step.key)
    return out


@cache
def _misfits(policy: StepPolicy | RunPolicy) -> tuple[Problem, ...]:
    return stated(_fields(policy), "policy.{}".format)[1]


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
    """What is wrong with a quantity; empty: nothing. A limit may be left open."""
    number = amount(text)
    if text and (number is None or number <= 0):
        return f"{name} {text!r} is no quantity"
    return f"{name} is empty" if name in ("cpu", "memory") and not text else ""
