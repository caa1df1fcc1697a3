"""What steps cost the API server, in requests, and a tick in work: counted, not timed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from runner.compute.kubernetes import event_poller, run_watch
from runner.compute.kubernetes.pod_snapshot import PodSnapshot
from runner.compute.kubernetes.run_watch import RunWatch
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.model.access import Access
from runner.model.data import DataRef
from runner.model.observation import Phase
from runner.model.record import Failure
from runner.model.task import Task
from tests.support.fake_api import RUN, START, STORE, FakeCluster, a_record, a_task
from tests.support.memory_store import MemoryStore

STEPS = 50
DONE = a_record(outputs={"model": DataRef(datastore="blob", key="k", digest="d" * 64)})


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


@pytest.fixture
def target(cluster: FakeCluster) -> Iterator[KubernetesTarget]:
    one = KubernetesTarget(
        "kind",
        cluster,
        ClusterSettings(store_id=STORE),
        store=MemoryStore(),
        step_stores=lambda _: {Access(): "{}"},
        step_archive=b"",
    )
    yield one
    one.close()


def job_of(cluster: FakeCluster, task: Task) -> str:
    (name,) = (name for name in cluster.names("jobs") if name.startswith(task.id.key))
    return name


def until(target: KubernetesTarget, task: Task, phase: Phase) -> None:
    deadline = time.monotonic() + 5
    while target.observe(RUN)[task.id].phase is not phase:
        assert time.monotonic() < deadline, "it never came"
        target.wait(0.05)


def one_step(target: KubernetesTarget, cluster: FakeCluster, number: int) -> None:
    task = a_task(f"s{number}-1")
    uid = target.start(task)
    name = job_of(cluster, task)
    cluster.assign_pod(name)
    cluster.set_step(name, {"running": {}})
    cluster.end_step(name, DONE)
    until(target, task, Phase.SUCCEEDED)
    target.remove(task.id, uid)


def test_a_step_costs_two_requests_and_its_run_a_handful(target: KubernetesTarget, cluster: FakeCluster) -> None:
    for number in range(STEPS):
        one_step(target, cluster, number)
    target.finish(RUN)
    run = {"create configmaps": 3, "create secrets": 1, "delete configmaps": 1}
    assert cluster.calls["create jobs"] == cluster.calls["delete jobs"] == STEPS
    assert {call: cluster.calls[call] for call in run} == run
    assert cluster.calls["list jobs"] == cluster.calls["list pods"] == 1
    assert sum(cluster.calls.values()) <= 2 * STEPS + 10 <= 4 * STEPS


def test_a_step_with_a_long_pull_costs_a_request_every_seven_seconds_at_first_and_ever_fewer(
    target: KubernetesTarget, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr(event_poller, "monotonic", lambda: clock[0])
    target.observe(RUN)
    task = a_task()
    uid = target.start(task)
    name = job_of(cluster, task)
    cluster.assign_pod(name)
    cluster.add_event(str(cluster._objects["pods", f"{name}-x"]["metadata"]["uid"]), "Pulling", "Pulling image")
    deadline = time.monotonic() + 5
    while not target.observe(RUN)[task.id].placed:
        assert time.monotonic() < deadline
        target.wait(0.02)
    cluster.calls.clear()
    for second in range(3600):
        clock[0], cluster.time = float(second), START + timedelta(seconds=second)
        target.observe(RUN)
        if second == 60:
            assert cluster.calls["list events"] == 9
    assert cluster.calls["list events"] == 20
    cluster.end_step(name, DONE)
    until(target, task, Phase.SUCCEEDED)
    target.remove(task.id, uid)
    assert sum(cluster.calls.values()) <= 23


def test_a_failure_without_a_record_costs_its_log(target: KubernetesTarget, cluster: FakeCluster) -> None:
    target.observe(RUN)
    task = a_task()
    cluster.calls.clear()
    uid = target.start(task)
    target._objects.ensure(RUN)
    cluster.end_step(job_of(cluster, task), code=3)
    until(target, task, Phase.FAILED)
    assert target.observe(RUN)[task.id].failure is Failure.USER
    target.remove(task.id, uid)
    cost = {call: many for call, many in cluster.calls.items() if "configmaps" not in call and "secrets" not in call}
    cost.pop("watch jobs", 0), cost.pop("watch pods", 0)
    assert cost == {"create jobs": 1, "log pods": 1, "delete jobs": 1}


def test_a_long_queue_asks_ever_more_seldom(
    target: KubernetesTarget, cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runner.compute.kubernetes import event_poller

    cluster.pods_at_once = False
    target.start(a_task())
    target.observe(RUN)
    clock = [1000.0]
    monkeypatch.setattr(event_poller, "monotonic", lambda: clock[0])
    for second in range(2, 3600):
        clock[0] += 1
        cluster.time = START + timedelta(seconds=second)
        target.observe(RUN)
    assert 8 <= cluster.calls["list events"] <= 11


def test_many_late_steps_are_asked_about_a_few_at_a_time(target: KubernetesTarget, cluster: FakeCluster) -> None:
    cluster.pods_at_once = False
    for number in range(40):
        target.start(a_task(f"s{number}-1"))
    cluster.time = START + timedelta(seconds=2)
    target.observe(RUN)
    assert cluster.calls["list events"] <= 4


def test_a_tick_puts_together_only_what_has_changed(cluster: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [a_task(f"s{number}-1") for number in range(STEPS)]
    target = KubernetesTarget(
        "kind",
        cluster,
        ClusterSettings(store_id=STORE),
        store=MemoryStore(),
        step_stores=lambda _: {Access(): "{}"},
        step_archive=b"",
    )
    for task in tasks:
        target.start(task)
        cluster.set_step(job_of(cluster, task), {"running": {}})
    watch = RunWatch(cluster, ClusterSettings(store_id=STORE), RUN, changed=lambda: None)
    first = dict(watch.snapshots(START))
    made: list[PodSnapshot] = []

    def counted(*parts: object) -> PodSnapshot:
        made.append(PodSnapshot(*parts))  # type: ignore[arg-type]  # handed on
        return made[-1]

    monkeypatch.setattr(run_watch, "PodSnapshot", counted)
    assert all(watch.snapshots(START)[task] is seen for task, seen in first.items())
    assert not made
    cluster.set_step(job_of(cluster, tasks[0]), {"running": {"startedAt": "2026-11-22T08:00:00Z"}})
    deadline = time.monotonic() + 5
    while watch.snapshots(START)[tasks[0].id] is first[tasks[0].id]:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert len(made) == 1
    watch.close()
    target.close()
