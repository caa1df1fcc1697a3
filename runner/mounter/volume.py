"""Limits on the wishes of a volume (pure)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from ..dataclass import dataclass, field
from ..model.credentials import Credentials
from .messages import PublishRequest
from .refusal import Invalid, Unstated

ATTRIBUTES = ("endpoint", "bucket", "prefix", "region")
"""The attributes that a volume may state."""
_OF_KUBELET = "csi.storage.k8s.io/"
"""The prefix of the attributes that the kubelet adds: https://kubernetes-csi.github.io/docs/pod-info.html"""
_EPHEMERAL = f"{_OF_KUBELET}ephemeral"
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]")
_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST_PREFIX = 1024
"""Bytes of the longest key of S3."""
_LONGEST_KEY = 4096
_LONGEST_AUTHORITIES = 1 << 20
"""Bytes of the largest Secret."""


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A read-only view of the keys below a prefix."""

    endpoint: str
    bucket: str
    prefix: str = ""
    """The prefix without slashes at its ends. Empty: the whole bucket."""
    region: str = "us-east-1"
    authorities: str = field(default="", repr=False)
    """Certificate authorities as PEM. Empty: those of the image."""

    @property
    def shown(self) -> str:
        """The place, for messages."""
        return f"{self.endpoint}/{self.bucket}/{self.prefix}"


def volume_of(request: PublishRequest, endpoints: Collection[str]) -> tuple[Volume, Credentials]:
    """Return the volume that a pod asks for, and its keys.

    Args:
        request: The request of the kubelet.
        endpoints: The endpoints that the administrator has stated. Others are refused, because a server may redirect
            rclone to whatever the node reaches: ports of the node itself, or the metadata service of a cloud.

    Raises:
        Invalid: The request asks for what no volume may have. It names every fault.
        Unstated: The endpoint alone is at fault, because it is not among the stated ones.
    """
    stated = {key: value for key, value in request.volume_context.items() if not key.startswith(_OF_KUBELET)}
    problems = [
        *_problems_of_request(request),
        *(f"unknown attribute {name!r}" for name in sorted(set(stated) - set(ATTRIBUTES))),
        *_problems_of_place(stated),
        *_problems_of_secret(request.secrets),
    ]
    unstated = _unstated(stated.get("endpoint", ""), endpoints)
    if problems:
        raise Invalid("; ".join(filter(None, [*problems, unstated])))
    if unstated:
        raise Unstated(unstated)
    secrets = request.secrets
    volume = Volume(
        endpoint=stated["endpoint"].rstrip("/"),
        bucket=stated["bucket"],
        prefix=stated.get("prefix", "").strip("/"),
        region=stated.get("region") or "us-east-1",
        authorities=secrets.get("ca.crt", ""),
    )
    return volume, Credentials(secrets["access_key"], secrets["secret_key"], secrets.get("session_token", ""))


def target_problem(target: str, kubelet: str) -> str:
    """Return what is wrong with the path at which a volume is to appear. Empty: nothing."""
    if _CONTROL.search(target) or posixpath.normpath(target) != target:
        return f"the target path {target!r} is not plain"
    if not target.startswith(f"{kubelet}/pods/"):
        return f"the target path {target!r} is not in a pod's folder"
    return ""


def id_problem(volume_id: str) -> str:
    """Return what is wrong with a volume's ID. Empty: nothing."""
    return "" if _ID.fullmatch(volume_id) else f"the volume's ID {volume_id[:140]!r} is not plain"


def _problems_of_request(request: PublishRequest) -> list[str]:
    capability = request.volume_capability
    return [
        problem
        for problem in (
            "" if request.volume_context.get(_EPHEMERAL) == "true" else "only ephemeral inline volumes are served",
            "" if request.readonly else "the volume must say readOnly: true",
            "" if capability is None or capability.mount is not None else "a block volume cannot be had",
            "mount flags are not allowed"
            if capability is not None and capability.mount and capability.mount.mount_flags
            else "",
        )
        if problem
    ]


def _problems_of_place(stated: Mapping[str, str]) -> list[str]:
    found = [_endpoint_problem(stated.get("endpoint", ""))]
    if not _BUCKET.fullmatch(stated.get("bucket", "")) or ".." in stated.get("bucket", ""):
        found.append("attribute 'bucket' is not the name of a bucket")
    if stated.get("region") and not _REGION.fullmatch(stated["region"]):
        found.append("attribute 'region' is not the name of a region")
    found.append(_prefix_problem(stated.get("prefix", "")))
    return [problem for problem in found if problem]


def _endpoint_problem(endpoint: str) -> str:
    if not server_of(endpoint):
        return "attribute 'endpoint' must be http://HOST:PORT or https://HOST:PORT, without user, path or query"
    if is_of_node(urlsplit(endpoint).hostname or ""):
        return "attribute 'endpoint' names the node itself or a link-local address"
    return ""


def _unstated(endpoint: str, endpoints: Collection[str]) -> str:
    """Return what to set if the endpoint is not among those stated. Empty: it is, or it is no endpoint at all."""
    server = server_of(endpoint)
    if not server or server in set(map(server_of, endpoints)):
        return ""
    known = "not among the endpoints" if endpoints else "not stated, and neither is any other endpoint,"
    return (
        f"{endpoint} is {known} from which the mounter may mount: its administrator adds it to ENDPOINTS of the "
        "DaemonSet mounter in namespace runner-mounter"
    )


def server_of(endpoint: str) -> str:
    """Return scheme, host and port of an endpoint in one form. Empty: it is no endpoint."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    plain = f"{parts.scheme}://{host}" + (f":{port}" if port is not None else "")
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or plain != endpoint.rstrip("/").lower():
        return ""
    return f"{parts.scheme}://{host}:{_PORTS[parts.scheme] if port is None else port}"


def unstated_addresses(addresses: Collection[str], endpoints: Collection[str]) -> frozenset[str]:
    """Return the addresses of the node to which no name may lead: all that are not themselves an endpoint's host."""
    hosts = {urlsplit(endpoint).hostname for endpoint in endpoints if server_of(endpoint)}
    return frozenset(addresses) - {host for host in hosts if host}


def is_of_node(host: str) -> bool:
    """Return True for the node itself and link-local addresses, such as the metadata service of a cloud."""
    if host.rstrip(".").lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_link_local or mapped.is_unspecified or mapped.is_multicast)


def _prefix_problem(prefix: str) -> str:
    parts = prefix.strip("/").split("/")
    if _CONTROL.search(prefix) or len(prefix.encode("utf-8", "replace")) > _LONGEST_PREFIX:
        return "attribute 'prefix' is too long or holds control characters"
    if prefix.strip("/") and any(part in ("", ".", "..") for part in parts):
        return "attribute 'prefix' holds an empty part, '.' or '..'"
    return ""


def _problems_of_secret(secrets: Mapping[str, str]) -> list[str]:
    """Return what the Secret lacks; without keys, rclone would use the node's own identity in a cloud."""
    found = [f"the Secret has no {name}" for name in ("access_key", "secret_key") if not secrets.get(name)]
    for name in ("access_key", "secret_key", "session_token"):
        value = secrets.get(name, "")
        if _CONTROL.search(value) or len(value) > _LONGEST_KEY or not value.isascii():
            found.append(f"{name} in the Secret is not a key")
    if len(secrets.get("ca.crt", "")) > _LONGEST_AUTHORITIES:
        found.append("ca.crt in the Secret is too long")
    return found
