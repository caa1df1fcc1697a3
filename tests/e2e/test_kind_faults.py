"""What befalls single steps on a cluster, all in one run: each ends as it must, and every user is told in words."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from runner.model import events as e
from runner.model.placement import Placement, Toleration
from runner.model.record import Failure
from runner.model.resources import Resources
from runner.model.status import RunStatus, StepStatus
from runner.model.step import OutputSpec, StepSpec
from tests.support.examples import ALL_DATA
from tests.support.kind_cluster import KindCluster
from tests.support.kind_faults import QUICK, FaultBench, fault_bench
from tests.support.kind_hands import Hands
from tests.support.kind_nodes import SELECTOR, TOLERATION

pytestmark = pytest.mark.kind
SMALL = Resources(memory="32Mi", memory_limit="64Mi", shared_memory="")
IMPATIENT: list[Toleration] = [
    {"key": f"node.kubernetes.io/{word}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
    for word in ("unreachable", "not-ready")
]
"""Tolerations of a step that leaves a lost node at once; Kubernetes' own word is 300 s."""


def _note(text: str) -> None:
    sys.stderr.write(f"\n    {text}")


@pytest.fixture(scope="module")
def hands(kind_cluster: KindCluster) -> Hands:
    return Hands(kind_cluster)


@pytest.fixture(scope="module")
def bench(kind_cluster: KindCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultBench]:
    with fault_bench(kind_cluster, tmp_path_factory.mktemp("faults")) as one:
        yield one


@pytest.fixture(scope="module")
def run(bench: FaultBench) -> str:
    return bench.submit(*_disturbed(bench), *_starved(bench), *_impossible(bench))


@pytest.fixture(scope="module")
def ended(bench: FaultBench, run: str) -> str:
    """The run, when it is over."""
    bench.await_end(run, 180)
    return run


def _disturbed(bench: FaultBench) -> list[StepSpec]:
    """They wait until something has befallen them."""
    steps = [bench.step(key, "waits") for key in ("killed", "deleted", "evicted", "suspended")]
    if not ALL_DATA:
        return steps
    worker = Placement(SELECTOR, (TOLERATION,))
    return [
        *steps,
        bench.step("preempted", "waits", placement=worker, resources=replace(SMALL, cpu="1200m")),
        # Nothing but the worker's emptiness leads it there: its next attempt may run elsewhere.
        bench.step("stranded", "waits", placement=Placement(tolerations=(TOLERATION, *IMPATIENT))),
    ]


def _starved(bench: FaultBench) -> list[StepSpec]:
    more = replace(QUICK, retry_oom=4.0)
    shared = (OutputSpec(name="out", path_on_compute="/dev/shm/out"),)
    return [
        bench.step("grown", "grows", resources=SMALL),
        bench.step("grown-again", "grows", resources=SMALL, policy=more),
        bench.step("parent", "grows-a-child", resources=SMALL),
        bench.step("parent-again", "grows-a-child", resources=SMALL, policy=more),
        bench.step("filled", "fills", resources=Resources(shared_memory="8Mi"), outputs=shared),
    ]


def _impossible(bench: FaultBench) -> list[StepSpec]:
    brief = replace(QUICK, queue_timeout=6.0)
    return [
        bench.step("unknown-image", "waits", image="registry.invalid/runner/none:1"),
        bench.step("too-big", "waits", resources=Resources(cpu="64"), policy=brief),
        bench.step("nowhere", "waits", placement=Placement({"disk": "of-gold"}), policy=brief),
    ]


def test_a_killed_pod_a_deleted_job_and_an_evicted_pod_are_followed_by_another_attempt(
    bench: FaultBench, hands: Hands, run: str
) -> None:
    pods = {}
    for key in ("killed", "deleted", "evicted"):
        bench.await_executions(key)
        pods[key] = bench.pod_of(run, key)
    job = hands.pod(pods["deleted"])["metadata"]["ownerReferences"][0]["name"]
    begun = {}
    for key, act, name in (
        ("killed", hands.kill_pod, pods["killed"]),
        ("deleted", hands.delete_job, job),
        ("evicted", hands.evict, pods["evicted"]),
    ):
        begun[key] = time.time()
        act(name)
    for key, at in begun.items():
        reason = bench.await_reason(run, key, ".")
        _note(f"{key}: told after {bench.told_at(run, key, e.AttemptFailed) - at:.1f} s: {reason}")
        bench.await_executions(key, 2)
        bench.ledger.release(key)


