"""What people should know of the environments of a plan before it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..model.plan import Plan
from ..ports import EnvironmentStore


def announce_environments(
    plan: Plan,
    targets: Mapping[str, str],
    environments: Callable[[str], EnvironmentStore],
    say: Callable[[str], None],
) -> None:
    """Say, once each, how the environments on their targets differ from what the file asks for."""
    pairs = dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps)
    notes = (note for key, target in pairs for note in environments(target).notes(plan.environments[key]))
    for note in dict.fromkeys(notes):
        say(note)
