"""The policies of a run in words (pure)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ..model.plan import Plan
from ..model.policy import DEFAULT, StepPolicy
from ..operations.values import RunView
from .texts import duration

_TIMES = frozenset({"backoff", "queue_timeout", "start_timeout", "run_timeout", "deadline"})
_NAMED = 6
"""Names of steps that are written out."""
_MOST = 20
"""Different policies that are shown."""


def run_policy_rows(view: RunView) -> tuple[tuple[str, str], ...]:
    """Return the policies of the run as a whole that differ from the defaults: a name and a value of each.

    Args:
        view: The run.

    """
    said, policy = view.state.submission, view.plan.policy
    limits = ", ".join(f"{name}: {most}" for name, most in said.limits.items()) if said else ""
    found = {
        "deadline": duration(policy.deadline) if policy.deadline else "",
        "steps at the same time": str(policy.max_parallel) if policy.max_parallel else "",
        "nodes at most": limits,
        "after a failed step": "the others go on" if said and said.continue_on_step_failure else "",
        "reuse": "off: outputs are made anew" if said and said.regenerate_outputs else "",
    }
    return tuple((name, text) for name, text in found.items() if text)


def step_policy_rows(plan: Plan) -> tuple[tuple[str, str], ...]:
    """Return the different policies of steps: the names of the steps, and what is stated otherwise than by default.

    Args:
        plan: The plan.

    """
    together: dict[StepPolicy, list[str]] = {}
    for step in plan.steps:
        if not step.trial_of:
            together.setdefault(step.policy, []).append(plan.names[step.key])
    many = sum(map(len, together.values()))
    rows = [(_names(names, many), ", ".join(_stated(policy)) or "the defaults") for policy, names in together.items()]
    return tuple(rows[:_MOST])


def _names(names: list[str], many: int) -> str:
    if len(names) == many:
        return "all steps"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _stated(policy: StepPolicy) -> Iterator[str]:
    for field in dataclasses.fields(policy):
        value = getattr(policy, field.name)
        if value is not None and value != getattr(DEFAULT, field.name):
            yield f"{field.name} {_value(field.name, value)}"


def _value(name: str, value: float) -> str:
    if name in _TIMES:
        return duration(value) if value else "none"
    return f"{value:g}"
