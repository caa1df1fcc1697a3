"""Attempts with many workers against the fake server: the Service of a gang, requests, log tails, resumed Jobs."""

from __future__ import annotations

import base64
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from runner.compute.kubernetes import event_poller
from runner.compute.kubernetes.pod_snapshot import PodSnapshot
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.errors import TargetUnreachable
from runner.model.access import Access
from runner.model.data import DataRef
from runner.model.digest import canonical_json
from runner.model.document import format_time, to_document
from runner.model.observation import Observation, Phase
from runner.model.record import Failure
from runner.model.task import Task, TaskId
from runner.model.termination import to_message
from runner.model.workers import STEP_FAILED, WorkerKind, Workers
from runner.override import override
from runner.storage.directory import DirectoryStore
from tests.support.fake_api import RUN, START, STORE, FakeCluster, a_record, a_task
from tests.support.fake_jobs import JobController, index_of, pods_of

DONE = to_message(a_record(outputs={"model": DataRef(datastore="blob", key="k", digest="d" * 64)}))


def a_target(cluster: FakeCluster, store: DirectoryStore) -> KubernetesTarget:
    settings = ClusterSettings(store_id=STORE, stop_timeout=0.3)
    return KubernetesTarget(
        "kind", cluster, settings, store=store, step_stores=lambda _: {Access(): "{}"}, step_archive=b"archive"
    )


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster(pods_at_once=False)


@pytest.fixture
def jobs(cluster: FakeCluster) -> JobController:
    return JobController(cluster)


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path, durable=False)


@pytest.fixture
def target(cluster: FakeCluster, store: DirectoryStore) -> Iterator[KubernetesTarget]:
    one = a_target(cluster, store)
    yield one
    one.close()


def with_workers(kind: WorkerKind, nodes: int = 4) -> Task:
    return a_task(workers=Workers(kind=kind, nodes=nodes))


def until(target: KubernetesTarget, task: Task, told: Callable[[Observation], bool]) -> Observation:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        seen = target.observe(RUN).get(task.id)
        if seen is not None and told(seen):
            return seen
        target.wait(0.02)
    raise AssertionError(f"it never came; last seen: {target.observe(RUN)}")


def newest(cluster: FakeCluster, index: int) -> str:
    (job,) = cluster.objects("jobs").values()
    *_, pod = (pod for pod in pods_of(cluster, job) if index_of(pod) == index)
    return str(pod["metadata"]["name"])


def show(cluster: FakeCluster, index: int, phase: str, **state: Mapping[str, object]) -> None:
    status = {
        "phase": phase,
        "conditions": [{"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": "step", "state": state}],
    }
    cluster.change("pods", newest(cluster, index), status=status)


def run(cluster: FakeCluster, *indexes: int) -> None:
    for index in indexes:
        show(cluster, index, "Running", running={"startedAt": format_time(cluster.time)})


def end(cluster: FakeCluster, index: int, code: int, message: str = "", reason: str = "Error") -> None:
    finished = format_time(cluster.time)
    ended = {"exitCode": code, "message": message, "reason": reason, "finishedAt": finished}
    show(cluster, index, "Failed" if code else "Succeeded", terminated=ended)


def test_a_gang_has_a_service_before_its_job_and_takes_it_along(target: KubernetesTarget, cluster: FakeCluster) -> None:
    task = with_workers(WorkerKind.GANG)
    uid = target.start(task)
    (service,), (job,) = cluster.objects("services").values(), cluster.objects("jobs").values()
    versions = [int(one["metadata"]["resourceVersion"]) for one in (service, job)]
    assert versions == sorted(versions)
    target.observe(RUN)
    target.remove(task.id, uid)
    assert cluster.names("services") + cluster.names("jobs") == ()


def token_of(cluster: FakeCluster, job: str) -> str:
    return str(cluster.objects("secrets")[f"{job}-gang"]["data"]["token"])


