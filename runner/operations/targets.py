"""Selection of the configured target of each step (pure)."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..config import LOCAL, Config, unknown_target
from ..errors import Problem
from ..model.plan import Plan

NOBODY: frozenset[str] = frozenset()


def assign_targets(
    plan: Plan, config: Config, override: str, created: Collection[str] = NOBODY
) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Each step's key to a target's name, and the problems of names that mean nothing.

    ``--target`` overrides every name. Otherwise a name means what ``computes:`` maps it to, else the target of that
    name; names that a driver has created (`created`) mean this machine, and in a workspace that configures
    no targets of its own every name does.
    """
    if override:
        return dict.fromkeys((step.key for step in plan.steps), override), ()
    problems: list[Problem] = []
    chosen: dict[str, str] = {}
    for step in plan.steps:
        found = _meant(step.compute, config, created)
        chosen[step.key] = found or step.compute
        if found is None or found not in config.targets:
            problems.extend(unknown_target(config, found or step.compute, f"step '{step.name}'"))
    return chosen, tuple(problems)


def announce(
    plan: Plan, config: Config, override: str, notify: Callable[[str], None], created: Collection[str] = NOBODY
) -> None:
    """Report in one line a compute name of the file that means something else here."""
    names = sorted({step.compute for step in plan.steps if step.compute})
    if override:
        if [name for name in names if name != override]:
            notify(f"compute {_quoted(names)}: target '{override}' (--target)")
        return
    here = [name for name in names if _meant(name, config, created) == LOCAL and name != LOCAL]
    if here:
        why = "created by the pipeline file" if config.own else "no targets are configured here"
        notify(f"compute {_quoted(here)}: this machine ({why})")
    for name in names:
        mapped = config.computes[name].target if name in config.computes else ""
        if mapped not in {"", name, LOCAL}:
            notify(f"compute '{name}': target '{mapped}' (computes: in the configuration)")


def _meant(name: str, config: Config, created: Collection[str]) -> str | None:
    """Return the target of a compute name; None if it means nothing."""
    mapped = config.computes[name].target if name in config.computes else ""
    if mapped or not name or not config.own:
        return mapped or LOCAL
    if name in config.targets:
        return name
    return LOCAL if name in created or name in config.computes else None


def _quoted(names: list[str]) -> str:
    return ", ".join(map(repr, names))
