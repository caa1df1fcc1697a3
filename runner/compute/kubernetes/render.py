"""From tasks to Kubernetes objects: pure, and of a size that does not grow with a step's inputs."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from ...model.names import job_name
from ...model.quantity import exceeds
from ...model.resources import Resources
from ...model.task import Task
from . import contract as c
from .fields import KubeObject
from .settings import ClusterSettings

_READY_MADE = (c.TEMPORARY_FOLDER, c.WORK_FOLDER, c.SHARED_MEMORY)
"""Places that are writable without a volume of their own."""


def step_configmap(archive: bytes, settings: ClusterSettings) -> KubeObject:
    """The immutable ConfigMap that carries ``step.pyz``; one per archive, shared by all runs."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": c.step_configmap_name(archive),
            "namespace": settings.namespace,
            "labels": {c.MANAGED_BY: c.PRODUCT},
        },
        "immutable": True,
        "binaryData": {c.ARCHIVE: base64.b64encode(archive).decode()},
    }


def run_configmap(run: str, settings: ClusterSettings) -> KubeObject:
    """The ConfigMap that owns all objects of a run: deleting it deletes them."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": c.run_object_name(run),
            "namespace": settings.namespace,
            "labels": c.run_labels(settings.store_id, run),
        },
        "immutable": True,
        "data": {"run": run},
    }


def run_secret(run: str, stores: str, settings: ClusterSettings, *, owner: str) -> KubeObject:
    """The Secret whose file tells step pods how to reach their data; `owner`: the run ConfigMap's uid."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": c.run_object_name(run),
            "namespace": settings.namespace,
            "labels": c.run_labels(settings.store_id, run),
            "ownerReferences": [_owner(run, owner)],
        },
        "type": "Opaque",
        "data": {c.STORES: base64.b64encode(stores.encode()).decode()},
    }


def job(task: Task, settings: ClusterSettings, *, owner: str, step_configmap: str, interpreter: str = "") -> KubeObject:
    """The Job of an attempt.

    `owner` is the uid of the run's ConfigMap, `step_configmap` the name of the one with the archive,
    `interpreter` a Python in the image that goes before ``python3`` and ``python``.
    """
    labels = c.task_labels(settings.store_id, task.id)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(settings.store_id, task.id.run, task.id.key, task.id.attempt),
            "namespace": settings.namespace,
            "labels": labels,
            "annotations": {c.TASK_ANNOTATION: task.digest},
            "ownerReferences": [_owner(task.id.run, owner)],
        },
        "spec": {
            # Trying again is the controller's policy, never the cluster's.
            "backoffLimit": 0,
            # The default would start a second pod while the first one is still being deleted.
            "podReplacementPolicy": "Failed",
            "ttlSecondsAfterFinished": settings.keep,
            "template": {
                "metadata": {"labels": labels},
                "spec": _pod(task, settings, step_configmap=step_configmap, interpreter=interpreter),
            },
        },
    }


def probe_pod(settings: ClusterSettings) -> KubeObject:
    """A pod shaped like a step's, to be tried on the server without being made."""
    wish = Resources()
    volumes = _own_volumes("runner-probe", "runner-probe") + _shared_memory(wish)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "runner-probe", "namespace": settings.namespace, "labels": {c.MANAGED_BY: c.PRODUCT}},
        "spec": _pod_of(_container("runner/probe", "", "", resources=wish, volumes=volumes), settings, volumes),
    }


