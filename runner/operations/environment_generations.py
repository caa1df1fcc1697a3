"""The newest generations of a plan's environments: `runner environment lock --upgrade` begins them."""

from __future__ import annotations

from dataclasses import replace

from ..environments import lock_store
from ..environments.requirements import installs
from ..model.plan import Plan
from ..ports import ObjectStore


def in_newest_generation(store: ObjectStore, plan: Plan) -> Plan:
    """Return the plan with its environments in their newest generation. Raises StoreError.

    The store is asked once, and not at all if no environment has packages.

    Args:
        store: The workspace store.
        plan: A plan whose environments name no wheel by its path.

    """
    environments = plan.environments
    if not any(installs(each.spec) for each in environments.values()):
        return plan
    known = lock_store.generations(store)
    if not known:
        return plan
    newest = {key: replace(each, spec=lock_store.current(each.spec, known)) for key, each in environments.items()}
    return replace(plan, environments=newest)
