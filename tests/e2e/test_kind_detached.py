"""Runs whose controller is a pod: whoever submitted them is gone, and whoever reaches the bucket may look on."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.images.controller import ControllerImage
from runner.model import events as e
from runner.model.status import RunStatus, StepStatus
from tests.support.kind_cluster import KindCluster
from tests.support.kind_ledger import Ledger, open_ledger
from tests.support.kind_runs import IMAGE, Namespace, RunContext, a_desk, finished, name_of, patiently

pytestmark = pytest.mark.kind

ENTER = """
import sys, time, urllib.request, uuid

name, ledger, seconds, out = sys.argv[1:]
urllib.request.urlopen(urllib.request.Request(f"{ledger}/{name}/{uuid.uuid4()}", data=b"ran", method="PUT"))
print("here is", name, flush=True)


def released():
    try:
        return urllib.request.urlopen(f"{ledger}/released/{name}", timeout=5).status == 200
    except OSError:
        return False


until = time.time() + float(seconds)
while time.time() < until and not released():
    time.sleep(0.2)
with open(out, "w") as file:
    file.write(name)
"""
DRIVER = """
data, more = PipelineData("data"), PipelineData("more")
config = RunConfiguration()
config.environment = {environment}
first = ["first", "{ledger}", "{seconds}", data]
second = ["second", "{ledger}", "1", more]
submit(
    step("first", "enter.py", config, arguments=first, outputs=[data]),
    step("second", "enter.py", config, arguments=second, inputs=[data], outputs=[more]),
)
"""
HERE = socket.gethostname()


@pytest.fixture
def ledger(kind_cluster: KindCluster) -> Iterator[Ledger]:
    with open_ledger(kind_cluster) as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster) -> Iterator[RunContext]:
    one = a_desk(tmp_path / "laptop", kind_cluster)
    yield one
    one.delete()


@pytest.fixture(scope="module")
def image(kind_cluster: KindCluster) -> str:
    """The controller's image as it is now: this tree may be edited while its tests run."""
    return ControllerImage().on_kind(kind_cluster.name, print)


@pytest.fixture
def equipped(desk: RunContext, image: str) -> RunContext:
    """A desk whose target names a ready image."""
    return desk.configure(controller_image=image)


@pytest.fixture
def elsewhere(tmp_path: Path, desk: RunContext) -> RunContext:
    """A machine with nothing but the configuration, from which no cluster can be reached."""
    folder = tmp_path / "elsewhere"
    (folder / "home").mkdir(parents=True)
    other = desk.moved(folder, {"HOME": str(folder / "home"), "KUBECONFIG": "/nowhere"})
    return other.configure(kubeconfig="/nowhere/config", kind_cluster=None)


@pytest.fixture
def namespace(kind_cluster: KindCluster) -> Namespace:
    return Namespace(kind_cluster)


def detach(desk: RunContext, ledger: Ledger, *, seconds: int, environment: str = "ready.environment") -> str:
    """Submit a detached run; its id once the submitter has gone.

    Its first step takes so many seconds, or until the ledger releases it.
    """
    text = DRIVER.format(ledger=ledger.url, seconds=seconds, environment=environment)
    desk.driver(text, enter=ENTER)
    done = desk.runner("run", "driver.py", "--target", "kind", "--detach").ok()
    print(f"handed over in {done.seconds:.1f} s")
    assert "runner attach" in done.out, done.text
    return desk.newest()


def await_first(desk: RunContext, run: str) -> None:
    patiently(lambda: desk.view(run).state.steps["first-1"].status is StepStatus.RUNNING, "the first step", 60)


def hosts(desk: RunContext, run: str) -> list[str]:
    return [event.host for event in desk.events(run) if isinstance(event, e.ControllerStarted)]


def controllers(namespace: Namespace, run: str) -> list[str]:
    labels = f"runner/run={run},app.kubernetes.io/component=controller"
    return [name_of(item) for kind in ("jobs", "pods") for item in namespace.items(kind, labels)]


def check_ended_well(desk: RunContext, run: str, ledger: Ledger, namespace: Namespace) -> None:
    """Each step was executed once, by one Job of one pod, and nothing of the run is left."""
    state, uids = desk.view(run).state, desk.uids(run)
    assert state.status is RunStatus.SUCCEEDED
    assert [step.attempt for step in state.steps.values()] == [1, 1]
    assert ledger.count() == {"first": 1, "second": 1}
    assert len(uids) == len(set(uids)) == 2
    assert namespace.pods_made(uids) == dict.fromkeys(uids, 1)
    namespace.empties_of(run)


