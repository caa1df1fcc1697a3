"""The gRPC services that the kubelet calls."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc

from ..dataclass import dataclass
from . import messages as m
from .node import Node
from .refusal import Denied, Invalid, Missing, Refusal, Unavailable, Unstated
from .volume import id_problem, target_problem, volume_of
from .wire import decode, encode

DRIVER = "mounter.runner.dev"
"""The name of the CSI driver."""
VERSION = "1.0.0"
_LOG = logging.getLogger("mounter")
_CODES: Mapping[type[Refusal], grpc.StatusCode] = {
    Invalid: grpc.StatusCode.INVALID_ARGUMENT,
    Unstated: grpc.StatusCode.FAILED_PRECONDITION,
    Denied: grpc.StatusCode.PERMISSION_DENIED,
    Missing: grpc.StatusCode.NOT_FOUND,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
}
Request = TypeVar("Request")
Call = Callable[[Any], object]


@dataclass(frozen=True, kw_only=True)
class PluginSettings:
    """Settings of the plugin."""

    node: str
    """The name of its node."""
    kubelet: str = "/var/lib/kubelet"
    """The folder of the kubelet."""
    driver: str = DRIVER
    """The name under which it registers."""
    endpoints: Collection[str] = ()
    """The endpoints that volumes may name. Empty: none, so every mount is refused."""
    registered: Path = Path("/tmp/registered")  # noqa: S108 - of the container, read by its readiness probe
    """A file that exists while the kubelet knows the plugin."""

    @property
    def socket(self) -> Path:
        """The socket of the CSI services."""
        return Path(self.kubelet, "plugins", self.driver, "csi.sock")

    @property
    def registration(self) -> Path:
        """The socket of the registration, which the kubelet looks for."""
        return Path(self.kubelet, "plugins_registry", f"{self.driver}-reg.sock")


def csi_handlers(node: Node, settings: PluginSettings) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return CSI's Identity and Node services."""
    identity: Mapping[str, tuple[type, Call]] = {
        "GetPluginInfo": (m.Nothing, lambda _: m.PluginInfo(settings.driver, VERSION)),
        "GetPluginCapabilities": (m.Nothing, lambda _: m.Capabilities()),
        "Probe": (m.Nothing, lambda _: m.ProbeResponse(m.Boolean(True))),  # noqa: FBT003 - the message is the boolean
    }

    def publish(request: m.PublishRequest) -> m.Nothing:
        _check(id_problem(request.volume_id), target_problem(request.target_path, settings.kubelet))
        volume, keys = volume_of(request, settings.endpoints)
        node.publish(request.volume_id, request.target_path, volume, keys)
        return m.Nothing()

    def unpublish(request: m.UnpublishRequest) -> m.Nothing:
        _check(id_problem(request.volume_id), target_problem(request.target_path, settings.kubelet))
        node.unpublish(request.volume_id, request.target_path)
        return m.Nothing()

    of_node: Mapping[str, tuple[type, Call]] = {
        "NodeGetInfo": (m.Nothing, lambda _: m.NodeInfo(settings.node)),
        "NodeGetCapabilities": (m.Nothing, lambda _: m.Capabilities()),
        "NodePublishVolume": (m.PublishRequest, publish),
        "NodeUnpublishVolume": (m.UnpublishRequest, unpublish),
    }
    return _service("csi.v1.Identity", identity), _service("csi.v1.Node", of_node)


def registration_handler(settings: PluginSettings) -> grpc.GenericRpcHandler:
    """Return the service by which the kubelet learns of the plugin.

    https://kubernetes.io/docs/concepts/extend-kubernetes/compute-storage-net/device-plugins/ has the same way.
    """

    def notify(status: m.RegistrationStatus) -> m.Nothing:
        if status.plugin_registered:
            settings.registered.touch()
            _LOG.info("registered with the kubelet of %s", settings.node)
        else:
            settings.registered.unlink(missing_ok=True)
            _LOG.error("the kubelet did not register the plugin: %s", status.error)
        return m.Nothing()

    info = m.RegisteredPlugin("CSIPlugin", settings.driver, str(settings.socket), (VERSION,))
    calls: Mapping[str, tuple[type, Call]] = {
        "GetInfo": (m.Nothing, lambda _: info),
        "NotifyRegistrationStatus": (m.RegistrationStatus, notify),
    }
    return _service("pluginregistration.Registration", calls)


def _service(name: str, calls: Mapping[str, tuple[type, Call]]) -> grpc.GenericRpcHandler:
    handlers = {
        method: grpc.unary_unary_rpc_method_handler(
            _answering(method, call), request_deserializer=_reader(kind), response_serializer=encode
        )
        for method, (kind, call) in calls.items()
    }
    return cast("grpc.GenericRpcHandler", grpc.method_handlers_generic_handler(name, handlers))


def _reader(kind: type) -> Callable[[bytes], object]:
    return lambda data: decode(kind, data)


def _answering(method: str, call: Call) -> Callable[[object, Any], object]:
    def answer(request: object, context: Any) -> object:  # noqa: ANN401 - grpc has no types
        try:
            return call(request)
        except Refusal as error:
            _LOG.warning("%s: %s", method, error)
            context.abort(_CODES[type(error)], str(error))
        except Exception:  # noqa: BLE001 - logged, and told without its text
            # Its text may hold what a Secret holds, and gRPC would send it to the pod's events.
            _LOG.exception("%s failed", method)
            context.abort(grpc.StatusCode.INTERNAL, f"{method} failed; the log of the mounter's pod says why")
        raise AssertionError("abort raises")

    return answer


def _check(*problems: str) -> None:
    found = [problem for problem in problems if problem]
    if found:
        raise Invalid("; ".join(found))
