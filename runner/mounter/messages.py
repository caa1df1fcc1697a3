"""The messages of CSI's Identity and Node services, and of the kubelet's plugin registration, that are used here.

Field numbers: csi.proto of the CSI specification v1.11.0, and pluginregistration/v1/api.proto of the kubelet v0.34.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dataclass import dataclass, field
from .wire import at

_SECRETS = 7


def _at(number: int, default: object = "", message: type | None = None) -> Any:  # noqa: ANN401 - as dataclasses.field
    return at(number, default, message=message)


@dataclass(frozen=True)
class Nothing:
    """A message without fields that matter."""


@dataclass(frozen=True)
class PluginInfo:
    """csi.v1.GetPluginInfoResponse."""

    name: str = _at(1)
    vendor_version: str = _at(2)


@dataclass(frozen=True)
class Capabilities:
    """csi.v1.GetPluginCapabilitiesResponse and NodeGetCapabilitiesResponse: none."""


@dataclass(frozen=True)
class Boolean:
    """google.protobuf.BoolValue."""

    value: bool = _at(1, default=False)


@dataclass(frozen=True)
class ProbeResponse:
    """csi.v1.ProbeResponse."""

    ready: Boolean | None = _at(1, None, Boolean)


@dataclass(frozen=True)
class NodeInfo:
    """csi.v1.NodeGetInfoResponse."""

    node_id: str = _at(1)


@dataclass(frozen=True)
class MountVolume:
    """csi.v1.VolumeCapability.MountVolume."""

    fs_type: str = _at(1)
    mount_flags: tuple[str, ...] = _at(2, ())


@dataclass(frozen=True)
class VolumeCapability:
    """csi.v1.VolumeCapability."""

    mount: MountVolume | None = _at(2, None, MountVolume)


@dataclass(frozen=True, kw_only=True)
class PublishRequest:
    """csi.v1.NodePublishVolumeRequest."""

    volume_id: str = _at(1)
    target_path: str = _at(4)
    volume_capability: VolumeCapability | None = _at(5, None, VolumeCapability)
    readonly: bool = _at(6, default=False)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False, metadata={"number": _SECRETS, "message": None})
    volume_context: Mapping[str, str] = _at(8, {})


@dataclass(frozen=True)
class UnpublishRequest:
    """csi.v1.NodeUnpublishVolumeRequest."""

    volume_id: str = _at(1)
    target_path: str = _at(2)


@dataclass(frozen=True)
class RegisteredPlugin:
    """pluginregistration.PluginInfo."""

    type: str = _at(1)
    name: str = _at(2)
    endpoint: str = _at(3)
    supported_versions: tuple[str, ...] = _at(4, ())


@dataclass(frozen=True)
class RegistrationStatus:
    """pluginregistration.RegistrationStatus."""

    plugin_registered: bool = _at(1, default=False)
    error: str = _at(2)
