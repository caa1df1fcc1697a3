"""Jobs that a finalizer keeps: waited for with an end, named, and no hindrance to the run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.errors import TargetError, TargetUnreachable
from runner.model.access import Access
from tests.support.fake_api import RUN, START, STORE, FakeCluster, a_record, a_task
from tests.support.memory_store import MemoryStore

SETTINGS = ClusterSettings(store_id=STORE, stop_timeout=0.05)
KEEPERS = {"finalizers": ["example.com/audit"]}


class Bench:
    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.said: list[str] = []
        self.task = a_task()
        self.target = KubernetesTarget(
            "kind",
            self.cluster,
            SETTINGS,
            store=MemoryStore(),
            step_stores=lambda _: {Access(): "{}"},
            step_archive=b"",
            notify=self.said.append,
        )
        self.uid = self.target.start(self.task)
        (self.name,) = self.cluster.names("jobs")
        self.cluster.change("jobs", self.name, metadata=KEEPERS)
        self.target.observe(RUN)


@pytest.fixture
def bench() -> Iterator[Bench]:
    one = Bench()
    yield one
    one.target.close()


def test_a_stopped_job_that_does_not_go_is_named_and_no_longer_told_of(bench: Bench) -> None:
    bench.cluster.set_step(bench.name, {"running": {}})
    bench.target.stop(bench.task.id, bench.uid)
    (line,) = bench.said
    assert f"still running 0 s after the deletion of their Job: {bench.name}-x" in line
    assert "its finalizers example.com/audit keep it" in line
    assert f"kubectl -n runner patch job {bench.name}" in line
    assert bench.target.observe(RUN) == {}, "the run can end"


def test_a_removed_job_that_does_not_go_is_removed_once_and_named_at_the_end(bench: Bench) -> None:
    bench.cluster.end_step(bench.name, a_record())
    bench.target.observe(RUN)
    bench.target.remove(bench.task.id, bench.uid)
    for _ in range(5):
        assert bench.target.observe(RUN) == {}
    assert bench.cluster.calls["delete jobs"] == 1
    until_held(bench)
    bench.target.finish(RUN)
    (line,) = bench.said
    assert f"deleted, and still there: Job '{bench.name}': its finalizers example.com/audit keep it" in line


def until_held(bench: Bench) -> None:
    for _ in range(100):
        if bench.target._watches[RUN].held():
            return
        bench.target.wait(0.02)
        bench.target.observe(RUN)
    raise AssertionError("the watch never told of the deletion")


def test_an_attempt_waits_for_an_equal_job_to_go_but_not_for_ever(bench: Bench) -> None:
    bench.target.remove(bench.task.id, bench.uid)
    with pytest.raises(TargetUnreachable, match="is being deleted"):
        bench.target.start(bench.task)
    bench.cluster.time = START + timedelta(seconds=90)
    with pytest.raises(TargetError, match=r"its finalizers example\.com/audit keep it") as refused:
        bench.target.start(bench.task)
    assert not isinstance(refused.value, TargetUnreachable)


def test_what_has_gone_is_forgotten(bench: Bench) -> None:
    bench.target.remove(bench.task.id, bench.uid)
    bench.cluster.drop("jobs", bench.name)
    for _ in range(100):
        bench.target.observe(RUN)
        if not bench.target._deleted:
            return
        bench.target.wait(0.02)
    raise AssertionError("it is remembered for ever")
