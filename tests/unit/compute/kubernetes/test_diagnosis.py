"""From the words of Kubernetes and of registries to cause, evidence and remedy, row by row.

The messages are those of Kubernetes 1.29 to 1.34 with containerd 1.7 and 2, shortened nowhere.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runner.compute.kubernetes.conventions import OTHER_ARCHIVE
from runner.compute.kubernetes.interpret import PodSnapshot, StoredResult, observe
from runner.compute.kubernetes.settings import ClusterSettings
from runner.model.document import format_time
from runner.model.observation import Observation, Phase
from runner.model.record import AttemptRecord, Failure
from runner.model.termination import to_message
from tests.support.fake_api import START, STORE, a_record

SETTINGS = ClusterSettings(store_id=STORE)
AT = format_time(START)
IMAGE = "r.example:5000/team/env:1"
ASKED = {"requests": {"cpu": "500m", "memory": "64Gi"}, "limits": {"memory": "64Gi", "nvidia.com/gpu": "2"}}
LABELS = {"runner/run": "20261122t084637123z-abcdefghijklmnop"}
JOB: dict[str, Any] = {"metadata": {"uid": "job-1", "creationTimestamp": AT, "labels": LABELS}}
SELECTOR = {"pool": "big", "zone": "a"}


def a_pod(*, limits: str = "1Gi", asked: dict[str, Any] | None = None, spec: Any = None, **status: Any) -> Any:
    container = {"name": "step", "image": IMAGE, "resources": asked or {"limits": {"memory": limits}}}
    metadata = {"name": "pod", "uid": "pod-1", "creationTimestamp": AT}
    return {"metadata": metadata, "spec": {"containers": [container], **(spec or {})}, "status": status}


def in_state(state: dict[str, Any], **more: Any) -> Any:
    return a_pod(containerStatuses=[{"name": "step", "state": state}], **more)


def waiting(reason: str, message: str, **more: Any) -> Any:
    return in_state({"waiting": {"reason": reason, "message": message}}, **more)


def ended(code: int, message: str = "", reason: str = "Error", **more: Any) -> Any:
    return in_state({"terminated": {"exitCode": code, "message": message, "reason": reason}}, **more)


def scheduling_problem(message: str) -> Any:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return a_pod(asked=ASKED, spec={"nodeSelector": SELECTOR}, conditions=[condition])


def a_condition(kind: str, status: str = "True", reason: str = "", message: str = "", since: float = 0.0) -> Any:
    at = format_time(START + timedelta(seconds=since))
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at}


def an_event(reason: str, message: str) -> dict[str, Any]:
    return {"reason": reason, "message": message, "lastTimestamp": AT, "firstTimestamp": AT}


def look(*pods: Any, events: tuple[Any, ...] = (), job: Any = JOB, after: float = 1) -> Observation:
    now = START + timedelta(seconds=after)
    return observe(PodSnapshot(job, pods, events), now=now, settings=SETTINGS, stored=StoredResult())


PULLING = f'Back-off pulling image "{IMAGE}": ErrImagePull: failed to pull and unpack image "{IMAGE}": '
RESOLVING = f'{PULLING}failed to resolve reference "{IMAGE}": '
HEAD = "unexpected status from HEAD request to https://r.example:5000/v2/team/env/manifests/1:"


@pytest.mark.parametrize(
    ("message", "final", "words", "remedy"),
    [
        pytest.param(
            f"{RESOLVING}{IMAGE}: not found", True, f"r.example:5000 has no {IMAGE}", "name or tag", id="no tag"
        ),
        pytest.param(
            f"{RESOLVING}{HEAD} 401 Unauthorized",
            True,
            f"r.example:5000 refuses {IMAGE} to these credentials (pull secrets tried: one, two)",
            "--docker-server=r.example:5000",
            id="401",
        ),
        pytest.param(
            f"{RESOLVING}failed to authorize: failed to fetch anonymous token: {HEAD} 403 Forbidden",
            True,
            "refuses",
            "image_pull_secrets",
            id="403",
        ),
        pytest.param(
            f"{RESOLVING}pull access denied, repository does not exist or may require authorization: server message: "
            "insufficient_scope: authorization failed",
            True,
            "or not for these credentials (pull secrets tried: one, two)",
            "check the image's name",
            id="Docker Hub says neither",
        ),
        pytest.param(
            f"{PULLING}no match for platform in manifest: not found",
            True,
            "is not made for this node's processor",
            "--platform",
            id="other processor",
        ),
        pytest.param(
            f'{RESOLVING}failed to do request: Head "https://r.example:5000/v2/": dial tcp: lookup r.example on '
            "10.96.0.10:53: no such host",
            False,
            "the name r.example:5000 does not resolve",
            "correct the image's name if r.example:5000 is wrong",
            id="no such host",
        ),
        pytest.param(
            f'{RESOLVING}failed to do request: Head "https://r.example:5000/v2/": tls: failed to verify certificate: '
            "x509: certificate signed by unknown authority",
            True,
            "does not trust r.example:5000's certificate",
            "/etc/containerd/certs.d/r.example:5000/hosts.toml",
            id="certificate",
        ),
        pytest.param(
            f"{RESOLVING}failed to do request: http: server gave HTTP response to HTTPS client",
            True,
            "certificate",
            "hosts.toml",
            id="plain HTTP",
        ),
        pytest.param(
            f"{PULLING}failed to copy: httpReadSeeker: failed open: unexpected status code "
            "https://r.example:5000/v2/x: 429 Too Many Requests - Server message: toomanyrequests: You have reached "
            "your pull rate limit.",
            False,
            "lets no more be pulled for now",
            "mirror",
            id="rate limit",
        ),
        pytest.param(
            f"{PULLING}failed to extract layer: write /var/lib/containerd/x: no space left on device",
            False,
            "disk is full",
            "free the node's disk",
            id="node's disk",
        ),
        pytest.param(
            f"{RESOLVING}{HEAD} 503 Service Unavailable", False, "reports an error of its own", "retry klmnop", id="503"
        ),
        pytest.param(f"{RESOLVING}a new kind of trouble", False, "a new kind of trouble", "docker pull", id="unknown"),
    ],
)
def test_an_image_that_cannot_be_pulled(message: str, final: bool, words: str, remedy: str) -> None:
    secrets = {"imagePullSecrets": [{"name": "one"}, {"name": "two"}]}
    first = look(waiting("ErrImagePull", message.partition("ErrImagePull: ")[2], spec=secrets))
    pod = waiting("ImagePullBackOff", message, spec=secrets)
    assert (first.phase, words in first.reason, remedy in first.remedy) == (Phase.PENDING, True, True)
    assert look(pod).failure is (Failure.IMAGE if final else None)
    late = look(pod, after=61)
    assert (late.failure, words in late.reason, remedy in late.remedy) == (Failure.IMAGE, True, True)
    assert 1 <= late.reason.count(IMAGE) <= 2, "each layer of the runtime would name it once more"


def test_a_pull_secret_that_is_not_there_is_told() -> None:
    said = "Unable to retrieve some image pull secrets (one); attempting to pull the image may not succeed."
    event = an_event("FailedToRetrieveImagePullSecret", said)
    seen = look(waiting("ImagePullBackOff", f"{RESOLVING}{HEAD} 401 Unauthorized"), events=(event,))
    assert "pull secrets tried: none; Unable to retrieve some image pull secrets (one)" in seen.reason


@pytest.mark.parametrize(
    ("reason", "message", "remedy"),
    [
        ("InvalidImageName", 'couldn\'t parse image name "UPPER//x": invalid reference format', "lower case"),
        ("ErrImageNeverPull", 'Container image "env:1" is not present with pull policy of Never', "kind load"),
        ("ImageInspectError", 'Failed to inspect image "env:1": unknown', "docker run IMAGE"),
    ],
)
def test_an_image_that_cannot_be_used(reason: str, message: str, remedy: str) -> None:
    seen = look(waiting(reason, message))
    assert (seen.failure, message in seen.reason, remedy in seen.remedy) == (Failure.IMAGE, True, True)


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ('secret "run-20261122" not found', "someone has deleted the run's secret 'run-20261122'"),
        ('configmap "mine" not found', "make the configmap 'mine'"),
        ("container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root", "run_as"),
    ],
)
def test_a_container_that_cannot_be_configured(message: str, remedy: str) -> None:
    seen = look(waiting("CreateContainerConfigError", message))
    assert (seen.failure, message in seen.reason, remedy in seen.remedy) == (Failure.REFUSED, True, True)


def test_a_volume_whose_secret_is_missing_fails_after_a_grace() -> None:
    said = 'MountVolume.SetUp failed for volume "secret" : secret "run-x" not found'
    events = (an_event("Scheduled", "assigned"), an_event("FailedMount", said))
    pod = waiting("ContainerCreating", "")
    first = look(pod, events=events, after=5)
    assert (first.phase, "there is no secret 'run-x'" in first.reason) == (Phase.PENDING, True)
    assert look(pod, events=events, after=61).failure is Failure.REFUSED


NO_SECRET = an_event("FailedMount", 'MountVolume.SetUp failed for volume "secret" : secret "run-x" not found')


def later(event: dict[str, Any], seconds: float) -> dict[str, Any]:
    last_time = format_time(START + timedelta(seconds=seconds))
    return {**event, "lastTimestamp": last_time, "firstTimestamp": last_time}


def test_a_mount_that_failed_for_a_moment_is_forgotten_with_the_pull_that_follows() -> None:
    """A Secret that is made anew is away for a moment; the image may take minutes."""
    events = (an_event("Scheduled", "assigned"), NO_SECRET, later(an_event("Pulling", 'Pulling image "big:1"'), 2))
    seen = look(waiting("ContainerCreating", ""), events=events, after=300)
    assert (seen.phase, seen.reason) == (Phase.PENDING, 'Pulling image "big:1"')


def test_the_grace_of_a_missing_secret_begins_when_it_is_missed() -> None:
    events = (an_event("Scheduled", "assigned"), later(NO_SECRET, 100))
    assert look(waiting("ContainerCreating", ""), events=events, after=110).phase is Phase.PENDING
    assert look(waiting("ContainerCreating", ""), events=events, after=161).failure is Failure.REFUSED


HELPLESS = "2 Preemption is not helpful for scheduling."
SOME = "preemption: 0/2 nodes are available:"


@pytest.mark.parametrize(
    ("message", "final", "words", "remedy"),
    [
        pytest.param(
            f"0/2 nodes are available: 2 Insufficient memory. no new claims to deallocate, {SOME} {HELPLESS}",
            True,
            "no node, even empty, has enough memory (asks for 64Gi): 0/2 nodes are available: 2 Insuff",
            "ask for less memory than 64Gi (memory=…), or add a node",
            id="memory, no node so large",
        ),
        pytest.param(
            f"0/2 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {{team: b}}. "
            f"{SOME} {HELPLESS}",
            True,
            "no node that it may use, even empty, has enough memory (asks for 64Gi): 0/2",
            "or add a node that has as much; or, if a tainted node would do, tolerate its taint: tolerations=",
            id="memory, and another node is tainted",
        ),
        pytest.param(
            f"0/2 nodes are available: 2 Insufficient cpu. {SOME} 2 No preemption victims found for incoming pod.",
            False,
            "waiting for cpu (asks for 500m): 0/2",
            "ask for less cpu than 500m",
            id="cpu, full for now",
        ),
        pytest.param(
            f"0/2 nodes are available: 2 Insufficient nvidia.com/gpu. {SOME} {HELPLESS}",
            True,
            "has enough nvidia.com/gpu (asks for 2)",
            "device plugin",
            id="no GPU",
        ),
        pytest.param(
            f"0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. {SOME} {HELPLESS}",
            True,
            "none has the labels pool=big, zone=a",
            "kubectl label node NODE pool=big zone=a",
            id="selector",
        ),
        pytest.param(
            f"0/2 nodes are available: 2 node(s) had untolerated taint {{team: b}}. {SOME} {HELPLESS}",
            True,
            "the taint team=b is not tolerated",
            'tolerations=[{"key": "team", "value": "b"}]',
            id="taint",
        ),
        pytest.param(
            f"0/2 nodes are available: 2 node(s) had untolerated taint(s) {{gpu: }}. {SOME} {HELPLESS}",
            True,
            "the taint gpu is not tolerated",
            '"operator": "Exists"',
            id="taint without a value, as 1.34 puts it",
        ),
        pytest.param(
            "0/2 nodes are available: 2 node(s) were unschedulable. "
            f"{SOME} 2 Preemption is not helpful for scheduling.",
            False,
            "nodes are cordoned",
            "kubectl uncordon",
            id="cordoned",
        ),
        pytest.param(
            f"0/2 nodes are available: 2 Too many pods. {SOME} 2 No preemption victims found for incoming pod.",
            False,
            "as many pods as they may",
            "",
            id="pods per node",
        ),
        pytest.param(
            "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            False,
            "its volume is not to be had there",
            "",
            id="volume",
        ),
        pytest.param("no nodes available to schedule pods", False, "the cluster has none", "add a node", id="no node"),
        pytest.param("something new", False, "waiting for a node: something new", "", id="unknown"),
    ],
)
def test_a_pod_without_a_node(message: str, final: bool, words: str, remedy: str) -> None:
    first, late = look(scheduling_problem(message)), look(scheduling_problem(message), after=40)
    assert (first.phase, words in first.reason, remedy in first.remedy) == (Phase.PENDING, True, True)
    assert "preemption" not in first.reason
    assert late.failure is (Failure.UNSCHEDULABLE if final else None)
    assert remedy in late.remedy


def forbidden(words: str) -> str:
    return f'Error creating: pods "train-1-x-abcde" is forbidden: {words}'


@pytest.mark.parametrize(
    ("message", "failure", "words", "remedy"),
    [
        pytest.param(
            forbidden(
                "exceeded quota: compute, requested: requests.cpu=3,requests.memory=1Gi, "
                "used: requests.cpu=1,requests.memory=0, limited: requests.cpu=2,requests.memory=8Gi"
            ),
            Failure.REFUSED,
            "exceeded quota 'compute' of the namespace: requests.cpu: asked 3, used 1 of 2; "
            "requests.memory: asked 1Gi, used 0 of 8Gi",
            "ask for at most requests.cpu=2, or ask the cluster's administrator for a larger quota 'compute'",
            id="more than the quota",
        ),
        pytest.param(
            forbidden("exceeded quota: few, requested: pods=1, used: pods=5, limited: pods=5"),
            None,
            "waiting for quota: exceeded quota 'few' of the namespace: pods: asked 1, used 5 of 5",
            "starts when other pods",
            id="used up",
        ),
        pytest.param(
            forbidden("failed quota: compute: must specify limits.cpu for: step"),
            Failure.REFUSED,
            "must specify limits.cpu",
            "wants every pod to say limits.cpu for: step",
            id="unstated",
        ),
        pytest.param(
            forbidden("[maximum memory usage per Container is 1Gi, but limit is 2Gi, minimum cpu usage per Pod is 1]"),
            Failure.REFUSED,
            "maximum memory usage per Container is 1Gi",
            "ask for at most 1Gi memory and at least 1 cpu",
            id="limit range",
        ),
        pytest.param(
            forbidden('violates PodSecurity "restricted:latest": runAsNonRoot != true'),
            Failure.REFUSED,
            "does not admit the pod: violates PodSecurity",
            "run_as",
            id="pod security",
        ),
        pytest.param(
            forbidden('error looking up service account runner/steps: serviceaccount "steps" not found'),
            Failure.REFUSED,
            'serviceaccount "steps" not found',
            "kubectl create serviceaccount steps",
            id="no such account",
        ),
        pytest.param(
            forbidden('error looking up service account runner/default: serviceaccount "default" not found'),
            None,
            "could not make the pod yet",
            "",
            id="a namespace just made",
        ),
        pytest.param(
            'Error creating: admission webhook "policy.example" denied the request: no latest tags',
            Failure.REFUSED,
            "no latest tags",
            "webhook 'policy.example'",
            id="webhook",
        ),
        pytest.param(
            'Error creating: Internal error occurred: failed calling webhook "w.example": context deadline exceeded',
            None,
            "could not make the pod yet: Internal error",
            "",
            id="a webhook that does not answer",
        ),
    ],
)
def test_a_job_without_a_pod(message: str, failure: Failure | None, words: str, remedy: str) -> None:
    seen = look(events=(an_event("FailedCreate", message),))
    assert (seen.failure, words in seen.reason, remedy in seen.remedy) == (failure, True, True)


LOW = (
    "The node was low on resource: memory. Threshold quantity: 100Mi, available: 88Mi. Container step was using "
    "2Gi, request is 256Mi, has larger consumption of memory. "
)
OWN_DISK = 'Usage of EmptyDir volume "work" exceeds the limit "1Gi". '
BY_KUBELET = a_condition("DisruptionTarget", reason="TerminationByKubelet")
BY_TAINT = a_condition("DisruptionTarget", reason="DeletionByTaintManager", message="deleting due to NoExecute taint")
BY_GC = a_condition("DisruptionTarget", reason="DeletionByPodGC", message="PodGC: node no longer exists")
IMMINENT = "Pod was terminated in response to imminent node shutdown."
ACTIVE = "Pod was active on the node longer than the specified deadline"


@pytest.mark.parametrize(
    ("status", "failure", "words", "remedy"),
    [
        pytest.param(
            {"reason": "Evicted", "message": LOW, "conditions": [BY_KUBELET]},
            Failure.DISRUPTED,
            "evicted by its node: The node was low on resource: memory",
            "set memory to at least the 2Gi that it used (it asked for 256Mi)",
            id="node short of memory",
        ),
        pytest.param(
            {"reason": "Evicted", "message": "The node was low on resource: ephemeral-storage. "},
            Failure.DISRUPTED,
            "low on resource: ephemeral-storage",
            "",
            id="node short of disk, an older cluster",
        ),
        pytest.param(
            {"reason": "Evicted", "message": "The node had condition: [PIDPressure]. ", "conditions": [BY_KUBELET]},
            Failure.DISRUPTED,
            "PIDPressure",
            "",
            id="node short of process ids",
        ),
        pytest.param(
            {"reason": "Evicted", "message": OWN_DISK},
            Failure.USER,
            "it used more local disk than it may: Usage of EmptyDir",
            "write less to local disk",
            id="its own limit of local disk",
        ),
        pytest.param(
            {"reason": "Terminated", "message": IMMINENT, "conditions": [BY_KUBELET]},
            Failure.DISRUPTED,
            "its node was shut down: Pod was terminated",
            "",
            id="node shutdown",
        ),
        pytest.param({"conditions": [BY_TAINT]}, Failure.DISRUPTED, "tainted: deleting due", "", id="taint manager"),
        pytest.param({"conditions": [BY_GC]}, Failure.DISRUPTED, "node no longer exists", "", id="pod GC"),
        pytest.param(
            {"reason": "DeadlineExceeded", "message": ACTIVE}, Failure.TIMEOUT, ACTIVE, "who set the limit", id="time"
        ),
        pytest.param(
            {"reason": "OutOfcpu", "message": "Node didn't have enough resource: cpu"},
            Failure.LOST,
            "its node did not take it (OutOfcpu): Node didn't have enough",
            "",
            id="a race of the scheduler",
        ),
        pytest.param({}, Failure.LOST, "its pod failed before it ran", "", id="nothing is said"),
    ],
)
def test_a_pod_that_was_taken_away(status: dict[str, Any], failure: Failure, words: str, remedy: str) -> None:
    seen = look(a_pod(phase="Failed", **status))
    assert (seen.phase, seen.failure) == (Phase.FAILED, failure)
    assert (words in seen.reason, remedy in seen.remedy) == (True, True)


MATCHED = "Pod runner/train-1-x has condition DisruptionTarget matching FailJob rule at index 0"


@pytest.mark.parametrize(
    ("condition", "failure", "words"),
    [
        (a_condition("Failed", reason="PodFailurePolicy", message=MATCHED), Failure.DISRUPTED, MATCHED),
        (a_condition("FailureTarget", reason="PodFailurePolicy", message=MATCHED), Failure.DISRUPTED, MATCHED),
        (a_condition("Failed", reason="BackoffLimitExceeded"), Failure.LOST, "its pod is gone and it left no record"),
        (a_condition("Failed", reason="DeadlineExceeded"), Failure.TIMEOUT, "activeDeadlineSeconds"),
    ],
)
def test_the_job_tells_what_became_of_a_pod_that_is_gone(condition: Any, failure: Failure, words: str) -> None:
    done = a_condition("Failed")
    seen = look(job={**JOB, "status": {"conditions": [condition, done]}})
    assert (seen.failure, words in seen.reason) == (failure, True)


def on_a_dead_node(since: float, **status: Any) -> Any:
    """As the node controller leaves it: not ready, and nothing else touched."""
    conditions = [a_condition("Ready", "False", since=since), a_condition("ContainersReady")]
    pod = in_state({"running": {"startedAt": AT}}, conditions=conditions, phase="Running", **status)
    return {**pod, "spec": {**pod["spec"], "nodeName": "worker-2"}}


def test_a_dead_node_is_told_within_a_minute_of_its_death() -> None:
    noticed = 50
    assert look(on_a_dead_node(noticed), after=noticed + 8).phase is Phase.RUNNING
    lost = look(on_a_dead_node(noticed), after=59)
    assert (lost.failure, lost.reason.startswith("node lost: worker-2 (not ready for 9 s")) == (Failure.LOST, True)


def test_a_container_that_ends_is_not_ready_either() -> None:
    """Its kubelet tells both at once."""
    conditions = [a_condition("Ready", "False"), a_condition("ContainersReady", "False")]
    pod = in_state({"running": {"startedAt": AT}}, conditions=conditions, phase="Running")
    assert look(pod, after=600).phase is Phase.RUNNING


@pytest.mark.parametrize("status", [{"phase": "Unknown"}, {"phase": "Running", "reason": "NodeLost"}])
def test_a_pod_of_which_the_cluster_hears_nothing(status: dict[str, Any]) -> None:
    assert look(in_state({"running": {}}, **status)).reason == "node lost (the cluster does not hear of it any more)"


def test_a_pod_that_never_began_on_a_dead_node_is_not_waited_for() -> None:
    pod = a_pod(phase="Pending", conditions=[BY_TAINT])
    deleted = {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": AT}}
    assert look(deleted).failure is Failure.DISRUPTED


def test_out_of_memory_says_how_much_and_what_to_do() -> None:
    record = a_record(Failure.USER, -9, peak_memory=1 << 30)
    seen = look(ended(1, to_message(record), "OOMKilled"))
    assert (seen.failure, seen.reason) == (Failure.OOM, "OOMKilled: peaked at 1.0 GiB of 1 GiB")
    assert seen.remedy == "set memory to 2Gi, or --retry-oom 2"


@pytest.mark.parametrize(
    ("record", "reason", "remedy"),
    [
        (a_record(Failure.OOM, 137, reason="a child"), "a child", "set memory to 2Gi, or --retry-oom 2"),
        (a_record(Failure.OOM, 1, reason="a child", remedy="do"), "a child", "do"),
        (a_record(Failure.OOM, 1, peak_memory=1 << 29), "OOMKilled: peaked at 512.0 MiB of 1 GiB", "set memory"),
    ],
)
def test_out_of_memory_as_the_record_tells_it(record: AttemptRecord, reason: str, remedy: str) -> None:
    seen = look(ended(1, to_message(record)))
    assert (seen.failure, seen.reason, remedy in seen.remedy) == (Failure.OOM, reason, True)


def test_without_a_limit_the_nodes_memory_ran_out() -> None:
    seen = look(ended(137, reason="OOMKilled", limits=""))
    assert (seen.reason, "set the step's memory" in seen.remedy) == ("OOMKilled: its machine has no more memory", True)


@pytest.mark.parametrize(
    ("pod", "failure", "words", "remedy"),
    [
        (ended(137), Failure.LOST, "SIGKILL (exit code 137) from outside", "memory=…"),
        (ended(143), Failure.LOST, "SIGTERM (exit code 143) from outside", ""),
        (ended(255, "exec /bin/sh: exec format error"), Failure.IMAGE, "node's processor", "--platform"),
        (ended(128, 'exec: "/bin/sh": stat /bin/sh: no such file', "StartError"), Failure.IMAGE, "start", "/bin/sh"),
        (ended(127, "runner: the image has no Python: tried  python3"), Failure.IMAGE, "no Python", "3.8"),
        (ended(126, f"{OTHER_ARCHIVE}: 0123"), Failure.INPUT, "other code of runner", "runner retry RUN --failed"),
    ],
)
def test_a_container_that_left_no_record(pod: Any, failure: Failure, words: str, remedy: str) -> None:
    seen = look(pod)
    assert (seen.failure, words in seen.reason, remedy in seen.remedy) == (failure, True, True)


def test_the_records_own_remedy_is_handed_on() -> None:
    seen = look(ended(1, to_message(a_record(Failure.USER, 1, reason="r", remedy="mend it"))))
    assert (seen.reason, seen.remedy) == ("r", "mend it")
