"""What a value of each field must meet beyond its type (pure). Sources: the documents of whoever takes the value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from ..datastores import BucketConfig, FolderConfig, WorkspaceConfig, endpoint_misfit
from ..documents.fitting import Checks, Wrong
from ..model.compute import ComputeSettings, VmSize, misfit_of
from ..model.secret import SecretSource
from .settings import EnvironmentConfig, KubernetesConfig, ProcessConfig, ProxyConfig

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""RFC 1123, as namespaces are named."""
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
"""RFC 1123, as Secrets and ServiceAccounts are named."""
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"""
_BUCKET = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,220}[A-Za-z0-9]")
"""Of S3 (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html), and what it took once and
other stores take: capital letters, underscores and up to 222 characters."""
_REGION = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KIND = re.compile(r"[a-z0-9.-]+")
"""https://pkg.go.dev/sigs.k8s.io/kind/pkg/apis/config/v1alpha4: the name of a cluster."""
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*(@sha256:[0-9a-f]{64})?")
_REGISTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]{1,5})?(/[a-z0-9._-]+)*/?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LARGEST_ID = 2**31 - 1
"""The largest user id that Kubernetes takes (runAsUser)."""
_MOST = 10_000
"""Steps at a time: more than any cluster starts for one run."""
_LONGEST = 30 * 86400.0
"""Seconds."""


def text(value: str) -> Wrong | None:
    """A text that can stand on one line and in a path."""
    if not value.strip():
        return "the text is empty", "write one, or remove the field"
    if not value.isprintable():
        return f"{value!r} holds a control character", "remove it"
    return None


def _optional(value: str) -> Wrong | None:
    return text(value) if value else None


def name(value: str) -> Wrong | None:
    """The name of a workspace, a target, an environment."""
    return text(value) or (("the name is too long", "write at most 255 characters") if len(value) > 255 else None)


def _like(pattern: re.Pattern[str], what: str, remedy: str, *, optional: bool = True) -> Callable[[str], Wrong | None]:
    def check(value: str) -> Wrong | None:
        return None if (optional and not value) or pattern.fullmatch(value) else (f"{_shown(value)} {what}", remedy)

    return check


def _shown(value: str) -> str:
    """The value, unless it may hold a user and a password."""
    return "this" if "@" in value or "://" in value else repr(value)


def _whole(least: int, most: int) -> Callable[[int], Wrong | None]:
    def check(value: int | None) -> Wrong | None:
        fits = value is None or least <= value <= most
        return None if fits else (f"{value} is out of range", f"write a whole number from {least} to {most}")

    return check


def _seconds(value: float) -> Wrong | None:
    return (
        None
        if 0 <= value <= _LONGEST
        else (f"{value} is no number of seconds", f"write a number from 0 to {_LONGEST:.0f}")
    )


def _each(check: Callable[[str], Wrong | None]) -> Callable[[tuple[str, ...]], Wrong | None]:
    def check_all(values: tuple[str, ...]) -> Wrong | None:
        return next(filter(None, map(check, values)), None)

    return check_all


def labels(values: Mapping[str, str]) -> Wrong | None:
    """Kubernetes labels."""
    for key, value in values.items():
        if not _LABEL_KEY.fullmatch(key):
            return f"{key!r} is no key of a label", "write it like pool or example.org/pool"
        if not _LABEL_VALUE.fullmatch(value):
            remedy = "write at most 63 letters, digits, '-', '_' and '.', a letter or digit first and last"
            return f"{value!r} is no value of a label", remedy
    return None


def prefix(value: str) -> Wrong | None:
    """The prefix of keys in a bucket."""
    parts = value.strip("/").split("/") if value.strip("/") else []
    if any(part in ("", ".", "..") or not part.isprintable() or len(part.encode()) > 255 for part in parts):
        return f"{value!r} is no prefix of keys", "write it like team/a: without empty parts, '.' and '..'"
    return ("the prefix is too long", "write at most 400 bytes") if len(value.encode()) > 400 else None


