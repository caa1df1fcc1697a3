"""What a cluster says of many pods of one attempt, and what is made of it. Messages are those of Kubernetes 1.34."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from runner.compute.kubernetes.interpret import (
    PodSnapshot,
    StoredResult,
    has_not_started,
    is_late_to_start,
    needs_stored_result,
    observe,
    subject,
)
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.watch import pruned
from runner.model.data import DataRef
from runner.model.document import format_time
from runner.model.observation import Observation, Phase
from runner.model.record import AttemptRecord, Failure
from runner.model.termination import to_message
from runner.model.workers import STEP_FAILED
from tests.support.fake_api import START, STORE, a_record

SETTINGS = ClusterSettings(store_id=STORE, unschedulable_grace=30)
OUTPUTS = {"model": DataRef(datastore="blob", key="azureml/x/model", digest="d" * 64)}
DONE = to_message(a_record(outputs=OUTPUTS))
FULL = (
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, "
    "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
)
TOO_BIG = (
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, "
    "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
)
CONTAINER = {"name": "step", "image": "env:1", "resources": {"requests": {"cpu": "2", "memory": "1Gi"}}}


def at(seconds: float) -> str:
    return format_time(START + timedelta(seconds=seconds))


def a_job(kind: str, nodes: int = 4, *, spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    metadata = {"uid": "job-1", "creationTimestamp": at(0), "labels": {"runner/workers": kind}}
    template = {"spec": {"containers": [CONTAINER]}}
    return {
        "metadata": metadata,
        "spec": {"template": template, "completions": nodes, **(spec or {})},
        "status": status,
    }


def condition(kind: str, status: str = "True", **more: str) -> dict[str, Any]:
    return {"type": kind, "status": status, **more}


def a_pod(
    index: int, state: dict[str, Any] | None = None, *conditions: dict[str, Any], born: float = 0, **metadata: Any
) -> dict[str, Any]:
    deleted = {"deleted": True} if metadata.pop("deleted", False) else {}
    status: dict[str, Any] = {"phase": "Pending", "conditions": list(conditions)}
    if state is not None:
        status["containerStatuses"] = [{"name": "step", "state": state}]
    known = {"uid": f"pod-{index}-{born}", "creationTimestamp": at(born)}
    marks = {"annotations": {"batch.kubernetes.io/job-completion-index": str(index)}}
    return {
        "metadata": {"name": f"job-{index}", **known, **marks, **metadata},
        "spec": {"containers": [CONTAINER]},
        "status": status,
        **deleted,
    }


def placed(second: float = 1) -> dict[str, Any]:
    return condition("PodScheduled", lastTransitionTime=at(second))


def unplaced(message: str = FULL) -> dict[str, Any]:
    return condition("PodScheduled", "False", reason="Unschedulable", message=message)


def runs(index: int, since: float = 2, **more: Any) -> dict[str, Any]:
    return a_pod(index, {"running": {"startedAt": at(since)}}, placed(), **more)


def ended(
    index: int, code: int, message: str = "", *conditions: dict[str, Any], second: float = 10, **more: Any
) -> dict[str, Any]:
    reason = more.pop("reason", "Error")
    state = {"exitCode": code, "message": message, "reason": reason, "startedAt": at(2), "finishedAt": at(second)}
    return a_pod(index, {"terminated": state}, placed(), *conditions, **more)


def step_failed(index: int, second: float = 10.0, reason: str = "", **more: Any) -> dict[str, Any]:
    return ended(index, STEP_FAILED, to_message(a_failure(index, second, reason)), second=second, **more)


def a_failure(index: int, second: float = 10.0, reason: str = "") -> AttemptRecord:
    said = reason or f"worker {index} of 4: the script ended with exit code 3"
    record = a_record(Failure.USER, 3, reason=said, tail=f"tail of {index}")
    return replace(record, ended=START + timedelta(seconds=second))


def see(
    job: dict[str, Any],
    *pods: dict[str, Any],
    after: float = 20,
    events: tuple[dict[str, Any], ...] = (),
    stored: StoredResult = StoredResult(),  # noqa: B008 - frozen
) -> Observation:
    snapshot = PodSnapshot(pruned(job), pods, events)
    return observe(snapshot, now=START + timedelta(seconds=after), settings=SETTINGS, stored=stored)


def asks(job: dict[str, Any], *pods: dict[str, Any], after: float = 20) -> bool:
    return needs_stored_result(PodSnapshot(pruned(job), pods), START + timedelta(seconds=after))


GANG, POOL = a_job("gang"), a_job("pool")
KINDS = pytest.mark.parametrize("job", [GANG, POOL], ids=["gang", "pool"])


@KINDS
def test_success_is_that_of_worker_0_whatever_the_others_do(job: dict[str, Any]) -> None:
    pods = [ended(0, 0, DONE), runs(1), runs(2), ended(3, 0, to_message(a_record()))]
    seen = see(job, *pods)
    assert (seen.phase, seen.outputs, seen.uid) == (Phase.SUCCEEDED, OUTPUTS, "job-1")
    assert not asks(job, *pods)


@KINDS
def test_a_worker_that_is_done_is_no_end_of_the_step(job: dict[str, Any]) -> None:
    pods = [runs(0), ended(1, 0, to_message(a_record())), ended(2, 0), ended(3, 0, DONE)]
    assert see(job, *pods).phase is Phase.RUNNING
    assert not asks(job, *pods)


@KINDS
def test_a_stored_commit_is_success(job: dict[str, Any]) -> None:
    stored = StoredResult(a_record(), OUTPUTS, 1)
    assert see(job, ended(0, 137), ended(1, 0), stored=stored).phase is Phase.SUCCEEDED
    assert see(job, stored=stored).phase is Phase.SUCCEEDED


@KINDS
def test_worker_0_that_ended_without_a_commit_is_lost(job: dict[str, Any]) -> None:
    large = to_message(a_record(outputs={f"output-{i}": OUTPUTS["model"] for i in range(90)}))
    assert asks(job, ended(0, 0, large), *map(runs, (1, 2, 3)))
    seen = see(job, ended(0, 0, large), *map(runs, (1, 2, 3)))
    assert (seen.phase, seen.failure) == (Phase.FAILED, Failure.LOST)


@KINDS
def test_the_failure_of_a_script_ends_all_and_is_told_first(job: dict[str, Any]) -> None:
    pods = [runs(0), runs(1), step_failed(2), runs(3)]
    assert asks(job, *pods)
    seen = see(job, *pods, stored=StoredResult(a_failure(2)))
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.USER, False)
    assert (seen.exit_code, seen.tail) == (3, "tail of 2")
    assert seen.reason == "worker 2 of 4: the script ended with exit code 3"


@KINDS
def test_a_worker_that_was_told_of_the_failure_is_not_its_cause(job: dict[str, Any]) -> None:
    """Its bootstrap found the attempt record, and started nothing."""
    pods = [runs(0), ended(1, STEP_FAILED, second=10), runs(2), runs(3)]
    seen = see(job, *pods, stored=StoredResult(a_failure(2, 10.6)))
    assert (seen.failure, seen.tail) == (Failure.USER, "tail of 2")


@KINDS
def test_of_two_failures_the_stored_one_counts(job: dict[str, Any]) -> None:
    pods = [step_failed(0, 10.5), runs(1), step_failed(2, 10.2), runs(3)]
    assert see(job, *pods, stored=StoredResult(a_failure(2, 10.2))).tail == "tail of 2"
    assert see(job, *pods, stored=StoredResult(a_failure(0, 10.5))).tail == "tail of 0"


def test_a_record_names_its_worker_once() -> None:
    seen = see(GANG, runs(0), step_failed(1, reason="ValueError: no"), runs(2), runs(3))
    assert seen.reason == "worker 1 of 4: ValueError: no"


FAILED_TARGET = [condition("FailureTarget", lastTransitionTime=at(11), reason="BackoffLimitExceeded")]
GANG_FAILED = a_job("gang", conditions=FAILED_TARGET)


def doomed(index: int, code: int = 143, second: float = 12, asked: float = 11) -> dict[str, Any]:
    marks: dict[str, Any] = {"deletionTimestamp": at(asked + 30), "deletionGracePeriodSeconds": 30}
    return ended(index, code, second=second, **marks)


@pytest.mark.parametrize(
    ("job", "pods", "failure", "words"),
    [
        pytest.param(
            GANG,
            [runs(0), ended(1, 137, reason="OOMKilled"), step_failed(2, 10.4, "connection reset"), runs(3)],
            Failure.OOM,
            "worker 1 of 4:",
            id="out of memory goes before the records of its peers",
        ),
        pytest.param(
            GANG,
            [step_failed(0, 5, "ValueError"), ended(1, 137, second=30, reason="OOMKilled"), runs(2), runs(3)],
            Failure.USER,
            "worker 0 of 4: ValueError",
            id="a script that failed long before",
        ),
        pytest.param(
            GANG,
            [
                runs(0),
                ended(1, 143, "", condition("DisruptionTarget", reason="EvictionByEvictionAPI"), second=10),
                step_failed(2, 10.9, "connection reset"),
                runs(3),
            ],
            Failure.DISRUPTED,
            "worker 1 of 4: it was evicted: its node is being drained",
            id="evicted",
        ),
        pytest.param(
            GANG_FAILED,
            [doomed(0), step_failed(1, 10.4, "ValueError"), doomed(2), doomed(3, 137)],
            Failure.USER,
            "worker 1 of 4: ValueError",
            id="the others were stopped by their Job",
        ),
        pytest.param(
            GANG,
            [runs(0), doomed(1, second=10, asked=9), step_failed(2, 10.1, "connection reset"), runs(3)],
            Failure.LOST,
            "worker 1 of 4: its pod was deleted",
            id="somebody deleted a pod",
        ),
        pytest.param(
            GANG,
            [
                ended(0, 1, to_message(replace(a_failure(0, 10.2, "a peer is gone"), failure=Failure.LOST))),
                ended(1, 137, second=10),
                runs(2),
                runs(3),
            ],
            Failure.LOST,
            "worker 1 of 4: killed by SIGKILL",
            id="a worker that was killed goes before one that lost it",
        ),
        pytest.param(
            GANG,
            [runs(0), runs(1), runs(2), a_pod(3, {"running": {}}, placed(), deleted=True)],
            Failure.LOST,
            "worker 3 of 4:",
            id="a pod vanished",
        ),
        pytest.param(
            GANG,
            [runs(0), ended(1, 127, "runner: the image has no Python: tried python3 python"), runs(2), runs(3)],
            Failure.IMAGE,
            "worker 1 of 4: the image env:1 has no Python",
            id="image",
        ),
    ],
)
def test_why_a_gang_failed(job: dict[str, Any], pods: list[dict[str, Any]], failure: Failure, words: str) -> None:
    seen = see(job, *pods)
    assert (seen.phase, seen.failure) == (Phase.FAILED, failure)
    assert seen.reason.startswith(words)


def test_a_gang_whose_job_ended_without_a_pod_is_told_by_its_condition() -> None:
    late = condition("Failed", reason="DeadlineExceeded", message="Job was active longer than specified deadline")
    seen = see(a_job("gang", conditions=[late]))
    assert (seen.phase, seen.failure) == (Phase.FAILED, Failure.TIMEOUT)


def test_a_gang_runs_when_its_last_worker_runs() -> None:
    seen = see(GANG, runs(0, 2), runs(1, 9), runs(2, 3), ended(3, 0))
    assert (seen.phase, seen.started, seen.elapsed) == (Phase.RUNNING, START + timedelta(seconds=9), 11)
    waits = see(GANG, runs(0), runs(1), runs(2), a_pod(3, {"waiting": {"reason": "ContainerCreating"}}, placed(5)))
    assert (waits.phase, waits.placed, waits.elapsed) == (Phase.PENDING, True, 15)


def test_a_gang_in_a_queue_waits_as_one() -> None:
    pods = [a_pod(index, None, unplaced()) for index in range(4)]
    seen = see(GANG, *pods, after=3000)
    assert (seen.phase, seen.placed, seen.elapsed) == (Phase.PENDING, False, 3000)
    assert seen.reason.startswith("4 of 4 workers wait: waiting for cpu (asks for 2): 0/1 nodes")


def torn(first: float = 100) -> list[dict[str, Any]]:
    return [*(a_pod(i, {"waiting": {}}, placed(first)) for i in range(3)), a_pod(3, None, unplaced())]


def test_a_gang_that_the_cluster_cannot_hold_fails_in_words_after_a_grace() -> None:
    before = see(GANG, *torn(), after=120)
    assert before.phase is Phase.PENDING, "the grace begins when the first one gets a node"
    seen = see(GANG, *torn(), after=131)
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.UNSCHEDULABLE, False)
    assert seen.reason == before.reason
    assert seen.reason.startswith(
        "needs 4 workers at once with cpu=2 memory=1Gi each; 3 have a node, and the cluster has no room for the "
        "others: 0/1 nodes are available: 1 Insufficient cpu."
    )
    assert "queue" in seen.remedy


def test_an_autoscaler_or_a_gate_is_waited_for() -> None:
    scaling = ({"reason": "TriggeredScaleUp", "message": "1->2", "involvedObject": {"uid": "pod-3-0"}},)
    assert see(GANG, *torn(), after=500, events=scaling).phase is Phase.PENDING
    other = ({"reason": "TriggeredScaleUp", "message": "1->2", "involvedObject": {"uid": "pod-9-0"}},)
    assert see(GANG, *torn(), after=500, events=other).phase is Phase.FAILED
    gated = condition("PodScheduled", "False", reason="SchedulingGated")
    held = see(GANG, *torn()[:3], a_pod(3, None, gated), after=500)
    assert (held.phase, held.reason) == (
        Phase.PENDING,
        "1 of 4 workers wait: the pod is held back by a scheduling gate",
    )


@KINDS
def test_what_fits_nowhere_fails_after_a_grace(job: dict[str, Any]) -> None:
    pods = [a_pod(index, None, unplaced(TOO_BIG)) for index in range(4)]
    assert see(job, *pods, after=29).phase is Phase.PENDING
    assert see(job, *pods, after=31).failure is Failure.UNSCHEDULABLE


def test_a_pool_runs_as_soon_as_one_worker_does() -> None:
    pods = [a_pod(0, None, unplaced()), runs(1, 7), a_pod(2, None, unplaced())]
    seen = see(POOL, *pods, after=3000)
    assert (seen.phase, seen.started, seen.elapsed) == (Phase.RUNNING, START + timedelta(seconds=7), 2993)


def test_a_pool_that_was_done_before_all_workers_ran_says_so() -> None:
    seen = see(POOL, ended(0, 0, DONE), runs(1), a_pod(2, None, unplaced()))
    (warning,) = seen.warnings
    assert warning.startswith("2 of 4 workers never ran: waiting for cpu (asks for 2): 0/1 nodes")


def test_a_pool_in_a_queue_says_how_many_wait() -> None:
    seen = see(POOL, a_pod(0, None, unplaced()), a_pod(1, None, unplaced()), after=3000)
    assert (seen.phase, seen.elapsed) == (Phase.PENDING, 3000)
    assert seen.reason.startswith("4 of 4 workers wait: waiting for cpu")


@pytest.mark.parametrize(
    ("code", "conditions", "reason"),
    [
        (137, [], "killed by SIGKILL"),
        (143, [condition("DisruptionTarget", reason="EvictionByEvictionAPI")], "its node is being drained"),
        (1, [], "exit code 1"),
    ],
)
def test_a_lost_worker_of_a_pool_is_started_again(code: int, conditions: list[dict[str, Any]], reason: str) -> None:
    lost = ended(2, code, "", *conditions)
    pods = [runs(0), runs(1), lost, runs(3)]
    assert see(POOL, *pods).phase is Phase.RUNNING
    assert not asks(POOL, *pods)
    again = runs(2, 21, born=20)
    assert see(POOL, *pods, again).phase is Phase.RUNNING
    seen = see(POOL, ended(0, 0, DONE), runs(1), lost, runs(3), again)
    (warning,) = seen.warnings
    assert warning.startswith("worker 2 of 4 was started again: ")
    assert reason in warning


def test_a_pool_of_which_all_are_started_again_waits_since_the_last_end() -> None:
    pods = [ended(index, 137, second=3600 + index) for index in range(4)]
    seen = see(POOL, *pods, after=3610)
    assert (seen.phase, seen.elapsed, seen.placed) == (Phase.PENDING, 7, False)
    assert seen.reason.startswith("worker 0 of 4 is started again: killed by SIGKILL")
    new = a_pod(0, None, unplaced(), born=3620)
    assert see(POOL, *pods, new, after=3650).elapsed == 47


def test_the_same_warning_is_told_once() -> None:
    lost = [ended(2, 137, born=born) for born in (0, 10, 30)]
    seen = see(POOL, ended(0, 0, DONE), runs(1), *lost, runs(2, born=70), runs(3))
    (warning,) = seen.warnings
    assert warning.endswith("(3 times)")
    many = [ended(index, 137) for index in range(40)]
    again = [runs(index, born=20) for index in range(1, 40)]
    told = see(a_job("pool", 40), *many, *again, ended(0, 0, DONE, born=20)).warnings
    assert (len(told), told[-1]) == (11, "and 30 more such lines")


@pytest.mark.parametrize(
    ("status", "pods", "words"),
    [
        pytest.param({"failedIndexes": "0"}, [ended(0, 137, reason="OOMKilled"), runs(1)], "worker 0", id="worker 0"),
        pytest.param(
            {
                "failedIndexes": "1-2",
                "conditions": [condition("FailureTarget", reason="MaxFailedIndexesExceeded")],
            },
            [runs(0), ended(1, 137, reason="OOMKilled"), ended(2, 137), runs(3)],
            "worker 1",
            id="too many",
        ),
    ],
)
def test_a_pool_fails_with_worker_0_or_too_many_others(
    status: dict[str, Any], pods: list[dict[str, Any]], words: str
) -> None:
    job = a_job("pool", **status)
    assert asks(job, *pods)
    seen = see(job, *pods)
    assert (seen.phase, seen.failure, seen.reason.startswith(words)) == (Phase.FAILED, Failure.OOM, True)


def test_a_pool_goes_on_without_a_worker_that_is_given_up() -> None:
    job, pods = a_job("pool", failedIndexes="2"), [runs(0), runs(1), ended(2, 137), runs(3)]
    assert see(job, *pods).phase is Phase.RUNNING
    assert see(job, ended(0, 0, DONE), *pods[1:]).warnings[0].startswith("worker 2 of 4 was given up: killed by")


def test_a_pod_that_any_other_would_repeat_ends_the_pool() -> None:
    seen = see(POOL, runs(0), ended(1, 127, "runner: the image has no Python: tried python3 python"), runs(2), runs(3))
    assert (seen.phase, seen.failure) == (Phase.FAILED, Failure.IMAGE)


def test_worker_0_on_a_silent_node_is_lost_and_another_worker_is_not_missed() -> None:
    silent = [condition("Ready", "False", lastTransitionTime=at(60)), condition("ContainersReady")]
    running = {"running": {"startedAt": at(2)}}
    first, second = (a_pod(index, running, placed(), *silent) for index in (0, 1))
    assert see(POOL, runs(0), second, runs(2), runs(3), after=90).phase is Phase.RUNNING
    assert not asks(POOL, runs(0), second, runs(2), runs(3), after=90)
    seen = see(POOL, first, runs(1), runs(2), runs(3), after=90)
    assert (seen.phase, seen.failure) == (Phase.FAILED, Failure.LOST)
    assert see(GANG, runs(0), second, runs(2), runs(3), after=90).failure is Failure.LOST


def test_an_image_that_one_node_cannot_pull_stops_a_pool_only_at_worker_0() -> None:
    bad = {"waiting": {"reason": "InvalidImageName", "message": "bad"}}
    assert see(POOL, runs(0), a_pod(1, bad, placed()), runs(2), runs(3)).phase is Phase.RUNNING
    seen = see(POOL, a_pod(0, bad, placed()), runs(1), runs(2), runs(3))
    assert (seen.failure, seen.reason.startswith("worker 0 of 4: ")) == (Failure.IMAGE, True)
    assert see(POOL, *(a_pod(index, bad, placed()) for index in range(4))).failure is Failure.IMAGE
    assert see(GANG, runs(0), a_pod(1, bad, placed()), runs(2), runs(3)).failure is Failure.IMAGE


SUSPEND = {"suspend": True}


@pytest.mark.parametrize("kind", ["gang", "pool"])
def test_a_queue_that_takes_the_pods_away_makes_the_attempt_wait(kind: str) -> None:
    taken = [condition("Suspended", lastTransitionTime=at(11))]
    job = a_job(kind, spec=SUSPEND, conditions=taken)
    some = [doomed(0), runs(1), doomed(2), runs(3)]
    assert see(job, *some).phase is not Phase.FAILED, "its last pods still end"
    seen = see(job, *map(doomed, range(4)))
    assert (seen.phase, "suspended" in seen.reason, seen.placed) == (Phase.PENDING, True, False)
    resumed = a_job(kind, conditions=[condition("Suspended", "False", lastTransitionTime=at(100))])
    old = [{**doomed(index), "deleted": True} for index in range(4)]
    assert see(resumed, *old, after=105).phase is Phase.PENDING
    again = [*old, *(runs(index, 110, born=101) for index in range(4))]
    assert (see(resumed, *again, after=115).phase, see(resumed, *again, after=115).elapsed) == (
        Phase.RUNNING,
        5 if kind == "gang" else 113,
    )
    failed = [*map(doomed, range(3)), step_failed(3)]
    assert see(job, *failed, stored=StoredResult(a_failure(3))).failure is Failure.USER


def test_a_gang_of_which_a_part_is_done_cannot_be_suspended() -> None:
    job = a_job("gang", spec=SUSPEND, conditions=[condition("Suspended", lastTransitionTime=at(11))])
    seen = see(job, doomed(0), ended(1, 0), doomed(2), doomed(3))
    assert (seen.phase, seen.retriable) == (Phase.FAILED, True)


def snapshot_of(job: dict[str, Any], *pods: dict[str, Any]) -> PodSnapshot:
    return PodSnapshot(pruned(job), pods)


def when(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_events_are_asked_about_one_worker() -> None:
    assert not is_late_to_start(snapshot_of(GANG, *map(runs, range(4))), when(60))
    creating = a_pod(2, {"waiting": {"reason": "ContainerCreating"}}, placed())
    gang = snapshot_of(GANG, runs(0), runs(1), creating, runs(3))
    assert (is_late_to_start(gang, when(60)), subject(gang).pod) == (True, creating)
    assert not is_late_to_start(snapshot_of(POOL, runs(0), runs(1), creating, runs(3)), when(60))
    queue = snapshot_of(GANG, *(a_pod(index, None, unplaced()) for index in range(4)))
    assert (has_not_started(queue), is_late_to_start(queue, when(60))) == (True, False)
    assert is_late_to_start(snapshot_of(GANG, *torn()), when(60)), "is an autoscaler at work?"
    assert is_late_to_start(snapshot_of(POOL), when(5)), "no pod at all"
    assert not has_not_started(snapshot_of(GANG, runs(0), ended(1, 137)))


ODD: tuple[Any, ...] = (
    {},
    {"metadata": {"annotations": {"batch.kubernetes.io/job-completion-index": "-1"}}},
    {"metadata": {"annotations": {"batch.kubernetes.io/job-completion-index": "99999999999"}}},
    {"status": {"containerStatuses": [{"name": "step", "state": "odd"}]}},
)


@pytest.mark.parametrize("kind", ["gang", "pool"])
@pytest.mark.parametrize("pod", ODD)
@pytest.mark.parametrize("completions", [0, 2, "two", None])
def test_nothing_is_taken_for_granted(kind: str, pod: Any, completions: Any) -> None:
    job = a_job(kind, spec={"completions": completions}, failedIndexes="x,1-,-")
    assert see(job, pod).phase is Phase.PENDING
