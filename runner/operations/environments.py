"""Notes about the environments of a plan, before it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..model.plan import Plan
from ..ports import EnvironmentStore
from .environment_locks import notes


def announce_environments(
    plan: Plan,
    targets: Mapping[str, str],
    environments: Callable[[str], EnvironmentStore],
    notify: Callable[[str], None],
) -> None:
    """Report, once each, the differences between the environments on their targets and those of the file."""
    pairs = dict.fromkeys((step.environment, targets[step.key]) for step in plan.steps)
    found = (note for key, target in pairs for note in notes(environments(target), plan.environments[key]))
    for note in dict.fromkeys(found):
        notify(note)