def test_it_runs_to_its_end_without_whoever_submitted_it(
    desk: RunContext, elsewhere: RunContext, ledger: Ledger, namespace: Namespace, kind_cluster: KindCluster
) -> None:
    made = f'Environment.from_dockerfile("built", "FROM {IMAGE}\\nRUN echo {secrets.token_hex(8)}\\n")'
    run = detach(desk, ledger, seconds=6, environment=made)
    assert not desk.controller_log(run)
    key = json.loads(kind_cluster.credentials.read_bytes())["secret_key"]
    there = json.dumps([namespace.items("jobs"), namespace.pods(run)])
    assert key not in there

    found = elsewhere.runner("attach", run[-6:], "--target", "kind").ok()
    assert "succeeded" in found.out, found.text
    told = desk.events(run)
    kinds = [type(event) for event in told]
    assert kinds.index(e.EnvironmentReady) < kinds.index(e.ControllerStarted)
    assert any(isinstance(event, e.EnvironmentReady) and event.built for event in told)
    assert [host.startswith(f"pod {kind_cluster.namespace}/controller-") for host in hosts(desk, run)] == [True]
    assert key not in str(told)
    check_ended_well(desk, run, ledger, namespace)

    assert elsewhere.on_kind("list")["runs"][0]["status"] == "succeeded"
    assert elsewhere.on_kind("status", run)["status"] == "succeeded"
    elsewhere.runner("show", run, "first", "--target", "kind").ok()
    assert "here is first" in elsewhere.runner("logs", run, "first", "--target", "kind").ok().out

    again = desk.runner("run", "driver.py", "--target", "kind", "--detach").ok()
    assert "reused" in again.out, again.text
    assert hosts(desk, desk.newest()) == []
    assert not controllers(namespace, desk.newest())


@pytest.mark.parametrize("how", ["killed", pytest.param("evicted", marks=pytest.mark.all_data)])
def test_its_pod_is_killed_and_another_goes_on(
    equipped: RunContext, ledger: Ledger, namespace: Namespace, how: str
) -> None:
    run = detach(equipped, ledger, seconds=120)
    await_first(equipped, run)
    (pod,) = (name for name in controllers(namespace, run) if name.count("-") > 3)
    killed = namespace.kill_pod(pod) if how == "killed" else namespace.evict_pod(pod)
    patiently(lambda: len(hosts(equipped, run)) == 2, "another controller", 120)
    print(f"another pod had the run {time.time() - killed:.1f} s after the first was {how}")
    ledger.release("first")
    equipped.runner("attach", "--target", "kind").ok()
    assert len(set(hosts(equipped, run))) == 2
    check_ended_well(equipped, run, ledger, namespace)


def test_it_is_canceled_from_elsewhere(
    equipped: RunContext, elsewhere: RunContext, ledger: Ledger, namespace: Namespace
) -> None:
    run = detach(equipped, ledger, seconds=300)
    await_first(equipped, run)
    done = elsewhere.runner("cancel", run, "--target", "kind").ok()
    print(f"canceled in {done.seconds:.1f} s")
    assert equipped.view(run).state.status is RunStatus.CANCELED
    assert all(host.startswith("pod ") for host in hosts(equipped, run))
    assert elsewhere.runner("attach", run, "--target", "kind").code == 1
    namespace.empties_of(run)


def test_it_is_taken_home_and_handed_over_again(equipped: RunContext, ledger: Ledger, namespace: Namespace) -> None:
    run = detach(equipped, ledger, seconds=180)
    await_first(equipped, run)
    process, begun = equipped.start("resume", run, "--target", "kind"), time.monotonic()
    patiently(lambda: equipped.view(run).state.host == HERE, "a controller here", 30)
    patiently(lambda: not controllers(namespace, run), "no controller in the cluster", 60, 0.5)
    assert not equipped.view(run).state.over

    back = equipped.runner("resume", run, "--target", "kind", "--detach").ok()
    assert f"on {HERE} until now" in back.out, back.text
    ledger.release("first")
    left = finished(process, begun, 120)
    assert left.code == 0, left.text
    assert "now driven by pod" in patiently(lambda: equipped.controller_log(run), "its last words", 30)
    assert [host.startswith("pod ") for host in hosts(equipped, run)] == [True, False, True]
    check_ended_well(equipped, run, ledger, namespace)