def test_a_job_that_is_suspended_while_it_runs_waits_for_its_next_pod(
    bench: FaultBench, hands: Hands, run: str
) -> None:
    bench.await_executions("suspended")
    job = hands.pod(bench.pod_of(run, "suspended"))["metadata"]["ownerReferences"][0]["name"]
    hands.suspend(job, wanted=True)
    _note(f"suspended: {bench.await_reason(run, 'suspended', 'suspended while it ran')}")
    hands.suspend(job, wanted=False)
    bench.resumed.add(bench.state(run, "suspended").uid)
    bench.await_executions("suspended", 2)
    bench.ledger.release("suspended")
    bench.told_at(run, "suspended", e.StepSucceeded)
    step = bench.state(run, "suspended")
    assert (step.status, step.attempt, step.endings) == (StepStatus.SUCCEEDED, 1, {}), "the same attempt, done anew"


@pytest.mark.all_data
def test_a_preempted_step_runs_once_there_is_room_again(bench: FaultBench, hands: Hands, run: str) -> None:
    bench.await_executions("preempted")
    begun = time.time()
    with hands.important_pod(cpu="1500m"):
        reason = bench.await_reason(run, "preempted", "priority")
        _note(f"preempted: told after {bench.told_at(run, 'preempted', e.AttemptFailed) - begun:.1f} s: {reason}")
        _note(f"then: {bench.await_reason(run, 'preempted', 'waiting for cpu')}")
    bench.await_executions("preempted", 2)
    bench.ledger.release("preempted")
    bench.told_at(run, "preempted", e.StepSucceeded)  # before its node goes


@pytest.mark.all_data
def test_a_node_goes_and_its_step_runs_elsewhere(bench: FaultBench, hands: Hands, run: str) -> None:
    bench.await_executions("stranded")
    assert hands.pod(bench.pod_of(run, "stranded"))["spec"]["nodeName"].endswith("-worker")
    begun = time.time()
    hands.kill_worker()
    try:
        reason = bench.await_reason(run, "stranded", "node", 240)
        _note(f"stranded: told after {bench.told_at(run, 'stranded', e.AttemptFailed) - begun:.1f} s: {reason}")
        bench.await_executions("stranded", 2, 120)
        bench.ledger.release("stranded")
        bench.await_end(run, 180)
    finally:
        hands.start_worker()
    (failed,) = [event for event in bench.of_step(run, "stranded") if isinstance(event, e.AttemptFailed)]
    # The node shows itself twice: its taint evicts the pod, or the pod is silent for `NODE_SILENCE` before that.
    seen = Failure.LOST if failed.reason.startswith("node lost") else Failure.DISRUPTED
    step = bench.state(run, "stranded")
    assert (step.status, step.attempt, step.endings) == (StepStatus.SUCCEEDED, 2, {seen: 1}), failed.reason
    assert bench.ledger.count()["stranded"] == 2


WORDS = {
    "grown": (Failure.OOM, "OOMKilled: peaked at .* of 64 MiB", "set memory to 128Mi, or --retry-oom 2"),
    "parent": (Failure.OOM, "a process it started was killed for want of memory", "set memory to 128Mi"),
    "filled": (Failure.USER, "No space left on device", "write less"),
    "unknown-image": (Failure.IMAGE, "registry.invalid/runner/none:1", "registry.invalid"),
    "too-big": (Failure.TIMEOUT, "queue_timeout.*cpu", "cpu"),
    "nowhere": (Failure.TIMEOUT, "queue_timeout.*disk=of-gold", "node_selector"),
}
AGAIN = {
    "killed": Failure.LOST,
    "deleted": Failure.LOST,
    "evicted": Failure.DISRUPTED,
    "preempted": Failure.DISRUPTED,
    "grown-again": Failure.OOM,
    "parent-again": Failure.OOM,
}


@pytest.mark.parametrize(
    "key", [pytest.param(key, marks=[pytest.mark.all_data] if key == "preempted" else []) for key in AGAIN]
)
def test_what_was_not_the_scripts_doing_is_tried_again_and_succeeds(bench: FaultBench, ended: str, key: str) -> None:
    step = bench.state(ended, key)
    assert (step.status, step.attempt, step.endings) == (StepStatus.SUCCEEDED, 2, {AGAIN[key]: 1}), step.reason
    assert bench.ledger.count()[key] == 2


@pytest.mark.parametrize("key", WORDS)
def test_what_cannot_succeed_says_why(bench: FaultBench, ended: str, key: str) -> None:
    step, (failure, reason, remedy) = bench.state(ended, key), WORDS[key]
    _note(f"{key}: {step.failure}: {step.reason} -> {step.remedy}")
    assert (step.status, step.failure) == (StepStatus.FAILED, failure), step.reason
    assert step.attempt == 1
    assert re.search(reason, step.reason), step.reason
    assert re.search(remedy, step.remedy), step.remedy


def test_the_run_leaves_each_output_once_and_nothing_else(bench: FaultBench, ended: str) -> None:
    bench.check_end(ended, RunStatus.FAILED)
