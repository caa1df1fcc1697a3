"""An upgraded environment is another one for every run that is submitted later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from runner.environments import lock_store
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.operations.environment_generations import in_newest_generation
from runner.override import override
from runner.ports import ObjectInfo
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


class Counting(MemoryStore):
    lists = 0

    @override
    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:
        self.lists += 1
        return super().list(prefix, after=after)


def plan_with(*pip: str) -> dict[str, NamedEnvironment]:
    return {b.ENVIRONMENT: NamedEnvironment(b.ENVIRONMENT, EnvironmentSpec(pip=pip))}


PLAN = b.plan(b.step("a"))


def test_an_upgrade_changes_the_environment_and_what_is_named_by_it() -> None:
    store = Counting()
    plan = replace(PLAN, environments=plan_with("six"))
    assert in_newest_generation(store, plan) is plan
    following = lock_store.next_generation(store, plan.environments[b.ENVIRONMENT].spec)
    lock_store.begin(store, following)
    renewed = in_newest_generation(store, plan)
    assert renewed.environments[b.ENVIRONMENT].spec == following
    assert following.digest != plan.environments[b.ENVIRONMENT].spec.digest
    assert in_newest_generation(store, renewed) == renewed


def test_a_plan_without_packages_costs_no_request() -> None:
    store = Counting()
    plan = replace(PLAN, environments=plan_with())
    assert in_newest_generation(store, plan) is plan
    assert store.lists == 0
    in_newest_generation(store, replace(PLAN, environments=plan_with("six")))
    assert store.lists == 1
