"""The Kubernetes target on a real cluster, with a stub for ``step.pyz``: Jobs, pods and their endings are real."""

from __future__ import annotations

import io
import os
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timezone

import pytest

from runner.compute.kubernetes.api import KubernetesApi
from runner.compute.kubernetes.conventions import run_labels, selector
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.errors import TargetDenied, TargetError
from runner.model.access import Access
from runner.model.names import new_run_id
from runner.model.observation import Observation, Phase
from runner.model.record import Failure
from runner.model.resources import Resources
from runner.model.task import OutputBinding, Task, TaskId
from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import Namespace
from tests.support.memory_store import MemoryStore

pytestmark = pytest.mark.kind

NAMESPACE = "runner"
IMAGE = "python:3.11-slim"
STORE_ID = "contract"
STUB = """
import getpass, json, os, signal, sys, tempfile, time

key = os.environ["RUNNER_ASSIGNMENT"].split("/")[2].rsplit("-", 1)[0]
record = {"attempt": 1, "failure": None, "exit_code": 0, "whole": True}
record["started"] = record["ended"] = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
record["host"] = getpass.getuser()

def end(code, **more):
    with open("/dev/termination-log", "w") as log:
        json.dump({**record, "exit_code": code, **more}, log)
    sys.exit(code)

print("the stub runs as", key, flush=True)
if key == "fail":
    end(7, failure="user", reason="the script raised", tail="Traceback")
if key == "mute":
    sys.exit(9)
if key == "oom":
    print(len(bytearray(300 << 20)))
if key == "sleep":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    time.sleep(600)
if key == "places":
    assert os.getuid() == 10001 == os.getgid(), os.getuid()
    os.makedirs(os.environ["HOME"])
    for place in ("/data", os.environ["HOME"], os.environ["RUNNER_WORK"], tempfile.gettempdir(), os.getcwd()):
        with open(place + "/file", "w") as file:
            file.write("x")
    with open(os.environ["RUNNER_STORES"]) as stores:
        assert json.load(stores) == {"stub": True}
    assert not os.path.exists("/var/run/secrets/kubernetes.io")
end(0, outputs={"model": {"datastore": "blob", "key": "k", "digest": "d"}})
"""


def an_archive() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py"), STUB)
    return data.getvalue()


def a_kubeconfig() -> str:
    path = os.environ.get("RUNNER_TEST_KUBECONFIG", "")
    if not path:
        pytest.skip("RUNNER_TEST_KUBECONFIG names no kubeconfig")
    return path


@pytest.fixture(scope="module", autouse=True)
def _image() -> None:
    cluster = os.environ.get("RUNNER_TEST_KIND_CLUSTER", "")
    if cluster:
        subprocess.run(["kind", "load", "docker-image", IMAGE, "--name", cluster], check=True, capture_output=True)


@pytest.fixture
def api() -> Iterator[KubernetesApi]:
    one = KubernetesApi(NAMESPACE, a_kubeconfig())
    yield one
    one.close()


@pytest.fixture
def run() -> str:
    return new_run_id(datetime.now(timezone.utc), os.urandom(10))


class Bench:
    """Targets over one run, all cleaned up after the test."""

    def __init__(self, api: KubernetesApi, run: str) -> None:
        self.api = api
        self.run = run
        self.store = MemoryStore()
        self.target = self.a_target()

    def a_target(self, **settings: float) -> KubernetesTarget:
        chosen = replace(ClusterSettings(store_id=STORE_ID, namespace=NAMESPACE, grace=5), **settings)  # type: ignore[arg-type]  # by name
        stores = '{"stub": true}'
        return KubernetesTarget(
            "kind",
            self.api,
            chosen,
            store=self.store,
            step_stores=lambda _: {Access(): stores},
            step_archive=an_archive(),
        )

    def a_task(self, key: str, *, image: str = IMAGE, resources: Resources = Resources()) -> Task:  # noqa: B008 - frozen
        output = OutputBinding(name="model", datastore="blob", key="k", path_on_compute="/data")
        return Task(
            id=TaskId(self.run, f"{key}-1"),
            command=(),
            snapshot="",
            environment=image,
            target="kind",
            outputs=(output,),
            resources=resources,
        )

    def until(
        self, task: Task, told: Callable[[Observation], bool], *, within: float = 60, of: KubernetesTarget | None = None
    ) -> Observation:
        target, deadline, seen = of or self.target, time.monotonic() + within, None
        while time.monotonic() < deadline:
            seen = target.observe(self.run).get(task.id)
            if seen is not None and told(seen):
                return seen
            target.wait(1)
        raise AssertionError(f"not within {within} s; last seen: {seen}")

    def count(self, kind: str) -> int:
        return len(self.api.list(kind, labels=selector(run_labels(STORE_ID, self.run))).items)


