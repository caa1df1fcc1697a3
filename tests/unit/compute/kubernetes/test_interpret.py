"""What a cluster says, and what is made of it. Messages are those of Kubernetes 1.34 unless named otherwise."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from runner.compute.kubernetes.interpret import (
    PodSnapshot,
    StoredResult,
    is_late_to_start,
    needs_stored_result,
    observe,
)
from runner.compute.kubernetes.pending import no_node_can_fit
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.data import DataRef
from runner.model.document import format_time
from runner.model.observation import Observation, Phase
from runner.model.record import Failure
from runner.model.termination import OLD_PYTHON, to_message
from tests.support.fake_api import START, STORE, a_record

SETTINGS = ClusterSettings(store_id=STORE, unschedulable_grace=30)
OUTPUTS = {"model": DataRef(datastore="blob", key="azureml/x/model", digest="d" * 64)}
AT = format_time(START)
CONTAINER = {"name": "step", "image": "env:1", "resources": {"limits": {"memory": "64Mi"}}}
JOB: dict[str, Any] = {"metadata": {"uid": "job-1", "creationTimestamp": AT}}


def a_pod(state: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    status: dict[str, Any] = {"phase": "Pending"}
    if state is not None:
        status["containerStatuses"] = [{"name": "sidecar", "state": {}}, {"name": "step", "state": state}]
    status.update(changes.pop("status", {}))
    metadata = {"name": "pod", "uid": "pod-1", "creationTimestamp": AT, **changes.pop("metadata", {})}
    return {"metadata": metadata, "spec": {"containers": [CONTAINER]}, "status": status, **changes}


def a_condition(kind: str, status: str = "True", **more: str) -> dict[str, Any]:
    return {"conditions": [{"type": kind, "status": status, **more}]}


def an_event(reason: str, message: str) -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": AT}


def scheduling_problem(message: str) -> dict[str, Any]:
    return a_pod(status=a_condition("PodScheduled", "False", reason="Unschedulable", message=message))


def terminated(code: int, message: str = "", reason: str = "Error") -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "message": message, "reason": reason, "startedAt": AT, "finishedAt": AT}}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    return a_pod({"waiting": {"reason": reason, "message": message}})


def look(
    *pods: dict[str, Any],
    job: dict[str, Any] = JOB,
    events: tuple[dict[str, Any], ...] = (),
    after: float = 1,
    stored: StoredResult = StoredResult(),  # noqa: B008 - frozen
) -> Observation:
    now = START + timedelta(seconds=after)
    return observe(PodSnapshot(job, pods, events), now=now, settings=SETTINGS, stored=stored)


def test_success_is_the_containers_end_not_the_pods() -> None:
    record = a_record(outputs=OUTPUTS, warnings=("w",))
    seen = look(a_pod(terminated(0, to_message(record)), status={"phase": "Running"}))
    assert (seen.phase, seen.uid, seen.outputs, seen.warnings) == (Phase.SUCCEEDED, "job-1", OUTPUTS, ("w",))
    assert (seen.started, seen.ended, seen.exit_code) == (record.started, record.ended, 0)


def test_a_failing_script_is_told_by_its_record() -> None:
    record = a_record(Failure.USER, 3, reason="ValueError", tail="Traceback …")
    seen = look(a_pod(terminated(1, to_message(record))))
    assert (seen.phase, seen.failure, seen.exit_code) == (Phase.FAILED, Failure.USER, 3)
    assert (seen.reason, seen.tail, seen.retriable) == ("ValueError", "Traceback …", False)


def test_a_failure_of_staging_may_be_tried_again() -> None:
    seen = look(a_pod(terminated(1, to_message(a_record(Failure.STORE, 1)))))
    assert (seen.failure, seen.retriable) == (Failure.STORE, True)


LARGE = a_record(outputs={f"output-{i}": OUTPUTS["model"] for i in range(90)})


def test_a_cut_message_wants_the_stored_record() -> None:
    pod = a_pod(terminated(0, to_message(LARGE)))
    assert needs_stored_result(PodSnapshot(JOB, (pod,)), START)
    seen = look(pod, stored=StoredResult(LARGE, LARGE.outputs))
    assert (seen.phase, len(seen.outputs)) == (Phase.SUCCEEDED, 90)


def test_a_record_of_success_without_a_commit_is_no_success() -> None:
    seen = look(a_pod(terminated(0, to_message(LARGE))), stored=StoredResult(LARGE, None))
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.LOST, True)


def test_a_commit_is_success_whatever_became_of_the_pod() -> None:
    seen = look(a_pod(terminated(137)), stored=StoredResult(None, OUTPUTS))
    assert (seen.phase, seen.outputs) == (Phase.SUCCEEDED, OUTPUTS)


@pytest.mark.parametrize(
    ("pods", "job", "wanted"),
    [
        pytest.param((), JOB, False, id="nothing yet"),
        pytest.param((a_pod({"running": {}}),), JOB, False, id="running"),
        pytest.param((a_pod(terminated(0, to_message(a_record()))),), JOB, False, id="whole message"),
        pytest.param((a_pod(terminated(1)),), JOB, True, id="no message"),
        pytest.param((a_pod(terminated(1, "some log")),), JOB, True, id="log instead of a message"),
        pytest.param((a_pod(status={"phase": "Failed"}),), JOB, True, id="evicted before it ran"),
        pytest.param((a_pod(deleted=True),), JOB, True, id="pod deleted"),
        pytest.param((), {**JOB, "status": a_condition("Failed")}, True, id="job ended, pod gone"),
    ],
)
def test_when_the_store_is_asked(pods: tuple[dict[str, Any], ...], job: dict[str, Any], wanted: bool) -> None:
    assert needs_stored_result(PodSnapshot(job, pods), START) is wanted


NO_PYTHON = "runner: the image has no Python: tried  python3 python\n"
NO_SHELL = 'unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown'


@pytest.mark.parametrize(
    ("pod", "failure", "words", "retriable"),
    [
        pytest.param(a_pod(terminated(137, reason="OOMKilled")), Failure.OOM, "its limit was 64 MiB", False, id="OOM"),
        pytest.param(
            a_pod(terminated(1, to_message(a_record(Failure.USER, 137)), "OOMKilled")),
            Failure.OOM,
            "its limit was 64 MiB",
            False,
            id="OOM of the script under a bootstrap that lives",
        ),
        pytest.param(
            a_pod(terminated(127, NO_PYTHON)), Failure.IMAGE, "env:1 has no Python", False, id="image without Python"
        ),
        pytest.param(
            a_pod(terminated(1, f"{OLD_PYTHON}: 3.7.10")),
            Failure.IMAGE,
            "env:1 has Python 3.7.10, and a step needs 3.8",
            False,
            id="image with an old Python",
        ),
        pytest.param(
            a_pod(terminated(128, NO_SHELL, "StartError")), Failure.IMAGE, "/bin/sh", False, id="image without a shell"
        ),
        pytest.param(a_pod(terminated(137)), Failure.LOST, "killed by SIGKILL", True, id="SIGKILL without a reason"),
        pytest.param(a_pod(terminated(143)), Failure.LOST, "killed by SIGTERM", True, id="SIGTERM"),
        pytest.param(a_pod(terminated(0)), Failure.LOST, "left no record", True, id="exit 0 without a record"),
        pytest.param(a_pod(terminated(3, "boom")), Failure.USER, "exit code 3", False, id="exit 3 without a record"),
        pytest.param(a_pod({"terminated": {}, "x": 1}, status={"phase": "Failed"}), Failure.LOST, "", True, id="empty"),
        pytest.param(
            a_pod(status={"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}),
            Failure.DISRUPTED,
            "evicted by its node: The node was low",
            True,
            id="evicted, container unknown",
        ),
        pytest.param(
            a_pod(terminated(137), status=a_condition("DisruptionTarget", reason="EvictionByEvictionAPI")),
            Failure.DISRUPTED,
            "node is being drained",
            True,
            id="drained",
        ),
        pytest.param(
            a_pod(terminated(143), status=a_condition("DisruptionTarget", reason="PreemptionByScheduler")),
            Failure.DISRUPTED,
            "higher priority",
            True,
            id="preempted",
        ),
        pytest.param(
            a_pod(terminated(1, to_message(a_record(Failure.CANCELED, 143))), metadata={"deletionTimestamp": AT}),
            Failure.LOST,
            "pod was deleted",
            True,
            id="deleted by someone, the bootstrap says canceled",
        ),
        pytest.param(
            a_pod(
                terminated(0, to_message(a_record(Failure.LOST, 0))),
                status=a_condition("DisruptionTarget", reason="EvictionByEvictionAPI"),
            ),
            Failure.DISRUPTED,
            "node is being drained",
            True,
            id="drained, the script had ended well upon SIGTERM",
        ),
        pytest.param(
            a_pod(terminated(1, to_message(a_record(Failure.CANCELED, 143)))),
            Failure.CANCELED,
            "",
            False,
            id="canceled",
        ),
        pytest.param(
            a_pod({"running": {}}, deleted=True), Failure.LOST, "pod was deleted", True, id="gone while running"
        ),
        pytest.param(
            a_pod(status={"phase": "Failed", "reason": "NodeAffinity"}), Failure.LOST, "NodeAffinity", True, id="admit"
        ),
    ],
)
def test_ends_without_success(pod: dict[str, Any], failure: Failure, words: str, retriable: bool) -> None:
    seen = look(pod)
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, failure, retriable)
    assert words in seen.reason


def test_without_a_record_the_end_of_the_log_is_the_tail() -> None:
    assert look(a_pod(terminated(3, "line 1\nline 2\n"))).tail == "line 1\nline 2\n"


def test_a_container_that_never_started_has_no_start_in_1970() -> None:
    state = terminated(128, reason="StartError")
    state["terminated"]["startedAt"] = "1970-01-01T00:00:00Z"
    assert look(a_pod(state)).started is None


def test_a_node_that_does_not_answer_loses_its_pod() -> None:
    pod = a_pod({"running": {}}, metadata={"deletionTimestamp": AT})
    assert look(pod, after=5).phase is Phase.RUNNING
    assert look(pod, after=60).failure is Failure.LOST


def test_job_ended_and_pod_gone_is_lost() -> None:
    seen = look(job={**JOB, "status": a_condition("Failed", reason="BackoffLimitExceeded")})
    assert (seen.phase, seen.failure, seen.retriable) == (Phase.FAILED, Failure.LOST, True)


def test_job_ended_waits_for_the_pod_that_is_known() -> None:
    job = {**JOB, "status": a_condition("Failed")}
    assert look(a_pod({"running": {"startedAt": AT}}), job=job).phase is Phase.RUNNING


def test_running_since() -> None:
    assert look(a_pod({"running": {"startedAt": AT}})) == Observation(
        phase=Phase.RUNNING, uid="job-1", started=START, placed=True, elapsed=1.0
    )


FULL = (
    "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, "
    "preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod."
)
TOO_BIG = (
    "0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, "
    "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
)
NO_MATCH = (
    "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. "
    "preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
)
MIXED = (
    "0/3 nodes are available: 1 Insufficient cpu, 2 node(s) had untolerated taint {gpu: true}. "
    "preemption: 0/3 nodes are available: 1 No preemption victims found for incoming pod, "
    "2 Preemption is not helpful for scheduling."
)
NOT_READY = (
    "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }. "
    "preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling."
)


@pytest.mark.parametrize(
    ("message", "hopeless"),
    [
        pytest.param(FULL, False, id="full"),
        pytest.param(TOO_BIG, True, id="larger than any node"),
        pytest.param(NO_MATCH, True, id="no node matches"),
        pytest.param(MIXED, False, id="one of three would do"),
        pytest.param(NOT_READY, False, id="node not ready"),
        pytest.param("no nodes available to schedule pods", False, id="no nodes at all"),
        pytest.param("0/2 nodes are available: 2 node(s) were unschedulable.", False, id="cordoned"),
        pytest.param("", False, id="no message"),
    ],
)
def test_when_no_node_would_ever_do(message: str, hopeless: bool) -> None:
    assert no_node_can_fit(message) is hopeless


def test_a_full_cluster_is_a_queue() -> None:
    seen = look(scheduling_problem(FULL), after=3000)
    assert (seen.phase, seen.failure) == (Phase.PENDING, None)
    assert seen.reason.startswith("waiting for cpu: 0/1 nodes")


def test_how_long_each_phase_has_lasted_by_the_servers_clock() -> None:
    queued = look(scheduling_problem(FULL), after=50)
    assert (queued.phase, queued.placed, queued.elapsed) == (Phase.PENDING, False, 50)
    assert look(after=7).elapsed == 7, "no pod yet: since the Job was made"
    scheduled = a_condition("PodScheduled", lastTransitionTime=format_time(at_second(30)))
    starting = look(a_pod({"waiting": {"reason": "ContainerCreating"}}, status=scheduled), after=50)
    assert (starting.phase, starting.placed, starting.elapsed) == (Phase.PENDING, True, 20)
    running = look(a_pod({"running": {"startedAt": format_time(at_second(40))}}), after=50)
    assert (running.phase, running.elapsed) == (Phase.RUNNING, 10)
    assert look(a_pod({"running": {"startedAt": format_time(at_second(51))}}), after=50).elapsed == 0
    assert look(a_pod({"running": {}})).elapsed is None


def test_what_fits_nowhere_is_said_at_once_and_fails_after_a_grace() -> None:
    seen = look(scheduling_problem(TOO_BIG), after=1)
    assert (seen.phase, "no node of the cluster can take it" in seen.reason) == (Phase.PENDING, True)
    assert look(scheduling_problem(TOO_BIG), after=31).failure is Failure.UNSCHEDULABLE


def test_an_autoscaler_at_work_is_waited_for() -> None:
    events = (an_event("TriggeredScaleUp", "pod triggered scale-up"),)
    assert look(scheduling_problem(TOO_BIG), after=31, events=events).phase is Phase.PENDING


BACK_OFF = 'Back-off pulling image "env:1"'
NOT_FOUND = f"{BACK_OFF}: ErrImagePull: failed to resolve reference: docker.io/library/env:1: not found"
NO_ROUTE = f"{BACK_OFF}: ErrImagePull: dial tcp [::1]:1: connect: connection refused"


@pytest.mark.parametrize(
    ("pod", "phase", "failure", "words", "retriable"),
    [
        pytest.param(waiting("ErrImagePull", "x: not found"), Phase.PENDING, None, "x: not found", False, id="first"),
        pytest.param(
            waiting("ImagePullBackOff", NOT_FOUND),
            Phase.FAILED,
            Failure.IMAGE,
            "has no env:1",
            False,
            id="no such image",
        ),
        pytest.param(waiting("ImagePullBackOff", NO_ROUTE), Phase.PENDING, None, "refused", False, id="registry down"),
        pytest.param(waiting("InvalidImageName", "bad"), Phase.FAILED, Failure.IMAGE, "bad", False, id="bad name"),
        pytest.param(waiting("ErrImageNeverPull", "n"), Phase.FAILED, Failure.IMAGE, "n", False, id="never pulled"),
        pytest.param(
            waiting("CreateContainerConfigError", 'configmap "x" not found'),
            Phase.FAILED,
            Failure.REFUSED,
            'configmap "x" not found',
            False,
            id="configuration",
        ),
        pytest.param(waiting("CreateContainerError", "busy"), Phase.PENDING, None, "busy", False, id="runtime trouble"),
        pytest.param(waiting("ContainerCreating"), Phase.PENDING, None, "", False, id="starting"),
        pytest.param(waiting("SomethingNew", "?"), Phase.PENDING, None, "", False, id="unknown reason"),
        pytest.param(
            a_pod(status=a_condition("PodScheduled", "False", reason="SchedulingGated")),
            Phase.PENDING,
            None,
            "scheduling gate",
            False,
            id="gated",
        ),
    ],
)
def test_waits(pod: dict[str, Any], phase: Phase, failure: Failure | None, words: str, retriable: bool) -> None:
    seen = look(pod)
    assert (seen.phase, seen.failure, seen.retriable) == (phase, failure, retriable)
    assert words in seen.reason


RATE = f"{BACK_OFF}: ErrImagePull: pull access denied: 429 Too Many Requests"


@pytest.mark.parametrize("message", [NO_ROUTE, RATE, f"{BACK_OFF}: ErrImagePull: dial tcp: i/o timeout"])
def test_a_registry_in_trouble_gets_a_grace(message: str) -> None:
    pod = waiting("ImagePullBackOff", message)
    assert look(pod, after=59).phase is Phase.PENDING
    late = look(pod, after=61)
    assert (late.failure, late.retriable) == (Failure.IMAGE, False)
    assert message.removeprefix(f"{BACK_OFF}: ErrImagePull: ") in late.reason


def test_the_grace_of_a_pull_begins_with_its_first_failure() -> None:
    first = {**an_event("Failed", "Failed to pull image: timeout"), "firstTimestamp": format_time(at_second(300))}
    pod = waiting("ImagePullBackOff", NO_ROUTE)
    assert look(pod, after=350, events=(first,)).phase is Phase.PENDING
    assert look(pod, after=361, events=(first,)).failure is Failure.IMAGE


def at_second(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_older_kubelets_tell_why_a_pull_failed_in_an_event() -> None:
    events = (an_event("Failed", 'Failed to pull image "env:1": not found'), an_event("Failed", "Error: ErrImagePull"))
    assert look(waiting("ImagePullBackOff", BACK_OFF), events=events).reason.endswith("has no env:1: not found")


def test_a_volume_that_cannot_be_mounted_is_told_by_an_event() -> None:
    events = (an_event("Scheduled", "assigned"), an_event("FailedMount", 'secret "run-x" not found'))
    assert "not found" in look(waiting("ContainerCreating"), events=events).reason


def test_a_long_pull_is_told() -> None:
    events = (an_event("Pulling", 'Pulling image "env:1"'),)
    assert look(waiting("ContainerCreating"), events=events).reason == 'Pulling image "env:1"'


POD_SECURITY = 'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true'
QUOTA = (
    'Error creating: pods "x" is forbidden: exceeded quota: compute, requested: requests.cpu={}, '
    "used: requests.cpu=1, limited: requests.cpu=2"
)


@pytest.mark.parametrize(
    ("message", "phase", "words"),
    [
        pytest.param(POD_SECURITY, Phase.FAILED, "violates PodSecurity", id="pod security"),
        pytest.param(QUOTA.format("1500m"), Phase.PENDING, "waiting for quota", id="quota used up for now"),
        pytest.param(QUOTA.format("3"), Phase.FAILED, "exceeded quota", id="more than the quota"),
        pytest.param('admission webhook "w" denied the request: no', Phase.FAILED, "denied the request", id="webhook"),
        pytest.param("etcdserver: request timed out", Phase.PENDING, "timed out", id="passing trouble"),
    ],
)
def test_a_job_that_gets_no_pod(message: str, phase: Phase, words: str) -> None:
    seen = look(events=(an_event("FailedCreate", message),))
    assert (seen.phase, words in seen.reason) == (phase, True)
    assert seen.failure is (Failure.REFUSED if phase is Phase.FAILED else None)


def test_a_suspended_job_says_so() -> None:
    assert "suspended" in look(job={**JOB, "spec": {"suspend": True}}).reason


def test_the_pod_that_ended_tells_more_than_a_newer_one() -> None:
    old = a_pod(terminated(0, to_message(a_record(outputs=OUTPUTS))))
    assert look(a_pod({"running": {}}, metadata={"uid": "pod-2"}), old).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("pods", "after", "wanted"),
    [
        pytest.param((), 0, False, id="just made"),
        pytest.param((), 2, True, id="no pod after 2 s"),
        pytest.param((waiting("ContainerCreating"),), 2, False, id="starting"),
        pytest.param((waiting("ContainerCreating"),), 5, True, id="late"),
        pytest.param((scheduling_problem(FULL),), 500, False, id="in a queue"),
        pytest.param((scheduling_problem(TOO_BIG),), 5, True, id="fits nowhere: is an autoscaler at work?"),
        pytest.param((a_pod({"running": {}}),), 500, False, id="running"),
        pytest.param((a_pod(terminated(0)),), 500, False, id="ended"),
    ],
)
def test_whose_events_are_asked_for(pods: tuple[dict[str, Any], ...], after: int, wanted: bool) -> None:
    assert is_late_to_start(PodSnapshot(JOB, pods), START + timedelta(seconds=after)) is wanted


ODD: tuple[Any, ...] = (
    {},
    {"status": None},
    {"status": {"containerStatuses": None, "conditions": None}},
    {"status": {"containerStatuses": [None, {"name": "step"}], "conditions": ["x", {}]}},
    {"status": {"containerStatuses": [{"name": "step", "state": "odd"}]}},
    {"metadata": None, "spec": []},
    {"metadata": {"creationTimestamp": "yesterday", "deletionTimestamp": 3}},
)


@pytest.mark.parametrize("pod", ODD, ids=[json.dumps(odd)[:50] for odd in ODD])
@pytest.mark.parametrize("job", [{}, {"metadata": {"uid": 7}}, {"status": {"conditions": {}}}])
def test_nothing_is_taken_for_granted(pod: Any, job: Any) -> None:
    assert look(pod, job=job, after=10).phase is Phase.PENDING


SUSPENDED = {**JOB, "spec": {"suspend": True}, "status": a_condition("Suspended", lastTransitionTime=AT)}
RESUMED_AT = format_time(START + timedelta(seconds=600))
RESUMED = {**JOB, "status": a_condition("Suspended", "False", lastTransitionTime=RESUMED_AT)}
GONE = {"deletionTimestamp": AT}


@pytest.mark.parametrize(
    "pods",
    [
        (a_pod(terminated(143), metadata=GONE),),
        (a_pod(terminated(143, to_message(a_record(Failure.LOST, 143))), metadata=GONE),),
        (a_pod({"running": {"startedAt": AT}}, deleted=True, metadata=GONE),),
        (a_pod({}, status={"phase": "Failed"}, metadata=GONE),),
        (),
    ],
)
def test_a_job_that_is_suspended_while_it_runs_waits_and_is_not_lost(pods: tuple[dict[str, Any], ...]) -> None:
    seen = look(*pods, job=SUSPENDED, after=90)
    assert (seen.phase, seen.placed, seen.elapsed) == (Phase.PENDING, False, 90)
    assert "suspended" in seen.reason
    assert look(*pods, job=SUSPENDED, stored=StoredResult(a_record(), OUTPUTS, 1)).phase is Phase.SUCCEEDED


def test_a_pod_of_a_suspended_job_runs_until_it_has_ended() -> None:
    assert look(a_pod({"running": {"startedAt": AT}}, metadata=GONE), job=SUSPENDED).phase is Phase.RUNNING


def test_a_script_that_failed_just_before_its_job_was_suspended_has_failed() -> None:
    record = to_message(a_record(Failure.USER, 3, reason="ValueError"))
    assert look(a_pod(terminated(1, record), metadata=GONE), job=SUSPENDED).failure is Failure.USER


def test_a_job_that_is_resumed_has_the_time_of_its_new_pod() -> None:
    old = a_pod(terminated(143), deleted=True, metadata=GONE)
    assert look(old, job=RESUMED, after=610).phase is Phase.PENDING
    assert look(old, job=RESUMED, after=610).elapsed == 10
    new = a_pod({"running": {"startedAt": RESUMED_AT}}, metadata={"uid": "pod-2", "creationTimestamp": RESUMED_AT})
    assert (look(old, new, job=RESUMED, after=605).phase, look(old, new, job=RESUMED, after=605).elapsed) == (
        Phase.RUNNING,
        5,
    )
    ended = a_pod(terminated(0, to_message(a_record(outputs=OUTPUTS))), metadata={"creationTimestamp": RESUMED_AT})
    assert look(old, ended, job=RESUMED, after=620).phase is Phase.SUCCEEDED
    lost = a_pod(terminated(137), metadata={"creationTimestamp": RESUMED_AT})
    assert look(old, lost, job=RESUMED, after=620).failure is Failure.LOST


def test_a_job_whose_condition_still_says_suspended_has_its_new_pod() -> None:
    """As the Job controller of 1.34 was seen to write it: the pod runs, and the condition follows."""
    suspended = format_time(START + timedelta(seconds=300))
    job = {**JOB, "spec": {}, "status": a_condition("Suspended", lastTransitionTime=suspended)}
    old = a_pod(terminated(143), deleted=True, metadata=GONE)
    new = a_pod({"running": {"startedAt": RESUMED_AT}}, metadata={"uid": "pod-2", "creationTimestamp": RESUMED_AT})
    assert look(old, new, job=job, after=605).phase is Phase.RUNNING
    assert look(old, job=job, after=605).phase is Phase.PENDING
    lost = a_pod(terminated(137), metadata={"uid": "pod-2", "creationTimestamp": RESUMED_AT})
    assert look(old, lost, job=job, after=700).failure is Failure.LOST


def test_a_pod_that_is_older_than_a_resumption_by_a_clock_that_is_behind_still_counts() -> None:
    assert look(a_pod(terminated(0, to_message(a_record(outputs=OUTPUTS)))), job=RESUMED).phase is Phase.SUCCEEDED


NO_NAME = (
    'Failed to pull image "nosuch.invalid/env:1": rpc error: code = Unknown desc = failed to pull and unpack image '
    '"nosuch.invalid/env:1": failed to resolve reference "nosuch.invalid/env:1": failed to do request: Head '
    '"https://nosuch.invalid/v2/env/manifests/1": dial tcp: lookup nosuch.invalid on 10.96.0.10:53: no such host'
)


def pull_events(*told: tuple[str, str, float]) -> tuple[dict[str, Any], ...]:
    times = ((reason, message, format_time(START + timedelta(seconds=at))) for reason, message, at in told)
    return tuple({"reason": r, "message": m, "firstTimestamp": at, "lastTimestamp": at} for r, m, at in times)


def test_a_failed_pull_is_told_by_its_event_before_the_pod_shows_it() -> None:
    """The kubelet writes the event at once, and the container's state at its next look at the pod."""
    pod = waiting("ContainerCreating")
    pulling, failed = ("Pulling", 'Pulling image "nosuch.invalid/env:1"', 1.0), ("Failed", NO_NAME, 12.0)
    error = ("Failed", "Error: ErrImagePull", 12.0)
    assert look(pod, events=pull_events(pulling), after=5).reason.startswith("Pulling")
    seen = look(pod, events=pull_events(pulling, failed, error), after=14)
    assert (seen.phase, "no such host" in seen.reason) == (Phase.PENDING, True)
    again = (*pull_events(pulling, failed, error), *pull_events(("Pulling", "Pulling image", 25.0)))
    assert look(pod, events=again, after=26).reason == seen.reason, "it does not change with every attempt"
    assert look(pod, events=again, after=80).failure is Failure.IMAGE, "the grace began with the first failure"
    done = (*again, *pull_events(("Pulled", "Successfully pulled image", 30.0)))
    assert look(pod, events=done, after=31).reason == ""
