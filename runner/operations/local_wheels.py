"""Local wheels of a draft plan: by their content in the plan, and with their files in the workspace's store."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ..dataclass import dataclass, field
from ..environments import wheels
from ..environments.credentials import Credentials
from ..environments.local_wheels import seal
from ..errors import BadInput, Problem
from ..model.environment import Wheel
from ..model.plan import Plan
from ..ports import ObjectStore


@dataclass(frozen=True)
class SealedPlan:
    """A plan whose environments name no wheel by its path."""

    plan: Plan
    files: Mapping[Wheel, Path] = field(default_factory=dict)
    """The files of the wheels that are on this machine."""


def sealed(plan: Plan) -> SealedPlan:
    """Return the plan with its local wheels by digest. Raises BadInput with the problems of all of them."""
    made = {key: seal(environment) for key, environment in plan.environments.items()}
    problems = [problem for one in made.values() for problem in one.problems]
    if problems:
        raise BadInput(problems)
    files = {wheel: path for one in made.values() for wheel, path in one.files.items()}
    environments = {key: one.environment for key, one in made.items()}
    return SealedPlan(replace(plan, environments=environments) if environments != plan.environments else plan, files)


def keep(store: ObjectStore, files: Mapping[Wheel, Path]) -> None:
    """Store the wheels of this machine. Raises BadInput if one has changed since, StoreError."""
    for wheel, path in files.items():
        wheels.keep(store, wheel, path)


def package_problems(
    plan: Plan, store: ObjectStore, credentials: Credentials, here: Collection[Wheel] = ()
) -> tuple[Problem, ...]:
    """Return a problem for each wheel that nobody has, and for each secret that an environment names in vain.

    Args:
        plan: A sealed plan.
        store: The workspace's store.
        credentials: The secrets of the configuration.
        here: The wheels whose files are on this machine. Default: none.

    Raises:
        StoreError: The store cannot be used.

    """
    return tuple(_package_problems(plan, store, credentials, here))


def _package_problems(
    plan: Plan, store: ObjectStore, credentials: Credentials, here: Collection[Wheel]
) -> Iterator[Problem]:
    for environment in plan.environments.values():
        where = f"environment {environment.name!r}"
        yield from credentials.problems(environment.spec.pip, where)
        yield from wheels.missing(store, (wheel for wheel in environment.spec.wheels if wheel not in here), where)
