"""A compute target in one module: `World` acts its steps, and this module has all else that a target needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.compute import registry
from runner.config.rules import whole_number
from runner.config.target import TargetContext
from runner.datastores import BucketConfig
from runner.errors import Problem
from runner.model.access import Access
from runner.model.check import Check
from runner.model.compute import ResourceRequest
from runner.model.policy import StepPolicy
from runner.model.reading import Checks
from runner.model.task import TaskId
from runner.ports import ComputeTarget, EnvironmentInventory, EnvironmentStore, ObjectStore
from tests.support.fake_environments import FakeEnvironments
from tests.support.fake_target import Ending, FakeTarget, World

LINE: Mapping[str, str] = {"toy": "tests.support.toy_target:ToyConfig"}
"""The line that the registry gets."""
_ENDINGS: Mapping[str, Ending] = {"fails": Ending.FAILS, "hangs": Ending.HANGS}


def register(set_item: Callable[[dict[str, str], str, str], None]) -> None:
    """Add the one line to the registry by `monkeypatch.setitem`."""
    for kind, place in LINE.items():
        set_item(registry.TYPES, kind, place)


def _end(task: TaskId) -> tuple[Ending, int]:
    return _ENDINGS.get(task.key, Ending.SUCCEEDS), 2


@dataclass(frozen=True)
class ToyConfig:
    """A target that plays."""

    slots: int = 2
    """The most steps at the same time."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    access: Access = field(default_factory=Access)
    store: BucketConfig | None = None

    @property
    def resources(self) -> ResourceRequest:
        return ResourceRequest()

    @property
    def reaches_folders(self) -> bool:
        return True

    @classmethod
    def rules(cls) -> Checks:
        return {(cls, "slots"): whole_number(1, 5)}

    def store_problems(self, where: str) -> tuple[Problem, ...]:
        return (Problem("toys cannot reach it", where, "play elsewhere"),) if self.store else ()

    def repair_command(self, name: str) -> str:
        return f"mend {name}"

    def requirements(self, remedy: str) -> Iterator[Check]:  # noqa: ARG002 - nothing has to be repaired
        yield Check(name="toy box", ok=True, detail="open")

    def checks(self, context: TargetContext, remedy: str) -> Iterator[Check]:
        yield Check(name="toys", ok=False, detail=f"none in {context.name}", remedy=remedy)

    def environments(self, context: TargetContext) -> EnvironmentStore:  # noqa: ARG002 - nothing is kept
        return FakeEnvironments()

    def inventory(self, name: str, cache: Path) -> EnvironmentInventory:  # noqa: ARG002 - nothing is kept
        return FakeEnvironments()

    def controllers(self, store_id: Callable[[], str]) -> None:
        """None."""

    def build(self, context: TargetContext) -> ComputeTarget:
        return FakeTarget(context.name, world_of(context.store()), self.slots)


_WORLDS: dict[str, World] = {}


def world_of(store: ObjectStore) -> World:
    """Return the one world of a store. It outlives each target that is built over it."""
    mark = "toy/world"
    store.put_if_absent(mark, f"{len(_WORLDS)} of {id(_WORLDS)}".encode())
    return _WORLDS.setdefault(store.get(mark).decode(), World(store, _end))
