from __future__ import annotations

import pytest

from runner.cluster.deployment_status import DeploymentProblem, find_problem, is_ready
from runner.model.document import Document


def _deployment(*, seen: int = 2, **status: object) -> Document:
    return {"metadata": {"generation": 2}, "spec": {"replicas": 1}, "status": {"observedGeneration": seen, **status}}


def _waiting(reason: str, message: str = "words") -> Document:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"metadata": {"name": "minio-1"}, "status": {"containerStatuses": [{"state": state}]}}


def _unscheduled(message: str) -> Document:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return {"metadata": {"name": "minio-1"}, "status": {"conditions": [condition]}}


READY = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
STARTING = _deployment(replicas=1, updatedReplicas=1)
FULL = "0/1 nodes are available: 1 Insufficient cpu."
NEW = "0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."


def test_a_deployment_is_ready_when_its_newest_pod_alone_is() -> None:
    assert is_ready(_deployment(**READY))


@pytest.mark.parametrize(
    "deployment",
    [
        _deployment(seen=1, **READY),
        _deployment(replicas=1, updatedReplicas=1),
        _deployment(replicas=2, updatedReplicas=1, readyReplicas=1),
        _deployment(),
        {"metadata": {}, "spec": {}},
    ],
)
def test_a_deployment_in_change_is_not_ready(deployment: Document) -> None:
    assert not is_ready(deployment)


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName"])
def test_an_image_that_cannot_be_had_is_told_at_once(reason: str) -> None:
    assert find_problem(STARTING, [_waiting(reason, "no such host")], 0) == DeploymentProblem(
        f"its image cannot be had: {reason}: no such host", image=True
    )


def test_a_pod_of_an_older_image_is_about_to_go_and_says_nothing() -> None:
    containers = {"containers": [{"image": "mended"}]}
    deployment = {**STARTING, "spec": {"replicas": 1, "template": {"spec": containers}}}
    old = {**_waiting("ErrImagePull"), "spec": {"containers": [{"image": "bad"}]}}
    assert find_problem(deployment, [old], 0) is None
    assert find_problem(deployment, [{**old, "spec": containers}], 0) is not None


def test_a_crash_is_told_at_once_with_the_pod_whose_log_explains_it() -> None:
    problem = find_problem(STARTING, [_waiting("CrashLoopBackOff")], 0)
    assert problem == DeploymentProblem("its container does not start: CrashLoopBackOff: words", pod="minio-1")


@pytest.mark.parametrize(
    ("message", "waited", "told"), [(FULL, 9, False), (FULL, 11, True), (NEW, 11, False), (NEW, 61, True)]
)
def test_an_unschedulable_pod_is_told_when_waiting_does_not_help(message: str, waited: float, told: bool) -> None:
    problem = find_problem(STARTING, [_unscheduled(message)], waited)
    assert problem == (DeploymentProblem(f"no node can take its pod: {message}") if told else None)


def test_a_pod_that_may_not_be_made_is_told() -> None:
    failed = {"type": "ReplicaFailure", "status": "True", "message": "violates PodSecurity"}
    problem = find_problem(_deployment(conditions=[failed]), [], 11)
    assert problem == DeploymentProblem("its pod cannot be made: violates PodSecurity")


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_a_start_under_way_is_no_trouble(reason: str) -> None:
    assert find_problem(STARTING, [_waiting(reason)], 500) is None
    assert find_problem(STARTING, [], 500) is None


def test_a_pod_on_its_way_out_is_no_trouble() -> None:
    pod = _waiting("ErrImagePull")
    pod["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    assert find_problem(STARTING, [pod], 0) is None
