"""Rules that the fields of a Kubernetes target must meet beyond their types (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ...config.rules import MOST_STEPS, each, like, optional_text, seconds, whole_number
from ...datastores import BucketConfig, endpoint_misfit
from ...model.image_name import image_misfit
from ...model.reading import Checks, Wrong
from . import node_cache
from .config import KubernetesConfig, ProxyConfig
from .mount_volumes import PLACEHOLDERS
from .mounts_config import MountsConfig
from .node_cache import NodeCacheConfig

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
"""RFC 1123, as namespaces are named."""
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
"""RFC 1123, as Secrets and ServiceAccounts are named."""
_LABEL_KEY = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set"""
_KIND = re.compile(r"[a-z0-9.-]+")
"""https://pkg.go.dev/sigs.k8s.io/kind/pkg/apis/config/v1alpha4: the name of a cluster."""
_REGISTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]{1,5})?(/[a-z0-9._-]+)*/?")
_PLACEHOLDER = re.compile(r"\{(\w*)\}")
_LARGEST_ID = 2**31 - 1
"""The largest user ID that Kubernetes takes (runAsUser)."""


def _labels(values: Mapping[str, str]) -> Wrong | None:
    for key, value in values.items():
        if not _LABEL_KEY.fullmatch(key):
            return f"{key!r} is no key of a label", "write it like pool or example.org/pool"
        if not _LABEL_VALUE.fullmatch(value):
            remedy = "write at most 63 letters, digits, '-', '_' and '.', a letter or digit first and last"
            return f"{value!r} is no value of a label", remedy
    return None


def _attributes(values: Mapping[str, str]) -> Wrong | None:
    """Refuse a placeholder that would reach the driver as it is."""
    for name, value in values.items():
        unknown = [found for found in _PLACEHOLDER.findall(value) if found not in PLACEHOLDERS]
        if unknown:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            return f"attribute {name!r} has the unknown placeholder {{{unknown[0]}}}", f"write one of {known}"
    return None


def _proxy(value: str) -> Wrong | None:
    """Refuse what is no address of a proxy, or holds a password: it stands in every pod's specification."""
    if "@" in value:
        return "the address of a proxy must not hold a user or a password: it stands in every pod's specification", (
            "name a proxy that asks for none"
        )
    if value and endpoint_misfit(value):
        return "this is no address of a proxy", "write it as http://HOST:PORT"
    return None


def _writable(read_only: bool) -> Wrong | None:
    return ("runs are written to the store", "remove read_only") if read_only else None


_namespace = like(_LABEL, "is no name of a namespace", "write at most 63 small letters, digits and '-'", optional=False)
_object = like(_SUBDOMAIN, "is no name of a Kubernetes object", "write small letters, digits, '-' and '.'")
_queue = like(_LABEL, "is no name of a queue", "write the name of a LocalQueue of the namespace")
RULES: Checks = {
    (BucketConfig, "read_only"): _writable,
    (KubernetesConfig, "namespace"): _namespace,
    (KubernetesConfig, "kubeconfig"): optional_text,
    (KubernetesConfig, "context"): optional_text,
    (KubernetesConfig, "kind_cluster"): like(_KIND, "is no name of a kind cluster", "write small letters and digits"),
    (KubernetesConfig, "registry"): like(
        _REGISTRY, "is no path of a registry", "write it like registry.example.org/team"
    ),
    (KubernetesConfig, "run_as"): whole_number(1, _LARGEST_ID),
    (KubernetesConfig, "capacity"): whole_number(1, MOST_STEPS),
    (KubernetesConfig, "node_selector"): _labels,
    (KubernetesConfig, "image_pull_secrets"): each(_object),
    (KubernetesConfig, "service_account"): _object,
    (KubernetesConfig, "queue"): _queue,
    (KubernetesConfig, "unschedulable_grace"): seconds,
    (KubernetesConfig, "pull_grace"): seconds,
    (KubernetesConfig, "ca_bundle"): optional_text,
    (KubernetesConfig, "controller_image"): lambda value: image_misfit(value) if value else None,
    (MountsConfig, "driver"): like(
        _SUBDOMAIN, "is no name of a CSI driver", "write it like mounter.example.org", optional=False
    ),
    (MountsConfig, "attributes"): _attributes,
    (MountsConfig, "claim"): _object,
    (KubernetesConfig, "node_cache"): node_cache.misfit,
    (NodeCacheConfig, "claim"): _object,
    (NodeCacheConfig, "path"): optional_text,
    (ProxyConfig, "http"): _proxy,
    (ProxyConfig, "https"): _proxy,
    (ProxyConfig, "no_proxy"): optional_text,
}
