"""The volumes of a step's pod."""

from __future__ import annotations

from ...model.quantity import in_bytes
from ...model.resources import Resources
from ...model.task import Task
from . import conventions as c
from .json_fields import KubeObject

Volumes = list[tuple[str, dict[str, object]]]
"""Volumes with their mount paths."""
DEFAULT_DISK = 256 << 30
"""Bytes that a folder may hold beside its inputs, if the step states no ``ephemeral_storage``."""
_WRITABLE = (c.TEMPORARY_FOLDER, c.WORK_FOLDER, c.SHARED_MEMORY)
"""Paths that are writable without a volume of their own."""
_READ_ONLY = (c.STEP_FOLDER, c.SECRET_FOLDER, c.CA_FOLDER, c.GANG_FOLDER)


def base_volumes(step_configmap: str, secret: str, key: str) -> Volumes:
    """Return the volumes of every step: our code, its keys, and space for work.

    Args:
        step_configmap: The name of the ConfigMap with our code.
        secret: The name of the run's Secret.
        key: The one key of that Secret whose file the step gets.
    """
    keys = {"secretName": secret, "defaultMode": 0o400, "items": [{"key": key, "path": c.STORES}]}
    return [
        (c.STEP_FOLDER, {"name": "step", "configMap": {"name": step_configmap}}),
        (c.SECRET_FOLDER, {"name": "secret", "secret": keys}),
        (c.WORK_FOLDER, {"name": "work", "emptyDir": {}}),
        (c.TEMPORARY_FOLDER, {"name": "temporary", "emptyDir": {}}),
    ]


def authorities(configmap: str) -> Volumes:
    """Return the volume with the certificate authorities of that ConfigMap."""
    return [(c.CA_FOLDER, {"name": "ca", "configMap": {"name": configmap}})]


def gang_token(secret: str) -> Volumes:
    """Return the volume with the token of a gang, from the Secret of that name."""
    source = {"secretName": secret, "defaultMode": 0o400}
    return [(c.GANG_FOLDER, {"name": "gang", "secret": source})]


def shared_memory(resources: Resources) -> Volumes:
    """Return a volume for shared memory. The container's own has 64 MiB, too little for the workers of a data loader.

    Nothing reserves its size. Its content counts toward the container's memory limit, and the kubelet makes it no
    larger than that: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
    """
    if not resources.shared_memory:
        return []
    volume = {"medium": "Memory", "sizeLimit": resources.shared_memory}
    return [(c.SHARED_MEMORY, {"name": "shared-memory", "emptyDir": volume})]


def path_volumes(task: Task) -> Volumes:
    """Return an empty folder for every absolute path that an input or output states."""
    named = {one.path_on_compute for one in task.inputs} | {one.path_on_compute for one in task.outputs}
    places = sorted(
        place for place in {path.rstrip("/") for path in named} if place.startswith("/") and not _is_writable(place)
    )
    return [(place, {"name": f"path-{i}", "emptyDir": {}}) for i, place in enumerate(places, 1)]


def limited(volumes: Volumes, task: Task | None = None) -> Volumes:
    """Give each emptyDir on the node's disk a size limit, so that a pod that fills it is evicted, not its neighbours.

    The limit is the step's ``ephemeral_storage``, which also limits all its folders together. Default: `DEFAULT_DISK`
    plus three times the step's inputs: for a copy of them, for what is made of them, and for as much again.
    """
    size = task.resources.ephemeral_storage if task else ""
    size = size or in_bytes(DEFAULT_DISK + 3 * sum(one.ref.bytes for one in task.inputs) if task else DEFAULT_DISK)
    return [(place, _limited(volume, size)) for place, volume in volumes]


def _limited(volume: dict[str, object], size: str) -> dict[str, object]:
    return {**volume, "emptyDir": {"sizeLimit": size}} if volume.get("emptyDir") == {} else volume


def _is_writable(place: str) -> bool:
    return any(place == ready or place.startswith(f"{ready}/") for ready in _WRITABLE)


def mount(place: str, volume: KubeObject) -> KubeObject:
    """Return the volume mount of the container."""
    mounted = {"name": volume["name"], "mountPath": place}
    return {**mounted, "readOnly": True} if place in _READ_ONLY else mounted