def test_each_attempt_of_a_gang_has_a_random_token_before_its_job(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    first, second = (replace(with_workers(WorkerKind.GANG), id=TaskId(RUN, "train-1", number)) for number in (1, 2))
    target.start(first)
    (job,) = cluster.objects("jobs").values()
    name = job["metadata"]["name"]
    secret, made = cluster.objects("secrets")[f"{name}-gang"], token_of(cluster, name)
    assert int(secret["metadata"]["resourceVersion"]) < int(job["metadata"]["resourceVersion"])
    assert len(bytes.fromhex(base64.b64decode(made).decode())) == 32
    assert base64.b64decode(made).decode() not in json.dumps(job)

    cluster.drop("jobs", name)
    a_target(cluster, store).start(first)  # another controller, after the first one died
    assert token_of(cluster, name) == made
    target.start(second)
    (other,) = set(cluster.names("jobs")) - {name}
    assert token_of(cluster, other) != made

    target.finish(RUN)
    assert not [one for one in cluster.names("secrets") if one.endswith("-gang")]


@pytest.mark.parametrize("task", [a_task(), with_workers(WorkerKind.POOL), with_workers(WorkerKind.GANG, 1)])
def test_who_has_no_peers_has_no_token(target: KubernetesTarget, cluster: FakeCluster, task: Task) -> None:
    target.start(task)
    assert not [one for one in cluster.names("secrets") if one.endswith("-gang")]


def test_who_stops_a_gang_deletes_its_service_though_another_made_it(
    target: KubernetesTarget, cluster: FakeCluster, store: DirectoryStore
) -> None:
    task = with_workers(WorkerKind.GANG)
    uid = target.start(task)
    other = a_target(cluster, store)
    other.observe(RUN)
    other.stop(task.id, uid)
    assert cluster.names("services") + cluster.names("jobs") == ()
    other.close()


def test_the_end_of_the_run_takes_a_service_that_nobody_has_deleted(
    target: KubernetesTarget, cluster: FakeCluster
) -> None:
    target.start(with_workers(WorkerKind.GANG))
    target.finish(RUN)
    assert cluster.names("services") == ()


class Dying(FakeCluster):
    """It does what is asked of it, and at one request its caller dies before or after that."""

    dies_at = 0
    count = 0

    @override
    def _count(self, verb: str, kind: str) -> None:
        super()._count(verb, kind)
        if verb in ("create", "get", "list", "delete"):
            self.count += 1
            if self.count == self.dies_at:
                raise TargetUnreachable("killed")


@pytest.mark.parametrize("kind", list(WorkerKind))
def test_a_start_that_dies_at_any_request_is_done_again(tmp_path: Path, kind: WorkerKind) -> None:
    task, store = with_workers(kind), DirectoryStore(tmp_path, durable=False)
    for at in range(1, 12):
        cluster = Dying(pods_at_once=False)
        first, second = a_target(cluster, store), a_target(cluster, store)
        cluster.dies_at = at
        died = False
        try:
            first.start(task)
        except TargetUnreachable:
            died = True
        cluster.dies_at = 0
        uid = second.start(task)
        assert len(cluster.names("jobs")) == 1
        assert len(cluster.names("services")) == (kind is WorkerKind.GANG)
        tokens = [one for one in cluster.names("secrets") if one.endswith("-gang")]
        assert len(tokens) == (kind is WorkerKind.GANG)
        second.observe(RUN)
        second.remove(task.id, uid)
        second.finish(RUN)
        assert cluster.names("services") + cluster.names("jobs") + cluster.names("secrets") == ()
        for one in (first, second):
            one.close()
        if not died:
            break
    else:
        raise AssertionError("a start has fewer requests")


def test_a_pool_whose_pod_is_killed_goes_on(
    target: KubernetesTarget, cluster: FakeCluster, jobs: JobController
) -> None:
    task = with_workers(WorkerKind.POOL, 3)
    uid = target.start(task)
    jobs.work()
    run(cluster, 0, 1, 2)
    assert until(target, task, lambda seen: seen.phase is Phase.RUNNING).uid == uid
    end(cluster, 1, 137)
    jobs.work()
    assert len(cluster.names("pods")) == 4
    run(cluster, 1)
    assert target.observe(RUN)[task.id].phase is Phase.RUNNING
    end(cluster, 1, 0)
    end(cluster, 2, 0)
    end(cluster, 0, 0, DONE)
    seen = until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)
    assert [line.partition(":")[0] for line in seen.warnings] == ["worker 1 of 3 was started again"]


def test_a_pool_whose_worker_0_is_killed_each_time_fails(
    target: KubernetesTarget, cluster: FakeCluster, jobs: JobController
) -> None:
    task = with_workers(WorkerKind.POOL, 3)
    target.start(task)
    jobs.work()
    run(cluster, 1, 2)
    for _ in range(4):
        assert target.observe(RUN)[task.id].phase is not Phase.FAILED
        cluster.time += timedelta(seconds=10)
        end(cluster, 0, 137, reason="OOMKilled")
        jobs.work()
    seen = until(target, task, lambda seen: seen.phase is Phase.FAILED)
    assert (seen.failure, "(its pods failed 4 times" in seen.reason) == (Failure.OOM, True)


def test_the_log_of_the_worker_that_died_is_kept(
    target: KubernetesTarget, cluster: FakeCluster, jobs: JobController, store: DirectoryStore
) -> None:
    task = with_workers(WorkerKind.GANG)
    uid = target.start(task)
    jobs.work()
    run(cluster, 0, 1)
    end(cluster, 3, 0)
    end(cluster, 2, 137)
    cluster.logs[newest(cluster, 2)] = "last words\n"
    until(target, task, lambda seen: seen.phase is Phase.FAILED)
    target.remove(task.id, uid)
    assert store.get(f"{task.id.worker_logs(2)}00000001.txt") == b"last words\n"


