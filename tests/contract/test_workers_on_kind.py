"""Attempts with many workers on a real cluster: pods of Indexed Jobs that run runner's own bootstrap."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.compute.kubernetes.conventions import INDEX_ANNOTATION
from runner.compute.kubernetes.programs import run_program
from runner.data import manifest
from runner.model.observation import Observation, Phase
from runner.model.record import Failure
from runner.model.resources import Resources
from runner.model.task import Task
from runner.model.workers import WorkerKind, Workers
from runner.ports import ComputeTarget
from runner.runs import records
from tests.support import builders as b
from tests.support.kind_bench import KindBench, kind_bench
from tests.support.kind_cluster import KindCluster
from tests.support.kind_hands import Hands
from tests.support.kind_runs import Namespace, patiently

pytestmark = pytest.mark.kind

ENTERS = """\
import os, socket, sys, time, urllib.error, urllib.request, uuid
ledger, who, index = os.environ["LEDGER"], os.environ["WHO"], int(os.environ["RUNNER_WORKER"])

def enter(what):
    url = ledger + "/" + who + "/" + what + "/" + str(uuid.uuid4())
    urllib.request.urlopen(urllib.request.Request(url, data=b"ran", method="PUT"))

def await_release(name):
    while True:
        try:
            return urllib.request.urlopen(ledger + "/released/" + name, timeout=5).read()
        except (OSError, urllib.error.URLError):
            time.sleep(0.2)

enter(str(index))
"""
POOL = (
    ENTERS
    + """
await_release("all")
if index == 0:
    os.makedirs(sys.argv[2])
    open(sys.argv[2] + "/sum.txt", "w").write("done")
"""
)
GANG = (
    ENTERS
    + """
import threading
hosts = os.environ["RUNNER_HOSTS"].split(",")
server = socket.create_server(("", 9021))
heard = []

def listen():
    for _ in hosts:
        heard.append(int(server.accept()[0].makefile().readline()))

thread = threading.Thread(target=listen)
thread.start()
for host in hosts:
    while True:
        try:
            with socket.create_connection((host, 9021), timeout=5) as one:
                one.sendall(b"%d\\n" % index)
            break
        except OSError:
            time.sleep(0.2)
thread.join()
print("heard", sorted(heard), flush=True)
if sys.argv[1] == "fails":
    if index == 2:
        print("last words of 2", flush=True)
        sys.exit(3)
    time.sleep(600)
