"""Which configured target each step runs on (pure)."""

from __future__ import annotations

from collections.abc import Callable

from ..config import LOCAL, Config, unknown_target
from ..errors import Problem
from ..model.plan import Plan


def assign_targets(plan: Plan, config: Config, override: str) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Each step's key to a target's name, and the problems of names that mean nothing.

    ``--target`` overrides every name. In a workspace that configures no targets of its own every
    name means this machine.
    """
    if override:
        return dict.fromkeys((step.key for step in plan.steps), override), ()
    if not config.own:
        return dict.fromkeys((step.key for step in plan.steps), LOCAL), ()
    problems: list[Problem] = []
    chosen: dict[str, str] = {}
    for step in plan.steps:
        name = step.compute or LOCAL
        chosen[step.key] = name
        if name not in config.targets:
            problems.extend(unknown_target(config, name, f"step '{step.name}'"))
    return chosen, tuple(problems)


def announce(plan: Plan, config: Config, override: str, say: Callable[[str], None]) -> None:
    """Say in one line what the compute names of the file mean here, when they mean something else."""
    names = sorted({step.compute for step in plan.steps if step.compute})
    if names and not config.own and not override:
        say(f"compute {', '.join(repr(name) for name in names)}: this machine (no targets are configured here)")
    elif override and [name for name in names if name != override]:
        say(f"compute {', '.join(repr(name) for name in names)}: target '{override}' (--target)")
