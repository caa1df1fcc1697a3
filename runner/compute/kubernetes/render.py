"""From tasks to Kubernetes objects: pure, and of a size that does not grow with a step's inputs."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping

from ...model.access import Access
from ...model.digest import digest_of_bytes
from ...model.names import job_name
from ...model.placement import Placement, Toleration
from ...model.quantity import exceeds
from ...model.resources import Resources
from ...model.task import Task, TimeLimits
from . import contract as c
from .fields import KubeObject
from .settings import ClusterSettings
from .volumes import Volumes, authorities, limited, mount, own, shared_memory, wished

NODE_LOSS_SECONDS = 30
"""How long a pod stays bound to a node that is not ready or not reachable; the cluster's own default is 300."""
BACKSTOP_MARGIN = 300.0
"""Seconds that the cluster gives an attempt beyond its time limits: a controller that is there ends it before."""
_MOST_SECONDS = 2**31 - 1
"""The API takes no more."""
_NODE_LOSS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions"""


def step_configmap(archive: bytes, settings: ClusterSettings) -> KubeObject:
    """The immutable ConfigMap that carries ``step.pyz``; one per archive, shared by all runs."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": c.step_configmap_name(digest_of_bytes(archive)),
            "namespace": settings.namespace,
            "labels": {c.MANAGED_BY: c.PRODUCT},
        },
        "immutable": True,
        "binaryData": {c.ARCHIVE: base64.b64encode(archive).decode()},
    }


def ca_configmap(settings: ClusterSettings) -> KubeObject:
    """Return the immutable ConfigMap with the target's certificate authorities, shared by all runs."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": c.ca_configmap_name(settings.authorities),
            "namespace": settings.namespace,
            "labels": {c.MANAGED_BY: c.PRODUCT},
        },
        "immutable": True,
        "data": {c.CA_FILE: settings.authorities},
    }


def trust(settings: ClusterSettings) -> tuple[Volumes, dict[str, str]]:
    """Return the volume with the certificate authorities that the target states, and the variables that name it."""
    if not settings.authorities:
        return [], {}
    return authorities(c.ca_configmap_name(settings.authorities)), dict.fromkeys(
        c.CA_VARIABLES, f"{c.CA_FOLDER}/{c.CA_FILE}"
    )


def run_configmap(run: str, settings: ClusterSettings) -> KubeObject:
    """The ConfigMap that owns all objects of a run: deleting it deletes them."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(c.run_object_name(run), run, settings),
        "immutable": True,
        "data": {"run": run},
    }


def keys_owner(run: str, settings: ClusterSettings, *, owner: str) -> KubeObject:
    """Return the ConfigMap that owns the run's Secret.

    To delete it is the way to delete the Secret: the right to delete Secrets is one to read them (manifests/rbac.yaml).

    Args:
        run: The run's id.
        settings: The target's.
        owner: The uid of the run's ConfigMap.

    """
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            **_metadata(c.keys_owner_name(run), run, settings),
            "ownerReferences": [_owner(c.run_object_name(run), owner)],
        },
        "immutable": True,
        "data": {"run": run},
    }


def run_secret(run: str, stores: Mapping[Access, str], settings: ClusterSettings, *, owner: str) -> KubeObject:
    """Return the Secret whose files tell step pods how to reach their data; each pod mounts one of them.

    Args:
        run: The run's id.
        stores: A file's content for each access that steps of the run have.
        settings: The target's.
        owner: The uid of the ConfigMap that `keys_owner` describes.

    """
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            **_metadata(c.run_object_name(run), run, settings),
            "ownerReferences": [_owner(c.keys_owner_name(run), owner)],
        },
        "type": "Opaque",
        "data": {c.stores_key(access): base64.b64encode(told.encode()).decode() for access, told in stores.items()},
    }


def job(task: Task, settings: ClusterSettings, *, owner: str, archive: str, interpreter: str = "") -> KubeObject:
    """The Job of an attempt.

    `owner` is the uid of the run's ConfigMap, `archive` the digest of the archive,
    `interpreter` a Python in the image that goes before ``python3`` and ``python``.
    """
    labels = c.task_labels(settings.store_id, task.id)
    whole, _ = deadlines(task.time_limits)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(settings.store_id, task.id.run, task.id.key, task.id.attempt),
            "namespace": settings.namespace,
            "labels": labels,
            "annotations": {c.TASK_ANNOTATION: task.digest},
            "ownerReferences": [_owner(c.run_object_name(task.id.run), owner)],
        },
        "spec": {
            # Trying again is the controller's policy, never the cluster's.
            "backoffLimit": 0,
            # The default would start a second pod while the first one is still being deleted.
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": _DISRUPTED_IS_FAILED,
            "ttlSecondsAfterFinished": settings.keep,
            **_deadline(whole),
            "template": {
                "metadata": {"labels": labels},
                "spec": _pod(task, settings, archive=archive, interpreter=interpreter),
            },
        },
    }


def probe_pod(settings: ClusterSettings) -> KubeObject:
    """A pod shaped like a step's, to be tried on the server without being made."""
    wish = Resources()
    volumes = limited(own("runner-probe", "runner-probe", c.STORES)) + shared_memory(wish)
    container = _container("runner/probe", _variables("", ""), ("", ""), resources=wish, volumes=volumes)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "runner-probe", "namespace": settings.namespace, "labels": {c.MANAGED_BY: c.PRODUCT}},
        "spec": _pod_of(container, settings.placement, settings, volumes),
    }


