"""The cache of a node: settings, and the volume by which step pods reach it."""

from __future__ import annotations

from ...data.node_cache import VARIABLE
from ...dataclass import dataclass
from ...model.quantity import amount
from ...model.reading import Wrong
from . import conventions as c
from .volumes import Volumes


@dataclass(frozen=True)
class NodeCacheConfig:
    """Files of inputs that the steps on one node keep for each other. Each of them can read all."""

    path: str = ""
    """An absolute path on each node. User `run_as` needs it writable, and the namespace must admit hostPath volumes."""
    claim: str = ""
    """A PersistentVolumeClaim of the namespace, in place of a path. Pods go where its volume is."""
    size: str = "20Gi"
    """The most bytes that it may hold, as a Kubernetes quantity. What was not used for longest is removed."""

    @property
    def limit(self) -> int:
        """Return `size` in bytes."""
        return int(amount(self.size) or 0)


def misfit(value: NodeCacheConfig) -> Wrong | None:
    """Refuse a cache with two places, a relative path, or without a size."""
    if value.path and value.claim:
        return "a node's cache has one place", "write path: or claim:, not both"
    if value.path and (not value.path.startswith("/") or ".." in value.path.split("/") or not value.path.strip("/")):
        return f"{value.path!r} is no absolute path of a folder", "write it like /var/lib/runner-cache"
    if value.limit <= 0:
        return f"{value.size!r} is no size", "write it with a unit: 20Gi"
    return None


def cache_volumes(config: NodeCacheConfig) -> Volumes:
    """Return the volume of the cache; none if there is no cache."""
    if config.claim:
        return [(c.CACHE_FOLDER, {"name": "node-cache", "persistentVolumeClaim": {"claimName": config.claim}})]
    if config.path:
        return [
            (c.CACHE_FOLDER, {"name": "node-cache", "hostPath": {"path": config.path, "type": "DirectoryOrCreate"}})
        ]
    return []


def cache_variables(config: NodeCacheConfig) -> dict[str, str]:
    """Return the variable by which a bootstrap finds the cache."""
    return {VARIABLE: f"{config.limit}:{c.CACHE_FOLDER}"} if config.claim or config.path else {}