def _quantity(field: str) -> Callable[[object], Wrong | None]:
    def check(value: object) -> Wrong | None:
        wrong = misfit_of(field, str(value)) if value != "" else None
        return (f"{field} {value!r} {wrong[0]}", wrong[1]) if wrong else None

    return check


def _of_proxy(value: str) -> Wrong | None:
    """The address of a proxy, which stands in the specification of every pod."""
    if "@" in value:
        return "the address of a proxy must not hold a user or a password: it stands in every pod's specification", (
            "name a proxy that asks for none"
        )
    return ("this is no address of a proxy", "write it as http://HOST:PORT") if endpoint_misfit(value) else None


_of_namespace = _like(
    _LABEL, "is no name of a namespace", "write at most 63 small letters, digits and '-'", optional=False
)
_of_object = _like(_SUBDOMAIN, "is no name of a Kubernetes object", "write small letters, digits, '-' and '.'")
_of_image = _like(_IMAGE, "is no reference of an image", "write it like registry.example.org/name:tag", optional=False)
_BUCKETS: Checks = {
    (BucketConfig, "bucket"): _like(
        _BUCKET, "is no name of a bucket", "write 3 to 63 small letters, digits, '-' and '.'", optional=False
    ),
    (BucketConfig, "endpoint"): endpoint_misfit,
    (BucketConfig, "cluster_endpoint"): lambda value: endpoint_misfit(value) if value else None,
    (BucketConfig, "prefix"): prefix,
    (BucketConfig, "region"): _like(_REGION, "is no region", "write it like us-east-1", optional=False),
    (BucketConfig, "credentials"): _optional,
}
CHECKS: Checks = {
    **_BUCKETS,
    (FolderConfig, "path"): text,
    (WorkspaceConfig, "workspace"): name,
    (WorkspaceConfig, "target"): _optional,
    (ProcessConfig, "workers"): _whole(0, _MOST),
    (KubernetesConfig, "namespace"): _of_namespace,
    (KubernetesConfig, "kubeconfig"): _optional,
    (KubernetesConfig, "context"): _optional,
    (KubernetesConfig, "kind_cluster"): _like(_KIND, "is no name of a kind cluster", "write small letters and digits"),
    (KubernetesConfig, "registry"): _like(
        _REGISTRY, "is no path of a registry", "write it like registry.example.org/team"
    ),
    (KubernetesConfig, "run_as"): _whole(1, _LARGEST_ID),
    (KubernetesConfig, "capacity"): _whole(1, _MOST),
    (KubernetesConfig, "node_selector"): labels,
    (KubernetesConfig, "image_pull_secrets"): _each(_of_object),
    (KubernetesConfig, "service_account"): _of_object,
    (KubernetesConfig, "unschedulable_grace"): _seconds,
    (KubernetesConfig, "pull_grace"): _seconds,
    (KubernetesConfig, "ca_bundle"): _optional,
    (ProxyConfig, "http"): lambda value: _of_proxy(value) if value else None,
    (ProxyConfig, "https"): lambda value: _of_proxy(value) if value else None,
    (ProxyConfig, "no_proxy"): _optional,
    (KubernetesConfig, "controller_image"): lambda value: _of_image(value) if value else None,
    (EnvironmentConfig, "image"): _of_image,
    (VmSize, "cpu"): _quantity("cpu"),
    (VmSize, "memory"): _quantity("memory"),
    (VmSize, "gpu"): _whole(0, 1000),
    (ComputeSettings, "target"): _optional,
    (ComputeSettings, "vm_size"): _optional,
    (ComputeSettings, "cpu"): _quantity("cpu"),
    (ComputeSettings, "memory"): _quantity("memory"),
    (ComputeSettings, "cpu_limit"): _quantity("cpu_limit"),
    (ComputeSettings, "ephemeral_storage"): _quantity("ephemeral_storage"),
    (ComputeSettings, "gpu"): _whole(0, 1000),
    (ComputeSettings, "max_nodes"): _whole(1, _MOST),
    (SecretSource, "env"): _like(_VARIABLE, "is no name of an environment variable", "write letters, digits and '_'"),
    (SecretSource, "file"): _optional,
}
"""A field that is not here takes every value of its type."""
