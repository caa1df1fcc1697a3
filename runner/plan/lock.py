"""Lock a draft plan: replace its folders by snapshots (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..model.plan import Plan


def sources(plan: Plan) -> tuple[str, ...]:
    """Return the source folders of a draft, each once, in order."""
    return tuple(dict.fromkeys(step.source for step in plan.steps if step.source))


def lock(plan: Plan, snapshots: Mapping[str, str]) -> Plan:
    """Return the plan with each source folder replaced by its snapshot's digest. Raises KeyError."""
    return replace(
        plan,
        steps=tuple(
            replace(step, source="", snapshot=snapshots[step.source]) if step.source else step for step in plan.steps
        ),
    )
