"""The volumes of a step's pod."""

from __future__ import annotations

from ...model.quantity import in_bytes
from ...model.resources import Resources
from ...model.task import Task
from . import contract as c
from .fields import KubeObject

Volumes = list[tuple[str, dict[str, object]]]
"""Where each volume is mounted, and what it is."""
ROOM = 256 << 30
"""Bytes that a folder of a step which says nothing of its disk may hold beside its inputs."""
_READY_MADE = (c.TEMPORARY_FOLDER, c.WORK_FOLDER, c.SHARED_MEMORY)
"""Places that are writable without a volume of their own."""


def own(step_configmap: str, secret: str, key: str) -> Volumes:
    """What every step has: our code, its keys, and room to work.

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


def shared_memory(wish: Resources) -> Volumes:
    """The container's own has 64 MiB, too little for the workers of a data loader.

    Its size is reserved nowhere; what is in it counts toward the container's memory limit, and the kubelet makes it no
    larger than that: https://kubernetes.io/docs/concepts/storage/volumes/#emptydir
    """
    if not wish.shared_memory:
        return []
    volume = {"medium": "Memory", "sizeLimit": wish.shared_memory}
    return [(c.SHARED_MEMORY, {"name": "shared-memory", "emptyDir": volume})]


def wished(task: Task) -> Volumes:
    """An empty folder at every absolute path that an input or output is to have."""
    named = {one.path_on_compute for one in task.inputs} | {one.path_on_compute for one in task.outputs}
    places = sorted(
        place for place in {path.rstrip("/") for path in named} if place.startswith("/") and not _is_ready_made(place)
    )
    return [(place, {"name": f"wished-{i}", "emptyDir": {}}) for i, place in enumerate(places, 1)]


def limited(volumes: Volumes, task: Task | None = None) -> Volumes:
    """Give each emptyDir on the node's disk a size limit: a pod that fills more is evicted, not its neighbours.

    The limit is the disk that the step asks for (``ephemeral_storage``), of which all its folders together have no
    more. Without a word it is `ROOM` and three times the step's inputs: room for a copy of them, for what is made of
    them, and for as much again.
    """
    size = task.resources.ephemeral_storage if task else ""
    size = size or in_bytes(ROOM + 3 * sum(one.ref.bytes for one in task.inputs) if task else ROOM)
    return [(place, _limited(volume, size)) for place, volume in volumes]


def _limited(volume: dict[str, object], size: str) -> dict[str, object]:
    return {**volume, "emptyDir": {"sizeLimit": size}} if volume.get("emptyDir") == {} else volume


def _is_ready_made(place: str) -> bool:
    return any(place == ready or place.startswith(f"{ready}/") for ready in _READY_MADE)


def mount(place: str, volume: KubeObject) -> KubeObject:
    """The container's side of a volume."""
    told = {"name": volume["name"], "mountPath": place}
    return {**told, "readOnly": True} if place in (c.STEP_FOLDER, c.SECRET_FOLDER, c.CA_FOLDER) else told
