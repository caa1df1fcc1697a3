"""The rules by which a Job starts, replaces and ends its pods: one pod, a pool, or a gang (pure)."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from ...model.names import job_name
from ...model.task import Task
from ...model.workers import GANG_TOKEN, HOSTS, STEP_FAILED, WorkerKind, Workers
from . import conventions as c
from .json_fields import KubeObject
from .settings import ClusterSettings
from .volumes import Volumes, gang_token

RESTARTS_PER_WORKER = 3
"""The most times that a worker of a pool is started again after it was killed. Disruptions do not count."""
_DISRUPTED = [{"type": "DisruptionTarget", "status": "True"}]
_DISRUPTED_IS_FAILED: KubeObject = {"rules": [{"action": "FailJob", "onPodConditions": _DISRUPTED}]}
"""One attempt is one pod, or a gang of which each pod needs all others, so that logs, records and outputs of two pods
never mix. An evicted pod is not replaced (``Ignore``) but fails its Job, whose condition shows it even when the pod is
deleted. A retry is a new attempt that does not count against the step's retries (`StepPolicy.disruption_retries`).

https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
"""
_STEP_FAILED: KubeObject = {
    "action": "FailJob",
    "onExitCodes": {"containerName": c.CONTAINER, "operator": "In", "values": [STEP_FAILED]},
}
"""The worker has recorded the failure of the step: no other worker may go on."""
_REPLACED: KubeObject = {"rules": [_STEP_FAILED, {"action": "Ignore", "onPodConditions": _DISRUPTED}]}
"""A worker of a pool that the cluster takes away is started again, and that does not count against its restarts."""


def rules(workers: Workers | None) -> KubeObject:
    """Return the fields of a Job's specification that decide about its pods.

    Args:
        workers: The workers of the attempt. None: one pod without an index.
    """
    if workers is None:
        return {**_one_failure(_DISRUPTED_IS_FAILED)}
    indexes: KubeObject = {
        "completionMode": "Indexed",
        "completions": workers.nodes,
        "parallelism": workers.nodes,
    }
    if workers.kind is WorkerKind.GANG:
        return {**indexes, **_one_failure(_DISRUPTED_IS_FAILED)}
    return {
        **indexes,
        "backoffLimitPerIndex": RESTARTS_PER_WORKER,
        "maxFailedIndexes": most_failed(workers.nodes),
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": _REPLACED,
    }


def most_failed(nodes: int) -> int:
    """Return the most workers of a pool that may fail for good: the others go on as long as they are the majority."""
    return (nodes - 1) // 2


def _one_failure(policy: KubeObject) -> KubeObject:
    return {
        # The controller's policy decides about retries, never the cluster.
        "backoffLimit": 0,
        # The default would start a second pod while the first one is still being deleted.
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": policy,
    }


def labels(workers: Workers | None) -> Mapping[str, str]:
    """Return the label that tells the kind of an attempt's workers; none for an attempt of one pod."""
    return {c.WORKERS_LABEL: workers.kind.value} if workers else {}


def queue_labels(settings: ClusterSettings) -> Mapping[str, str]:
    """Return the label by which Kueue holds a Job until its queue admits all its pods; none without a queue.

    https://kueue.sigs.k8s.io/docs/tasks/run/jobs/
    """
    return {c.QUEUE_LABEL: settings.queue} if settings.queue else {}


def needs_service(task: Task) -> bool:
    """Return True if the pods of an attempt find each other by name: a gang of more than one worker."""
    return task.workers is not None and task.workers.kind is WorkerKind.GANG and task.workers.nodes > 1


def service(task: Task, settings: ClusterSettings, *, owner: str) -> KubeObject:
    """Return the headless Service that gives each pod of a gang a DNS name, before the pod is ready.

    https://kubernetes.io/docs/concepts/workloads/controllers/job/#completion-mode

    Args:
        task: The attempt.
        settings: The settings of the target.
        owner: The uid of the run's ConfigMap, which outlives the Job: so the Service can be made before it.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": _metadata(_service_name(task, settings), task, settings, owner),
        "spec": {
            "clusterIP": "None",
            # A rank looks for the others before any of them is ready.
            "publishNotReadyAddresses": True,
            "selector": c.task_labels(settings.store_id, task.id),
        },
    }


def token_secret(task: Task, settings: ClusterSettings, *, owner: str, token: str) -> KubeObject:
    """Return the Secret by which the workers of a gang know each other.

    Args:
        task: The attempt.
        settings: The settings of the target.
        owner: The uid of the run's ConfigMap, which outlives the Job.
        token: Random text of this attempt alone. No other object may hold it.
    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(c.gang_secret_name(_job(task, settings)), task, settings, owner),
        "immutable": True,
        "type": "Opaque",
        "data": {c.GANG_TOKEN_FILE: base64.b64encode(token.encode()).decode()},
    }


def volumes(task: Task, settings: ClusterSettings) -> Volumes:
    """Return the volume with the token of a gang; none without a Service."""
    return gang_token(c.gang_secret_name(_job(task, settings))) if needs_service(task) else []


def pod_fields(task: Task, settings: ClusterSettings) -> KubeObject:
    """Return the fields of a pod's specification by which the Service finds it; none without a Service."""
    return {"subdomain": _service_name(task, settings)} if needs_service(task) else {}


def variables(task: Task, settings: ClusterSettings) -> Mapping[str, str]:
    """Return the variables with the names of all workers of a gang and the file of its token; none without a Service.

    The control plane names the pod of index 2 ``<job>-2`` in its Service.
    """
    if task.workers is None or not needs_service(task):
        return {}
    job, domain = _job(task, settings), _service_name(task, settings)
    return {
        HOSTS: ",".join(f"{job}-{index}.{domain}" for index in range(task.workers.nodes)),
        GANG_TOKEN: f"{c.GANG_FOLDER}/{c.GANG_TOKEN_FILE}",
    }


def _metadata(name: str, task: Task, settings: ClusterSettings, owner: str) -> KubeObject:
    """Return the metadata of an object of one attempt that goes with the run."""
    run = {"apiVersion": "v1", "kind": "ConfigMap", "name": c.run_object_name(task.id.run), "uid": owner}
    return {
        "name": name,
        "namespace": settings.namespace,
        "labels": c.task_labels(settings.store_id, task.id),
        "annotations": {c.TASK_ANNOTATION: task.digest},
        "ownerReferences": [run],
    }


def _job(task: Task, settings: ClusterSettings) -> str:
    return job_name(settings.store_id, task.id.run, task.id.key, task.id.attempt)


def _service_name(task: Task, settings: ClusterSettings) -> str:
    return c.service_name(_job(task, settings))
