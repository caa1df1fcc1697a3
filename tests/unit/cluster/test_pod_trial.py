"""The store is tried from a pod, and nothing of the trial is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from runner.cluster.pod_trial import NAME, NETWORK, RUN_SECONDS, START_SECONDS, Trial, image_for, try_store
from runner.data import packing
from runner.errors import EnvironmentFailed, TargetDenied, TargetUnreachable
from runner.images.ready_images import ReadyImages
from runner.model.check import Check
from runner.model.environment import NamedEnvironment
from runner.model.task import Task, TaskId
from runner.override import override
from runner.ports import ComputeTarget, ObjectStore, Prepared
from runner.runs import index, records
from tests.support.fake_builder import FakeBuilder
from tests.support.fake_clock import FakeClock
from tests.support.fake_target import Ending, FakeTarget, World
from tests.support.memory_store import MemoryStore


def _entropy(count: int) -> bytes:
    return bytes(range(count))


def _trial(target: ComputeTarget, store: ObjectStore, clock: FakeClock | None = None) -> Trial:
    return Trial(
        target=target, store=store, image="registry.example/python:3", clock=clock or FakeClock(), entropy=_entropy
    )


@dataclass
class Site:
    """A fake target over a store in memory, in which the trial's step ends in a given way."""

    ending: Ending
    store: MemoryStore = field(default_factory=MemoryStore)
    seen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store.put("store.json", b"{}")
        self.world = World(self.store, self._script)
        self.target = FakeTarget("team", self.world)

    def _script(self, task: TaskId) -> tuple[Ending, int]:
        assigned = records.assignment(self.store, task.assignment)
        assert packing.load(self.store, assigned.snapshot)
        assert not tuple(index.newest(self.store, 9))
        self.seen.append(task.run)
        return self.ending, 3

    def tried(self) -> tuple[Check, ...]:
        return try_store(_trial(self.target, self.store, self.world.clock))

    def assert_clear(self) -> None:
        assert self.store.objects == {"store.json": b"{}"}
        assert (self.world.attempts, self.world.dropped) == ({}, [])
        assert self.world.finished == set(self.seen)


def test_a_store_that_a_pod_can_use_is_well() -> None:
    site = Site(Ending.SUCCEEDS)
    (check,) = site.tried()
    assert (check.name, check.ok, check.remedy) == (NAME, True, "")
    assert "registry.example/python:3" in check.detail
    assert len(site.seen) == 1
    site.assert_clear()


@pytest.mark.parametrize(("line", "ok"), [("network closed", True), ("network open", False)])
def test_the_step_tells_whether_the_network_policy_is_enforced(line: str, *, ok: bool) -> None:
    class Talking(Site):
        @override
        def _script(self, task: TaskId) -> tuple[Ending, int]:
            self.store.put(f"{task.logs}00000001.txt", f"runner-doctor: {line}\n".encode())
            return super()._script(task)

    site = Talking(Ending.SUCCEEDS)
    store, network = site.tried()
    assert store.ok
    assert (network.name, network.ok, network.optional) == (NETWORK, ok, not ok)
    assert ok or "manifests/network-policy.yaml" in network.remedy
    site.assert_clear()


@pytest.mark.parametrize(
    ("ending", "optional", "detail", "remedy"),
    [
        (Ending.HANGS, False, f"has not ended after {RUN_SECONDS:.0f} s", "cluster_endpoint"),
        (Ending.STUCK, True, f"no pod ran within {START_SECONDS:.0f} s", "--image IMAGE"),
        (Ending.UNSCHEDULABLE, True, "no node has room", "try again: runner doctor team"),
        (Ending.UNPULLABLE, True, "the image cannot be pulled", "runner doctor team --image IMAGE"),
        (Ending.EVICTED, True, "its node is gone", "try again: runner doctor team"),
        (Ending.FAILS, False, "a step fails: the script ended with exit code 3", "try again"),
    ],
)
def test_what_a_step_shows_is_told_in_time_and_leaves_nothing(
    ending: Ending, detail: str, remedy: str, *, optional: bool
) -> None:
    site = Site(ending)
    (check,) = site.tried()
    assert (check.name, check.ok, check.optional) == (NAME, False, optional)
    assert detail in check.detail
    assert remedy in check.remedy
    assert site.world.clock.seconds <= START_SECONDS + RUN_SECONDS
    site.assert_clear()


def test_an_interrupt_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(Ending.HANGS)

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(site.target, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        site.tried()
    site.assert_clear()


def test_a_job_that_cannot_be_made_is_told_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(Ending.SUCCEEDS)

    def refuse(task: Task) -> str:
        site.seen.append(task.id.run)
        raise TargetDenied("not allowed to create jobs")

    monkeypatch.setattr(site.target, "start", refuse)
    (check,) = site.tried()
    assert (check.name, check.ok, check.detail) == (NAME, False, "not allowed to create jobs")
    site.assert_clear()


def test_what_cannot_be_removed_is_told_and_keeps_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(Ending.SUCCEEDS)

    def gone(_run: str) -> None:
        raise TargetUnreachable("no answer")

    monkeypatch.setattr(site.target, "finish", gone)
    well, left = site.tried()
    assert well.ok
    assert (left.ok, left.optional) == (False, True)
    assert "no answer" in left.detail
    assert f"run-{site.seen[0]}" in left.remedy
    assert site.store.objects == {"store.json": b"{}"}


def _found(prepared: Prepared | None) -> Callable[[ReadyImages, NamedEnvironment], Prepared | None]:
    return lambda _self, _environment: prepared


def test_the_image_is_one_that_is_there_or_the_official_one(monkeypatch: pytest.MonkeyPatch) -> None:
    environments = ReadyImages("team", FakeBuilder())
    assert image_for(environments) == "python:3.11-slim"
    monkeypatch.setattr(ReadyImages, "find", _found(Prepared("runner-env:1")))
    assert image_for(environments) == "runner-env:1"

    def fail(_self: ReadyImages, _environment: NamedEnvironment) -> Prepared:
        raise EnvironmentFailed("no registry")

    monkeypatch.setattr(ReadyImages, "find", fail)
    assert image_for(environments) == "python:3.11-slim"
