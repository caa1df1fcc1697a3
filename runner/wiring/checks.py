"""All problems of running a plan in a workspace, found together."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from ..data.secret_values import file_problems
from ..datastores import BucketConfig
from ..environments.credentials import Credentials
from ..errors import BadInput, Problem
from ..model.access import Access
from ..model.environment import Wheel
from ..model.plan import Plan
from ..operations import preflight
from ..operations.computes import Named
from ..operations.datastore_access import datastore_problems, secret_problems
from ..operations.local_wheels import SealedPlan, package_problems
from ..operations.targets import assign_targets
from ..operations.values import Request
from ..plan.policies import with_access
from ..plan.worker_counts import limit_problems
from ..samplers import bayesian
from . import after_run_checks
from .places import Places


def targets_of(places: Places, made: SealedPlan, request: Request, known: Named, words: Access) -> dict[str, str]:
    """Return the target of each step by the step's key.

    Args:
        places: The open workspace.
        made: The plan as it is submitted, and its wheels that are on this machine.
        request: The parameters of the submission.
        known: The meaning of the plan's compute names.
        words: The secrets and datastores that the command line lets every step open.

    Raises:
        BadInput: With all problems of running the plan.

    """
    plan = made.plan
    targets, problems = assign_targets(plan, places.config, places.override, known.created)
    plan = with_access(plan, targets, places.config.targets, words)
    found = [*problems, *preflight.plan_problems(plan, request.parameters)]
    found.extend(limit_problems(plan, request.parameters, known.limits))
    found.extend(bayesian.problems(plan))
    here = places.target_in_force
    found.extend(preflight.problems_from(lambda: _datastore_problems(places, plan, targets), here))
    found.extend(preflight.problems_from(lambda: preflight.snapshot_problems(plan, places.store), here))
    found.extend(preflight.problems_from(lambda: _package_problems(places, plan, made.files), here))
    found.extend(file_problems(places.config.secrets))
    found.extend(secret_problems(plan, places.config.secrets, os.environ))
    if not problems:
        found.extend(preflight.place_problems(plan, targets, target=places.candidate, environments=places.environments))
        found.extend(preflight.problems_from(lambda: _store_problems(places, targets.values()), here))
    found.extend(after_run_checks.problems(places.config, in_cluster=places.controllers_in_cluster))
    if found:
        raise BadInput(dict.fromkeys(found))
    return targets


def check_again(places: Places, plan: Plan, targets: Mapping[str, str]) -> None:
    """Check that the steps of a stored plan can run on their targets once more. Raises BadInput with all problems."""
    here = places.target_in_force
    found = [
        *bayesian.problems(plan),
        *preflight.problems_from(lambda: _datastore_problems(places, plan, targets), here),
    ]
    found.extend(preflight.problems_from(lambda: preflight.snapshot_problems(plan, places.store), here))
    found.extend(preflight.problems_from(lambda: _package_problems(places, plan), here))
    found.extend(file_problems(places.config.secrets))
    found.extend(secret_problems(plan, places.config.secrets, os.environ))
    found.extend(preflight.place_problems(plan, targets, target=places.candidate, environments=places.environments))
    if all(name in places.config.targets for name in targets.values()):
        found.extend(preflight.problems_from(lambda: _store_problems(places, targets.values()), here))
    found.extend(after_run_checks.problems(places.config, in_cluster=places.controllers_in_cluster))
    if found:
        raise BadInput(dict.fromkeys(found))


def _datastore_problems(places: Places, plan: Plan, targets: Mapping[str, str]) -> tuple[Problem, ...]:
    return datastore_problems(
        plan,
        targets,
        places.datastore_facts(),
        reaches_folders=places.reaches_folders,
        open_store=places.datastore,
    )


def _package_problems(places: Places, plan: Plan, here: Collection[Wheel] = ()) -> tuple[Problem, ...]:
    return package_problems(plan, places.store, Credentials(places.config.secrets), here)


def _store_problems(places: Places, targets: Iterable[str]) -> tuple[Problem, ...]:
    names, here = sorted(set(targets)), places.target_in_force
    own = places.config.get(here).store
    wrong = [name for name in names if _place(places.config.get(name).store) != _place(own)]
    if wrong:
        return tuple(
            Problem(f"target '{name}' has another store than this workspace", remedy=f"pass --target {name}")
            for name in wrong
        )
    if own is None:
        return ()
    found = [
        problem
        for name in dict.fromkeys((here, *names))
        for problem in places.config.get(name).store_problems(f"target '{name}'")
    ]
    if found or places.refuses_overwrite():
        return tuple(found)
    return (
        Problem(
            "the store ignores 'If-None-Match: *', so two controllers could not be told apart",
            f"target '{here}'",
            "use a store with conditional puts: MinIO, AWS S3, …",
        ),
    )


def _place(store: BucketConfig | None) -> tuple[str, ...]:
    """Return the place of a store as this machine knows it; empty: the workspace's folder."""
    return (store.endpoint, store.bucket, store.prefix.strip("/")) if store else ()