def probe_job(settings: ClusterSettings) -> KubeObject:
    """A Job shaped like a step's, to be tried on the server without being made."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "runner-probe", "namespace": settings.namespace, "labels": {c.MANAGED_BY: c.PRODUCT}},
        "spec": {"backoffLimit": 0, "template": {"spec": probe_pod(settings)["spec"]}},
    }


_Volumes = list[tuple[str, dict[str, object]]]
"""Where each volume is mounted, and what it is."""


def _owner(run: str, uid: str) -> KubeObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": c.run_object_name(run), "uid": uid}


def _pod(task: Task, settings: ClusterSettings, *, step_configmap: str, interpreter: str) -> KubeObject:
    own = _own_volumes(step_configmap, c.run_object_name(task.id.run))
    volumes = own + _shared_memory(task.resources) + _wished_volumes(task)
    container = _container(task.environment, task.id.assignment, interpreter, resources=task.resources, volumes=volumes)
    return _pod_of(container, settings, volumes)


def _pod_of(container: KubeObject, settings: ClusterSettings, volumes: _Volumes) -> KubeObject:
    optional: dict[str, object] = {
        "serviceAccountName": settings.service_account,
        "nodeSelector": dict(settings.node_selector),
        "tolerations": [dict(toleration) for toleration in settings.tolerations],
        "imagePullSecrets": [{"name": name} for name in settings.image_pull_secrets],
    }
    return {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": settings.grace,
        "automountServiceAccountToken": False,
        # A variable per Service of the namespace would only be noise to the script.
        "enableServiceLinks": False,
        "securityContext": _identity(settings.run_as),
        "containers": [container],
        "volumes": [volume for _, volume in volumes],
        **{key: value for key, value in optional.items() if value},
    }


def _identity(user: int) -> KubeObject:
    """As https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted asks."""
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def _container(image: str, assignment: str, interpreter: str, *, resources: Resources, volumes: _Volumes) -> KubeObject:
    return {
        "name": c.CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", c.START, c.PRODUCT, interpreter],
        "workingDir": c.WORK_FOLDER,
        "env": [{"name": name, "value": value} for name, value in _variables(assignment).items()],
        "resources": _resources(resources),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        # A pod that dies before it has written its message leaves the end of its log instead.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [_mount(place, volume) for place, volume in volumes],
    }


def _variables(assignment: str) -> Mapping[str, str]:
    return {
        "RUNNER_ASSIGNMENT": assignment,
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
    }
    return {
        "requests": {"cpu": wish.cpu, "memory": wish.memory},
        "limits": {name: limit for name, limit in limits.items() if limit},
    }


def _limit(request: str, limit: str) -> str:
    """The API refuses a limit below the request; whoever raised only the request meant both."""
    return request if limit and exceeds(request, limit) else limit


def _own_volumes(step_configmap: str, secret: str) -> _Volumes:
    return [
        (c.STEP_FOLDER, {"name": "step", "configMap": {"name": step_configmap}}),
        (c.SECRET_FOLDER, {"name": "secret", "secret": {"secretName": secret, "defaultMode": 0o400}}),
        (c.WORK_FOLDER, {"name": "work", "emptyDir": {}}),
        (c.TEMPORARY_FOLDER, {"name": "temporary", "emptyDir": {}}),
    ]


def _shared_memory(wish: Resources) -> _Volumes:
    """The container's own has 64 MiB, too little for the workers of a data loader.

    Its size is reserved nowhere; what is in it counts toward the container's memory limit, and the kubelet makes it no
    larger than that: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
    """
    if not wish.shared_memory:
        return []
    volume = {"medium": "Memory", "sizeLimit": wish.shared_memory}
    return [(c.SHARED_MEMORY, {"name": "shared-memory", "emptyDir": volume})]


def _wished_volumes(task: Task) -> _Volumes:
    wished = {one.path_on_compute for one in task.inputs} | {one.path_on_compute for one in task.outputs}
    places = sorted(
        place for place in {path.rstrip("/") for path in wished} if place.startswith("/") and not _is_ready_made(place)
    )
    return [(place, {"name": f"wished-{i}", "emptyDir": {}}) for i, place in enumerate(places, 1)]


def _is_ready_made(place: str) -> bool:
    return any(place == ready or place.startswith(f"{ready}/") for ready in _READY_MADE)


def _mount(place: str, volume: KubeObject) -> KubeObject:
    mount = {"name": volume["name"], "mountPath": place}
    return {**mount, "readOnly": True} if place in (c.STEP_FOLDER, c.SECRET_FOLDER) else mount
