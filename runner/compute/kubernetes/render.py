"""Translation of tasks to Kubernetes objects (pure). Their size does not depend on the number of a step's inputs."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping
from typing import cast

from ...model.access import Access
from ...model.digest import digest_of_bytes
from ...model.names import job_name
from ...model.placement import Placement, Toleration
from ...model.quantity import exceeds
from ...model.resources import Resources
from ...model.task import Task, TimeLimits
from . import conventions as c
from . import job_rules
from .json_fields import KubeObject
from .mount_volumes import PodMounts
from .node_cache import cache_variables, cache_volumes
from .settings import ClusterSettings
from .volumes import Volumes, authorities, base_volumes, limited, mount, path_volumes, shared_memory

NODE_LOSS_SECONDS = 30
"""Seconds for which a pod stays bound to a node that is not ready or unreachable. The cluster's own default is 300."""
BACKSTOP_MARGIN = 300.0
"""Seconds beyond an attempt's time limits after which the cluster ends it, if no controller has."""
_MOST_SECONDS = 2**31 - 1
"""The largest value of the API."""
_NODE_LOSS = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
"""https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions"""


def step_configmap(archive: bytes, settings: ClusterSettings) -> KubeObject:
    """Return the immutable ConfigMap with ``step.pyz``. All runs share it.

    Its name and the digest in a Job are those of the archive itself, which is equal on every machine.
    """
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": c.step_configmap_name(digest_of_bytes(archive)),
            "namespace": settings.namespace,
            "labels": {c.MANAGED_BY: c.PRODUCT},
        },
        "immutable": True,
        "binaryData": {c.COMPRESSED_ARCHIVE: base64.b64encode(zlib.compress(archive, 9)).decode()},
    }


def holds_same(there: KubeObject | None, wanted: KubeObject) -> bool:
    """Return True if two ConfigMaps hold the same content. Versions of zlib compress it to different bytes."""
    if there is None:
        return False
    if there.get("binaryData") != wanted.get("binaryData") and _unpacked(there) != _unpacked(wanted):
        return False
    return all(there.get(part) == wanted.get(part) for part in ("immutable", "data"))


def _unpacked(configmap: KubeObject) -> Mapping[str, bytes] | None:
    """Return the binary data decompressed; None for data that are not compressed."""
    try:
        held = cast("Mapping[str, str]", configmap.get("binaryData") or {})
        return {name: zlib.decompress(base64.b64decode(value)) for name, value in held.items()}
    except (ValueError, zlib.error):
        return None


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


def ca_trust(settings: ClusterSettings) -> tuple[Volumes, dict[str, str]]:
    """Return the volume with the certificate authorities that the target states, and the variables that name it."""
    if not settings.authorities:
        return [], {}
    return authorities(c.ca_configmap_name(settings.authorities)), dict.fromkeys(
        c.CA_VARIABLES, f"{c.CA_FOLDER}/{c.CA_FILE}"
    )


def run_configmap(run: str, settings: ClusterSettings) -> KubeObject:
    """Return the ConfigMap that owns all objects of a run. Its deletion deletes them."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": _metadata(c.run_object_name(run), run, settings),
        "immutable": True,
        "data": {"run": run},
    }


def keys_owner(run: str, settings: ClusterSettings, *, owner: str) -> KubeObject:
    """Return the ConfigMap that owns the run's Secret.

    The Secret is deleted through its owner, because a right to delete Secrets is a right to read them
    (manifests/rbac.yaml).

    Args:
        run: The run's ID.
        settings: The settings of the target.
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
    """Return the Secret with the store settings and keys for step pods. Each pod mounts one of its files.

    Args:
        run: The run's ID.
        stores: The content of the file for each access that steps of the run have.
        settings: The settings of the target.
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
        "data": {
            c.stores_key(access): base64.b64encode(content.encode()).decode() for access, content in stores.items()
        },
    }


def job(
    task: Task,
    settings: ClusterSettings,
    *,
    owner: str,
    archive: str,
    interpreter: str = "",
    mounts: PodMounts | None = None,
    secret: str = "",
) -> KubeObject:
    """Return the Job of an attempt.

    Args:
        task: The attempt.
        settings: The settings of the target.
        owner: The uid of the run's ConfigMap.
        archive: The digest of the archive with our code.
        interpreter: A Python in the image that is preferred to ``python3`` and ``python``. Empty: none.
        mounts: The volumes of its mounted inputs. Default: none.
        secret: The name of its own Secret. Default: empty, it gets a file of the run's.
    """
    whole = _pod(task, settings, archive=archive, interpreter=interpreter, secret=secret)
    pod = _with_mounts(whole, mounts or PodMounts())
    labels = {**c.task_labels(settings.store_id, task.id), **job_rules.labels(task.workers)}
    job_seconds, _ = deadlines(task.time_limits)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": job_name(settings.store_id, task.id.run, task.id.key, task.id.attempt),
            "namespace": settings.namespace,
            "labels": {**labels, **job_rules.queue_labels(settings)},
            "annotations": {c.TASK_ANNOTATION: task.digest},
            "ownerReferences": [_owner(c.run_object_name(task.id.run), owner)],
        },
        "spec": {
            **job_rules.rules(task.workers),
            "ttlSecondsAfterFinished": settings.keep,
            **_deadline(job_seconds),
            "template": {
                "metadata": {"labels": labels},
                "spec": pod,
            },
        },
    }


def probe_pod(settings: ClusterSettings) -> KubeObject:
    """Return a pod like a step's, for a dry run."""
    resources = Resources()
    volumes = limited(base_volumes("runner-probe", "runner-probe", c.STORES)) + shared_memory(resources)
    container = _container("runner/probe", _variables("", ""), ("", ""), resources=resources, volumes=volumes)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "runner-probe", "namespace": settings.namespace, "labels": {c.MANAGED_BY: c.PRODUCT}},
        "spec": _pod_of(container, settings.placement, settings, volumes),
    }