@pytest.fixture
def bench(api: KubernetesApi, run: str) -> Iterator[Bench]:
    one = Bench(api, run)
    yield one
    one.target.finish(run)


def ended(seen: Observation) -> bool:
    return seen.phase in (Phase.SUCCEEDED, Phase.FAILED)


@pytest.mark.all_data
def test_a_success_from_start_to_removal(bench: Bench) -> None:
    task = bench.a_task("succeed")
    uid = bench.target.start(task)
    assert bench.target.observe(bench.run)[task.id].uid == uid
    seen = bench.until(task, ended)
    assert (seen.phase, seen.uid, list(seen.outputs)) == (Phase.SUCCEEDED, uid, ["model"])
    bench.target.remove(task.id, uid)
    assert bench.count("jobs") == 0


def test_the_places_of_a_pod(bench: Bench) -> None:
    task = bench.a_task("places")
    bench.target.start(task)
    seen = bench.until(task, ended)
    assert seen.phase is Phase.SUCCEEDED, seen.tail


@pytest.mark.all_data
def test_a_failure_with_a_record(bench: Bench) -> None:
    task = bench.a_task("fail")
    bench.target.start(task)
    seen = bench.until(task, ended)
    assert (seen.failure, seen.exit_code, seen.reason, seen.tail) == (
        Failure.USER,
        7,
        "the script raised",
        "Traceback",
    )


def test_a_failure_without_a_record_keeps_its_log(bench: Bench) -> None:
    task = bench.a_task("mute")
    uid = bench.target.start(task)
    seen = bench.until(task, ended)
    assert (seen.failure, seen.exit_code, seen.tail) == (Failure.USER, 9, "the stub runs as mute\n")
    bench.target.remove(task.id, uid)
    assert bench.store.get(f"{task.id.logs}00000001.txt") == b"the stub runs as mute\n"


@pytest.mark.all_data
def test_out_of_memory(bench: Bench) -> None:
    task = bench.a_task("oom", resources=Resources(memory="32Mi", memory_limit="64Mi"))
    bench.target.start(task)
    seen = bench.until(task, ended)
    assert (seen.failure, "limit was 64 MiB" in seen.reason) == (Failure.OOM, True)
    assert seen.remedy == "set memory to 128Mi, or --retry-oom 2"


@pytest.mark.all_data
def test_an_image_that_cannot_be_pulled(bench: Bench) -> None:
    task = bench.a_task("image", image="localhost:1/none:1")
    bench.target.start(task)
    first = bench.until(task, lambda seen: bool(seen.reason), within=15)
    assert "the image cannot be pulled: the node does not reach localhost:1" in first.reason
    assert "localhost:1" in first.remedy
    assert bench.until(task, ended, within=100).failure is Failure.IMAGE


def test_an_image_name_that_is_none(bench: Bench) -> None:
    task = bench.a_task("name", image="UPPER//x")
    bench.target.start(task)
    assert bench.until(task, ended, within=20).failure is Failure.IMAGE


