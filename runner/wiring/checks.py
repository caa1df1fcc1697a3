"""All that stands against running a plan in a workspace, found together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from ..config import KubernetesConfig
from ..data.secret_values import file_problems
from ..datastores import loopback_problem
from ..errors import BadInput, Problem
from ..model.access import Access
from ..model.plan import Plan
from ..operations import preflight
from ..operations.computes import Named
from ..operations.reach import datastore_problems, secret_problems
from ..operations.targets import assign_targets
from ..operations.values import Request
from ..plan.policies import granted
from .places import Places


def targets_of(places: Places, plan: Plan, request: Request, known: Named, words: Access) -> dict[str, str]:
    """Each step's target, once nothing stands against running the plan. Raises BadInput with all that does.

    `known`: what the plan's compute names stand for; `words`: what the command line lets every step open.
    """
    targets, problems = assign_targets(plan, places.config, places.override, known.created)
    plan = granted(plan, targets, places.config.targets, words)
    found = [*problems, *preflight.plan_problems(plan, request.parameters)]
    here = places.target_in_force
    found.extend(preflight.asked(lambda: _datastore_problems(places, plan, targets), here))
    found.extend(preflight.asked(lambda: preflight.snapshot_problems(plan, places.store), here))
    found.extend(file_problems(places.config.secrets))
    found.extend(secret_problems(plan, places.config.secrets, os.environ))
    if not problems:
        found.extend(preflight.place_problems(plan, targets, target=places.candidate, environments=places.environments))
        found.extend(preflight.asked(lambda: _store_problems(places, targets.values()), here))
    if found:
        raise BadInput(dict.fromkeys(found))
    return targets


def check_again(places: Places, plan: Plan, targets: Mapping[str, str]) -> None:
    """Raise BadInput with all that stands against running the steps of a stored plan on their targets once more."""
    here = places.target_in_force
    found = [*preflight.asked(lambda: _datastore_problems(places, plan, targets), here)]
    found.extend(preflight.asked(lambda: preflight.snapshot_problems(plan, places.store), here))
    found.extend(file_problems(places.config.secrets))
    found.extend(secret_problems(plan, places.config.secrets, os.environ))
    found.extend(preflight.place_problems(plan, targets, target=places.candidate, environments=places.environments))
    if all(name in places.config.targets for name in targets.values()):
        found.extend(preflight.asked(lambda: _store_problems(places, targets.values()), here))
    if found:
        raise BadInput(dict.fromkeys(found))


def _datastore_problems(places: Places, plan: Plan, targets: Mapping[str, str]) -> tuple[Problem, ...]:
    return datastore_problems(
        plan,
        targets,
        places.datastore_facts(),
        clusters=lambda name: isinstance(places.config.targets.get(name), KubernetesConfig),
        open_store=places.datastore,
    )


def _store_problems(places: Places, targets: Iterable[str]) -> tuple[Problem, ...]:
    wrong = sorted(
        {name for name in targets if isinstance(places.config.targets[name], KubernetesConfig) != places.in_bucket}
    )
    if wrong:
        return tuple(
            Problem(f"target '{name}' has another store than this workspace", remedy=f"say --target {name}")
            for name in wrong
        )
    if not places.in_bucket:
        return ()
    settings = places.config.targets.get(places.override)
    if isinstance(settings, KubernetesConfig):
        found = loopback_problem(settings.store, f"target '{places.override}'")
        if found:
            return (found,)
    if places.refuses_overwrite():
        return ()
    return (
        Problem(
            "the store ignores 'If-None-Match: *', so two controllers could not be told apart",
            f"target '{places.override}'",
            "use a store with conditional puts: MinIO, AWS S3, …",
        ),
    )
