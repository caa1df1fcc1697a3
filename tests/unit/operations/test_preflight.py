"""What is asked of a target before anything runs."""

from __future__ import annotations

from typing import cast

import pytest

from runner.errors import Problem
from runner.model.step import StepSpec
from runner.model.workers import WorkerKind, Workers
from runner.operations.preflight import place_problems
from runner.override import override
from runner.ports import EnvironmentStore
from tests.support import builders as b
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore

NO_SERVICES = Problem("not allowed to create services")


class WithoutServices(FakeTarget):
    @override
    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:
        return (NO_SERVICES,) if gangs else ()


def a_step(workers: Workers | None) -> StepSpec:
    return b.step("a", workers=workers)


@pytest.mark.parametrize(
    ("workers", "asked"),
    [
        (None, False),
        (Workers(kind=WorkerKind.POOL, nodes=4), False),
        (Workers(kind=WorkerKind.GANG), False),
        (Workers(kind=WorkerKind.GANG, nodes=2), True),
        (Workers(kind=WorkerKind.GANG, nodes_parameter="nodes"), True),
    ],
)
def test_rights_for_gangs_are_asked_for_by_plans_that_have_one(workers: Workers | None, *, asked: bool) -> None:
    target = WithoutServices(b.TARGET, World(MemoryStore(), lambda _task: (Ending.SUCCEEDS, 1)))
    environments = cast("EnvironmentStore", FakeEnvironments())
    plan = b.plan(a_step(workers))
    found = place_problems(plan, {"a": b.TARGET}, target=lambda _: target, environments=lambda _: environments)
    assert (NO_SERVICES.what in [problem.what for problem in found]) is asked
