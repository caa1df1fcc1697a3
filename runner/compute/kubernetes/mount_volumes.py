"""The volumes of mounted inputs (pure)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from ...dataclass import dataclass
from ...model.delivery import MOUNTED_DATA, mount_place
from ...model.store_endpoint import BucketEndpoint
from ...model.task import InputBinding, Task
from .json_fields import KubeObject
from .mounts_config import MountsConfig

PLACEHOLDERS = ("endpoint", "bucket", "prefix", "region")
"""The facts of an input that attributes of a volume may hold."""
_PLACEHOLDER = re.compile(r"\{(" + "|".join(PLACEHOLDERS) + r")\}")


@dataclass(frozen=True)
class MountSource:
    """The bucket of a mounted input, as a node reaches it."""

    endpoint: BucketEndpoint
    secret: str
    """The name of the Secret with its keys."""


@dataclass(frozen=True)
class PodMounts:
    """The volumes of a pod's mounted inputs, and the mounts of its container."""

    volumes: tuple[KubeObject, ...] = ()
    mounts: tuple[KubeObject, ...] = ()


def mounted(task: Task) -> tuple[InputBinding, ...]:
    """Return the inputs of which the pod has mounts."""
    return tuple(binding for binding in task.inputs if binding.is_mounted)


def mounts_of(task: Task, config: MountsConfig, sources: Mapping[str, MountSource]) -> PodMounts:
    """Return a volume for each mounted input. Its files lie below ``data`` of `mount_place`.

    Args:
        task: The attempt.
        config: The mounts of the target.
        sources: The buckets of the mounted inputs, by datastore.
    """
    made = [
        _mount(f"mount-{number}", binding, config, sources[binding.ref.datastore])
        for number, binding in enumerate(mounted(task), 1)
    ]
    return PodMounts(tuple(volume for volume, _ in made), tuple(mount for _, mount in made))


def mount_secret(endpoint: BucketEndpoint, authorities: str = "") -> Mapping[str, str]:
    """Return the data of the Secret for the CSI driver, in base64.

    Args:
        endpoint: The bucket with its keys.
        authorities: Certificate authorities that the node is to trust, as PEM. Default: those of the mounter's image.
    """
    keys = endpoint.credentials
    values = {
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        "session_token": keys.session_token,
        "ca.crt": authorities,
    }
    return {name: base64.b64encode(value.encode()).decode() for name, value in values.items() if value}


def _mount(
    name: str, binding: InputBinding, config: MountsConfig, source: MountSource
) -> tuple[KubeObject, KubeObject]:
    prefix, place = _prefix(binding, source), mount_place(binding.name)
    mount = {"name": name, "mountPath": place, "readOnly": True, "mountPropagation": "HostToContainer"}
    if not config.claim:
        return {"name": name, "csi": _csi(config, source, prefix)}, mount
    claim = {"claimName": config.claim, "readOnly": True}
    part = {"subPath": prefix} if prefix else {}
    return {"name": name, "persistentVolumeClaim": claim}, {**mount, "mountPath": f"{place}/{MOUNTED_DATA}", **part}


def _prefix(binding: InputBinding, source: MountSource) -> str:
    """Return the prefix in the bucket, without slashes at its ends."""
    prefix = binding.delivery.prefix if binding.delivery is not None else ""
    return f"{source.endpoint.prefix}{prefix}".strip("/")


def _csi(config: MountsConfig, source: MountSource, prefix: str) -> dict[str, object]:
    endpoint = source.endpoint
    values = {
        "endpoint": endpoint.endpoint,
        "bucket": endpoint.bucket,
        "prefix": prefix,
        "region": endpoint.region,
    }
    attributes = {
        name: _PLACEHOLDER.sub(lambda found: values[found[1]], text) for name, text in config.attributes.items()
    }
    return {
        "driver": config.driver,
        "readOnly": True,
        "nodePublishSecretRef": {"name": source.secret},
        "volumeAttributes": attributes or values,
    }