def test_a_gang_that_a_queue_has_suspended_begins_anew(
    target: KubernetesTarget, cluster: FakeCluster, jobs: JobController, store: DirectoryStore
) -> None:
    task = with_workers(WorkerKind.GANG, 2)
    target.start(task)
    jobs.work()
    run(cluster, 0, 1)
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)
    stale = canonical_json(to_document(a_record()))
    store.put(task.id.worker_record(1), stale)
    (job,) = cluster.names("jobs")
    spec = cluster.objects("jobs")[job]["spec"]
    suspended = [{"type": "Suspended", "status": "True", "lastTransitionTime": format_time(START)}]
    cluster.change("jobs", job, spec={**spec, "suspend": True}, status={"conditions": suspended})
    jobs.work()
    for index in (0, 1):
        name = newest(cluster, index)
        cluster.change("pods", name, metadata={"deletionTimestamp": format_time(cluster.time)})
        cluster.drop("pods", name)
    seen = until(target, task, lambda seen: seen.phase is Phase.PENDING)
    assert "suspended" in seen.reason
    assert store.stat(task.id.worker_record(1)) is None
    cluster.time += timedelta(seconds=60)
    cluster.change("jobs", job, spec={"suspend": False})
    jobs.work()
    run(cluster, 0, 1)
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)
    end(cluster, 1, 0)
    end(cluster, 0, 0, DONE)
    until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)


def requests_of(kind: WorkerKind, nodes: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """All requests for one attempt that starts late and ends well, without those for its run."""
    clock = [0.0]
    monkeypatch.setattr(event_poller, "monotonic", lambda: clock[0])
    cluster, store = FakeCluster(pods_at_once=False), DirectoryStore(folder, durable=False)
    jobs, target, task = JobController(cluster), a_target(cluster, store), with_workers(kind, nodes)
    target._objects.ensure(RUN)
    target.observe(RUN)
    cluster.calls.clear()
    uid = target.start(task)
    jobs.work()
    deadline = time.monotonic() + 5
    while len(target._watches[RUN].snapshots(START).get(task.id, PodSnapshot({})).pods) < nodes:
        assert time.monotonic() < deadline
        target.wait(0.02)
    for second in range(120):
        clock[0], cluster.time = float(second), START + timedelta(seconds=second)
        target.observe(RUN)
    run(cluster, *range(nodes))
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)
    for index in reversed(range(nodes)):
        end(cluster, index, 0, DONE if index == 0 else "")
    until(target, task, lambda seen: seen.phase is Phase.SUCCEEDED)
    target.remove(task.id, uid)
    target.close()
    return Counter({call: many for call, many in cluster.calls.items() if not call.startswith("watch ")})


def test_the_requests_of_an_attempt_do_not_grow_with_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few, many = (requests_of(WorkerKind.POOL, nodes, tmp_path / str(nodes), monkeypatch) for nodes in (4, 16))
    assert few == many
    assert few["create jobs"] == few["delete jobs"] == 1
    gang = requests_of(WorkerKind.GANG, 16, tmp_path / "gang", monkeypatch)
    assert gang.pop("list events") <= few.pop("list events") + 1
    assert gang == few + Counter({"create services": 1, "create secrets": 1, "delete services": 1})


def test_a_tick_reads_many_workers_once_a_second(tmp_path: Path) -> None:
    cluster = FakeCluster(pods_at_once=False)
    target, task = a_target(cluster, DirectoryStore(tmp_path, durable=False)), with_workers(WorkerKind.POOL, 200)
    target.start(task)
    JobController(cluster).work()
    run(cluster, *range(200))
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)
    begun = time.process_time()
    seen = [target.observe(RUN)[task.id] for _ in range(1000)]
    assert all(one is seen[0] for one in seen)
    assert time.process_time() - begun < 2.0
    target.close()


def test_the_failure_of_a_script_is_read_from_the_store(
    target: KubernetesTarget, cluster: FakeCluster, jobs: JobController, store: DirectoryStore
) -> None:
    task = with_workers(WorkerKind.POOL, 3)
    target.start(task)
    jobs.work()
    run(cluster, 0, 1, 2)
    record = a_record(Failure.USER, 3, reason="worker 2 of 3: ValueError", tail="the tail")
    store.put(task.id.record, canonical_json(to_document(record)))
    end(cluster, 2, STEP_FAILED, to_message(record))
    jobs.work()
    assert [one["status"]["phase"] for one in cluster.objects("pods").values()] == ["Failed"] * 3
    seen = until(target, task, lambda seen: seen.phase is Phase.FAILED)
    assert (seen.failure, seen.reason, seen.tail) == (Failure.USER, "worker 2 of 3: ValueError", "the tail")