@pytest.mark.all_data
@pytest.mark.parametrize(
    "resources", [Resources(memory="100Ti", memory_limit=""), Resources(gpu=1)], ids=["too large", "no GPU"]
)
def test_what_no_node_can_take(bench: Bench, resources: Resources) -> None:
    impatient = bench.a_target(unschedulable_grace=5.0)
    task = bench.a_task("large", resources=resources)
    impatient.start(task)
    first = bench.until(task, lambda seen: bool(seen.reason), within=5, of=impatient)
    assert (first.phase, "no node of the cluster can take it" in first.reason) == (Phase.PENDING, True)
    assert (first.placed, first.elapsed is not None, "ask for" in first.remedy) == (False, True, True)
    assert bench.until(task, ended, within=20, of=impatient).failure is Failure.UNSCHEDULABLE


def test_what_only_has_to_wait(bench: Bench) -> None:
    task = bench.a_task("queue", resources=Resources(cpu=str(os.cpu_count())))
    bench.target.start(task)
    seen = bench.until(task, lambda seen: bool(seen.reason), within=5)
    assert (seen.phase, seen.reason.startswith("waiting for cpu")) == (Phase.PENDING, True)


def test_pod_security(bench: Bench) -> None:
    root = bench.a_target(run_as=0)
    task = bench.a_task("root")
    root.start(task)
    seen = bench.until(task, ended, within=20, of=root)
    assert (seen.failure, "violates PodSecurity" in seen.reason) == (Failure.REFUSED, True)
    (problem,) = root.problems()
    assert "PodSecurity" in problem.what


@pytest.mark.all_data
def test_a_job_that_is_taken_away(bench: Bench, api: KubernetesApi) -> None:
    task = bench.a_task("sleep")
    uid = bench.target.start(task)
    bench.until(task, lambda seen: seen.phase is Phase.RUNNING)
    with pytest.raises(TargetDenied, match="not allowed to delete pods"):
        api.delete("pods", "any")
    api.delete("jobs", bench.target._job_name(task.id), uid=uid)
    deadline = time.monotonic() + 20
    while bench.target.observe(bench.run) and time.monotonic() < deadline:
        bench.target.wait(1)
    assert bench.target.observe(bench.run) == {}


@pytest.mark.all_data
def test_stop_leaves_nothing(bench: Bench) -> None:
    task = bench.a_task("sleep")
    uid = bench.target.start(task)
    bench.until(task, lambda seen: seen.phase is Phase.RUNNING)
    bench.target.stop(task.id, uid)
    assert bench.count("jobs") == bench.count("pods") == 0
    bench.target.stop(task.id, uid)


@pytest.mark.all_data
def test_a_second_controller_adopts(bench: Bench, run: str) -> None:
    task = bench.a_task("sleep")
    uid = bench.target.start(task)
    other = Bench(KubernetesApi(NAMESPACE, a_kubeconfig()), run).target
    assert other.observe(run)[task.id].uid == uid == other.start(task)
    with pytest.raises(TargetError, match="is not this attempt's"):
        other.start(replace(task, snapshot="1"))
    other.close()


def test_finish_takes_all_along(bench: Bench, kind_cluster: KindCluster) -> None:
    """The administrator looks for the Secret: a controller may not read one."""
    namespace = Namespace(kind_cluster)
    for key in ("succeed", "fail"):
        bench.target.start(bench.a_task(key))
    assert namespace.items("secrets", f"runner/run={bench.run}") != []
    bench.target.finish(bench.run)
    deadline = time.monotonic() + 30
    kinds = ("jobs", "pods", "configmaps", "secrets")

    def left() -> list[str]:
        return [kind for kind in kinds if namespace.items(kind, f"runner/run={bench.run}")]

    while left() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left() == []


def test_nothing_stands_against_the_cluster(bench: Bench) -> None:
    assert bench.target.problems() == ()


def test_a_namespace_without_rights() -> None:
    api = KubernetesApi("elsewhere", a_kubeconfig())
    settings = ClusterSettings(store_id=STORE_ID, namespace="elsewhere")
    target = KubernetesTarget(
        "kind", api, settings, store=MemoryStore(), step_stores=lambda _: {Access(): "{}"}, step_archive=b""
    )
    assert "not allowed to create jobs" in [problem.what for problem in target.problems()]
    target.close()