def probe_job(settings: ClusterSettings) -> KubeObject:
    """Return a Job like a step's, for a dry run."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "runner-probe", "namespace": settings.namespace, "labels": {c.MANAGED_BY: c.PRODUCT}},
        "spec": {**job_rules.rules(None), "template": {"spec": probe_pod(settings)["spec"]}},
    }


def _metadata(name: str, run: str, settings: ClusterSettings) -> dict[str, object]:
    return {"name": name, "namespace": settings.namespace, "labels": c.run_labels(settings.store_id, run)}


def deadlines(limits: TimeLimits) -> tuple[int, int]:
    """Return the active deadlines of a Job and its pod, which end them if no controller does.

    A controller applies the time limits themselves. A pod's deadline counts from its start on a node, a Job's from
    its creation. Both start again when a suspended Job is resumed:
    https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup

    Returns:
        Seconds for the Job and seconds for its pod; 0: no limit, because one of the phases has none.
    """
    pod = limits.start + limits.run + BACKSTOP_MARGIN if limits.start and limits.run else 0.0
    job_seconds = limits.queue + pod if limits.queue and pod else 0.0
    return min(math.ceil(job_seconds), _MOST_SECONDS), min(math.ceil(pod), _MOST_SECONDS)


def _deadline(seconds: int) -> KubeObject:
    return {"activeDeadlineSeconds": seconds} if seconds else {}


def _owner(configmap: str, uid: str) -> KubeObject:
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": configmap, "uid": uid}


def _pod(task: Task, settings: ClusterSettings, *, archive: str, interpreter: str, secret: str) -> KubeObject:
    file = (secret, c.STORES) if secret else (c.run_object_name(task.id.run), c.stores_key(task.access))
    always = base_volumes(c.step_configmap_name(archive), *file)
    trusted, naming = ca_trust(settings)
    volumes = limited(always + shared_memory(task.resources) + path_volumes(task), task) + trusted
    volumes += cache_volumes(settings.node_cache) + job_rules.volumes(task, settings)
    variables = {**settings.variables, **naming, **_variables(task.id.assignment, task.digest)}
    variables.update({**cache_variables(settings.node_cache), **job_rules.variables(task, settings)})
    container = _container(
        task.environment, variables, (interpreter, archive), resources=task.resources, volumes=volumes
    )
    _, active = deadlines(task.time_limits)
    pod = _pod_of(container, task.placement.over(settings.placement), settings, volumes)
    return {**pod, **job_rules.pod_fields(task, settings), **_deadline(active)}


def _with_mounts(pod: KubeObject, mounts: PodMounts) -> KubeObject:
    volumes, (container,) = cast("list[KubeObject]", pod["volumes"]), cast("list[KubeObject]", pod["containers"])
    of_container = [*cast("list[KubeObject]", container["volumeMounts"]), *mounts.mounts]
    return {
        **pod,
        "volumes": [*volumes, *mounts.volumes],
        "containers": [{**container, "volumeMounts": of_container}],
    }


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
        # A variable per Service of the namespace would only clutter the script's environment.
        "enableServiceLinks": False,
        "securityContext": security_context(settings.run_as),
        "containers": [container],
        "volumes": [volume for _, volume in volumes],
        "tolerations": tolerations_of(place.tolerations),
        **{key: value for key, value in optional.items() if value},
    }


def tolerations_of(overrides: tuple[Toleration, ...]) -> list[KubeObject]:
    """Return the stated tolerations, and a short one for each taint of a lost node that none of them matches."""
    short = [
        {"key": taint, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": NODE_LOSS_SECONDS}
        for taint in _NODE_LOSS
        if not any(_matches(toleration, taint) for toleration in overrides)
    ]
    return [*map(dict, overrides), *short]


def _matches(toleration: Toleration, taint: str) -> bool:
    """Return True if it matches the NoExecute taint. No key matches every key, no effect every effect."""
    return toleration.get("key", "") in ("", taint) and toleration.get("effect", "") in ("", "NoExecute")


def security_context(user: int) -> KubeObject:
    """Return a security context of the standard "restricted".

    https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    """
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
    """Return a step's container. `start`: the environment's interpreter, or empty, and the archive's digest."""
    return {
        "name": c.CONTAINER,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-c", c.START, c.PRODUCT, *start, c.CHECK],
        "workingDir": c.WORK_FOLDER,
        "env": [{"name": name, "value": value} for name, value in variables.items()],
        "resources": _resources(resources),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        # A pod that dies before it writes its message leaves the end of its log instead.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [mount(place, volume) for place, volume in volumes],
    }


def _variables(assignment: str, digest: str) -> Mapping[str, str]:
    """Return the bootstrap's variables. The digest is not in the store, where another step could change it."""
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


def _resources(resources: Resources) -> KubeObject:
    limits = {
        "cpu": _limit(resources.cpu, resources.cpu_limit),
        "memory": _limit(resources.memory, resources.memory_limit),
        "nvidia.com/gpu": str(resources.gpu) if resources.gpu else "",
        "ephemeral-storage": resources.ephemeral_storage,
    }
    requests = {"cpu": resources.cpu, "memory": resources.memory, "ephemeral-storage": resources.ephemeral_storage}
    return {
        "requests": {name: request for name, request in requests.items() if request},
        "limits": {name: limit for name, limit in limits.items() if limit},
    }


def _limit(request: str, limit: str) -> str:
    """Return the limit, at least the request: the API refuses a lower one.

    A user who raises only the request means both.
    """
    return request if limit and exceeds(request, limit) else limit