def probe_job(settings: ClusterSettings) -> KubeObject:
    """A Job shaped like a step's, to be tried on the server without being made."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "runner-probe", "namespace": settings.namespace, "labels": {c.MANAGED_BY: c.PRODUCT}},
        "spec": {
            "backoffLimit": 0,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": _DISRUPTED_IS_FAILED,
            "template": {"spec": probe_pod(settings)["spec"]},
        },
    }


_DISRUPTED_IS_FAILED: KubeObject = {
    "rules": [{"action": "FailJob", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
}
"""One attempt is one pod, so that logs, records and outputs of two never mix: an evicted pod is not replaced
(``Ignore``) but fails its Job, whose condition then tells of it even when the pod's object is gone. Trying again
is a new attempt, free of charge (`StepPolicy.disruption_retries`).

https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy
"""


def _metadata(name: str, run: str, settings: ClusterSettings) -> dict[str, object]:
    return {"name": name, "namespace": settings.namespace, "labels": c.run_labels(settings.store_id, run)}


def deadlines(limits: TimeLimits) -> tuple[int, int]:
    """Return how long the cluster lets a Job, and its pod, be active when no controller ends it.

    A controller keeps to the limits themselves; these are a backstop for the time in which there is none. A pod's time
    begins when it has a node, that of a Job when it is made, and both begin anew when a suspended Job is resumed:
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup

    Returns:
        Seconds of the Job and seconds of its pod; 0: no limit, as one of the phases has none.

    """
    pod = limits.start + limits.run + BACKSTOP_MARGIN if limits.start and limits.run else 0.0
    whole = limits.queue + pod if limits.queue and pod else 0.0
    return min(math.ceil(whole), _MOST_SECONDS), min(math.ceil(pod), _MOST_SECONDS)


def _deadline(seconds: int) -> KubeObject:
    return {"activeDeadlineSeconds": seconds} if seconds else {}


def _owner(configmap: str, uid: str) -> KubeObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": configmap, "uid": uid}


def _pod(task: Task, settings: ClusterSettings, *, archive: str, interpreter: str) -> KubeObject:
    always = own(c.step_configmap_name(archive), c.run_object_name(task.id.run), c.stores_key(task.access))
    trusted, naming = trust(settings)
    volumes = limited(always + shared_memory(task.resources) + wished(task), task) + trusted
    variables = {**settings.variables, **naming, **_variables(task.id.assignment, task.digest)}
    container = _container(
        task.environment, variables, (interpreter, archive), resources=task.resources, volumes=volumes
    )
    _, active = deadlines(task.time_limits)
    return {**_pod_of(container, task.placement.over(settings.placement), settings, volumes), **_deadline(active)}


def _pod_of(container: KubeObject, place: Placement, settings: ClusterSettings, volumes: Volumes) -> KubeObject:
    optional: dict[str, object] = {
        "serviceAccountName": place.service_account,
        "nodeSelector": dict(place.node_selector),
        "imagePullSecrets": [{"name": name} for name in place.image_pull_secrets],
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": settings.grace,
        "automountServiceAccountToken": False,
        # A variable per Service of the namespace would only be noise to the script.
        "enableServiceLinks": False,
        "securityContext": identity(settings.run_as),
        "containers": [container],
        "volumes": [volume for _, volume in volumes],
        "tolerations": tolerations_of(place.tolerations),
        **{key: value for key, value in optional.items() if value},
    }


def tolerations_of(stated: tuple[Toleration, ...]) -> list[KubeObject]:
    """What is stated, and a short stay on a lost node unless something is stated about that."""
    short = [
        {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": NODE_LOSS_SECONDS}
        for taint in _NODE_LOSS
        if not any(_speaks_of(toleration, taint) for toleration in stated)
    ]
    return [*map(dict, stated), *short]


def _speaks_of(toleration: Toleration, taint: str) -> bool:
    """Whether it matches the NoExecute taint; no key is every key, no effect every effect."""
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", "NoExecute")


def identity(user: int) -> KubeObject:
    """As https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted asks."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _container(
    image: str, variables: Mapping[str, str], start: tuple[str, str], *, resources: Resources, volumes: Volumes
) -> KubeObject:
    """Render a step's container; `start`: the environment's own interpreter, or empty, and the archive's digest."""
    return {
        "name": c.CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", c.START, c.PRODUCT, *start, c.CHECK],
        "workingDir": c.WORK_FOLDER,
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "resources": _resources(resources),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        # A pod that dies before it has written its message leaves the end of its log instead.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [mount(place, volume) for place, volume in volumes],
    }


def _variables(assignment: str, digest: str) -> Mapping[str, str]:
    """What the bootstrap is told. The digest is not in the store, where another step could change it."""
    return {
        "RUNNER_ASSIGNMENT": assignment,
        "RUNNER_TASK": digest,
        "RUNNER_STORES": f"{c.SECRET_FOLDER}/{c.STORES}",
        "RUNNER_WORK": c.WORK_FOLDER,
        "HOME": f"{c.WORK_FOLDER}/home",
        "USER": c.PRODUCT,
        "TMPDIR": c.TEMPORARY_FOLDER,
        "XDG_CACHE_HOME": f"{c.WORK_FOLDER}/cache",
    }


def _resources(wish: Resources) -> KubeObject:
    limits = {
        "cpu": _limit(wish.cpu, wish.cpu_limit),
        "memory": _limit(wish.memory, wish.memory_limit),
        "nvidia.com/gpu": str(wish.gpu) if wish.gpu else "",
        "ephemeral-storage": wish.ephemeral_storage,
    }
    requests = {"cpu": wish.cpu, "memory": wish.memory, "ephemeral-storage": wish.ephemeral_storage}
    return {
        "requests": {name: request for name, request in requests.items() if request},
        "limits": {name: limit for name, limit in limits.items() if limit},
    }


def _limit(request: str, limit: str) -> str:
    """The API refuses a limit below the request; whoever raised only the request meant both."""
    return request if limit and exceeds(request, limit) else limit
