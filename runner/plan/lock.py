"""From draft to locked: folders become snapshots (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..model.plan import Plan


def sources(plan: Plan) -> tuple[str, ...]:
    """The source folders a draft names, each once, in order."""
    return tuple(dict.fromkeys(step.source for step in plan.steps if step.source))


def lock(plan: Plan, snapshots: Mapping[str, str]) -> Plan:
    """The plan with each source folder replaced by its snapshot's digest. Raises KeyError for one not given."""
    return replace(
        plan,
        steps=tuple(
            replace(step, source="", snapshot=snapshots[step.source]) if step.source else step for step in plan.steps
        ),
    )