os.makedirs(sys.argv[2])
open(sys.argv[2] + "/%d.txt" % index, "w").write(str(sorted(heard)))
"""
)


@pytest.fixture
def bench(kind_cluster: KindCluster, tmp_path: Path) -> Iterator[KindBench]:
    with kind_bench(kind_cluster, tmp_path) as made:
        yield made


def with_workers(bench: KindBench, kind: WorkerKind, script: str, what: str = "works", **changes: Any) -> Task:
    return bench.assign(script, what, workers=Workers(kind=kind, nodes=3, processes=1), **changes)


def until(target: ComputeTarget, task: Task, told: Callable[[Observation], bool], seconds: float = 60) -> Observation:
    def seen() -> Observation | None:
        found = target.observe(b.RUN).get(task.id)
        target.wait(0.2)
        return found if found is not None and told(found) else None

    return patiently(seen, f"an observation of {task.id.key}: last {target.observe(b.RUN)}", seconds, 0.01)


def has_ended(seen: Observation) -> bool:
    return seen.phase in (Phase.SUCCEEDED, Phase.FAILED)


def executions(bench: KindBench, task: Task) -> list[int]:
    who, counted = f"{task.id.run}/{task.id.key}/{task.id.attempt}", bench.ledger.count()
    return [counted.get(f"{who}/{index}", 0) for index in range(3)]


def pod_of(namespace: Namespace, index: int) -> str:
    (name,) = (
        pod["metadata"]["name"]
        for pod in namespace.pods(b.RUN)
        if pod["metadata"]["annotations"][INDEX_ANNOTATION] == str(index) and pod["status"]["phase"] == "Running"
    )
    return str(name)


def test_a_pool_starts_the_worker_of_a_deleted_pod_again(bench: KindBench, kind_cluster: KindCluster) -> None:
    target, task, namespace = bench.target(), with_workers(bench, WorkerKind.POOL, POOL), Namespace(kind_cluster)
    uid = target.start(task)
    patiently(lambda: executions(bench, task) == [1, 1, 1], "all workers")
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)
    namespace.kill_pod(pod_of(namespace, 1))
    patiently(lambda: executions(bench, task) == [1, 2, 1], "worker 1 again")
    assert target.observe(b.RUN)[task.id].phase is Phase.RUNNING
    bench.ledger.release("all")
    seen = until(target, task, has_ended)
    assert (seen.phase, seen.uid, list(seen.outputs)) == (Phase.SUCCEEDED, uid, ["out"]), seen
    assert [line.partition(":")[0] for line in seen.warnings] == ["worker 1 of 3 was started again"]
    assert executions(bench, task) == [1, 2, 1]


def test_the_workers_of_a_gang_reach_each_other_by_name_and_commit_together(bench: KindBench) -> None:
    target, task = bench.target(), with_workers(bench, WorkerKind.GANG, GANG)
    uid = target.start(task)
    seen = until(target, task, has_ended)
    assert seen.phase is Phase.SUCCEEDED, seen
    commit = records.committed(bench.store, task.id)
    assert commit is not None
    assert seen.outputs == commit.outputs
    entries = manifest.load(bench.store, commit.outputs["out"].digest).entries
    assert sorted(entry.path for entry in entries) == ["0.txt", "1.txt", "2.txt"]
    assert bench.store.get(f"{task.outputs[0].key}/2.txt") == b"[0, 1, 2]"
    target.remove(task.id, uid)
    assert executions(bench, task) == [1, 1, 1]


def test_a_rank_that_fails_ends_the_gang_with_its_last_words(bench: KindBench, kind_cluster: KindCluster) -> None:
    target, task = bench.target(), with_workers(bench, WorkerKind.GANG, GANG, "fails")
    uid = target.start(task)
    seen = until(target, task, has_ended)
    assert (seen.phase, seen.failure, seen.exit_code) == (Phase.FAILED, Failure.USER, 3), seen
    assert seen.reason.startswith("worker 2 of 3: the script ended with exit code 3")
    assert seen.tail.splitlines()[-1] == "last words of 2"
    target.stop(task.id, uid)
    target.remove(task.id, uid)
    left = [one for one in Namespace(kind_cluster).of_run(b.RUN) if not one.startswith(("configmaps", "secrets"))]
    assert left == []


def test_a_gang_that_is_too_large_for_the_node_says_so_and_leaves_nothing(
    bench: KindBench, kind_cluster: KindCluster
) -> None:
    half = f"{(os.cpu_count() or 2) * 500 - 300}m"
    target = bench.target(unschedulable_grace=5.0)
    task = with_workers(bench, WorkerKind.GANG, GANG, resources=Resources(cpu=half))
    uid = target.start(task)
    seen = until(target, task, has_ended)
    assert (seen.failure, seen.retriable) == (Failure.UNSCHEDULABLE, False), seen
    assert seen.reason.startswith(f"needs 3 workers at once with cpu={half} memory=256Mi each; 1 has a node, ")
    assert "Insufficient cpu" in seen.reason
    target.stop(task.id, uid)
    assert Namespace(kind_cluster).pods(b.RUN) == []


@pytest.mark.all_data
@pytest.mark.parametrize("kind", list(WorkerKind))
def test_a_restart_of_the_kubelet_ends_no_worker(bench: KindBench, kind_cluster: KindCluster, kind: WorkerKind) -> None:
    target, task = bench.target(), with_workers(bench, kind, POOL)
    target.start(task)
    patiently(lambda: executions(bench, task) == [1, 1, 1], "all workers")
    for _ in range(2):
        node = f"{kind_cluster.name}-control-plane"
        run_program(["docker", "exec", node, "systemctl", "restart", "kubelet"])
        patiently(lambda: target.observe(b.RUN)[task.id].phase is Phase.RUNNING, "it goes on")
    bench.ledger.release("all")
    assert until(target, task, has_ended).phase is Phase.SUCCEEDED
    assert executions(bench, task) == [1, 1, 1]


@pytest.mark.all_data
def test_a_gang_of_which_a_pod_is_evicted_fails_as_disrupted(bench: KindBench, kind_cluster: KindCluster) -> None:
    target, task, namespace = bench.target(), with_workers(bench, WorkerKind.GANG, POOL), Namespace(kind_cluster)
    target.start(task)
    patiently(lambda: executions(bench, task) == [1, 1, 1], "all workers")
    Hands(kind_cluster).evict(pod_of(namespace, 1))
    seen = until(target, task, has_ended, seconds=90)
    assert (seen.failure, seen.reason.partition(":")[0]) == (Failure.DISRUPTED, "worker 1 of 3")


@pytest.mark.all_data
def test_a_pool_of_which_each_pod_is_evicted_goes_on(bench: KindBench, kind_cluster: KindCluster) -> None:
    target, task, namespace = bench.target(), with_workers(bench, WorkerKind.POOL, POOL), Namespace(kind_cluster)
    target.start(task)
    patiently(lambda: executions(bench, task) == [1, 1, 1], "all workers")
    until(target, task, lambda seen: seen.phase is Phase.RUNNING)  # from now on it sees what becomes of pods
    for index in range(3):
        Hands(kind_cluster).evict(pod_of(namespace, index))
    patiently(lambda: executions(bench, task) == [2, 2, 2], "all workers again", 90)
    bench.ledger.release("all")
    seen = until(target, task, has_ended)
    assert (seen.phase, len(seen.warnings)) == (Phase.SUCCEEDED, 3), seen
