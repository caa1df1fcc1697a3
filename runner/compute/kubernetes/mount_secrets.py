"""The Secrets with which the node mounts the inputs of an attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from ...errors import TargetError
from ...model.document import from_document
from ...model.names import job_name
from ...model.store_endpoint import BucketEndpoint, StepStores
from ...model.task import Task, TaskId
from . import conventions as c
from .cluster import Cluster
from .json_fields import KubeObject
from .mount_volumes import MountSource, PodMounts, mount_secret, mounted, mounts_of
from .replaceable_secrets import create_secret, replace_secret
from .run_objects import RunFiles
from .settings import ClusterSettings

Confine = Callable[[Task, str, BucketEndpoint], BucketEndpoint]
_FRESH = timedelta(minutes=5)
"""A start that is tried again within this time keeps the Secrets: the shortest keys last three times as long."""


class MountSecrets:
    """One Secret per attempt and bucket, with a ConfigMap of the same name that owns it."""

    def __init__(
        self, cluster: Cluster, settings: ClusterSettings, stores: Callable[[str], RunFiles], confine: Confine
    ) -> None:
        """Create nothing.

        Args:
            cluster: The namespace.
            settings: The settings of the target.
            stores: Returns the files of a run's Secret, with endpoints as nodes reach them. Its errors are passed on.
            confine: Returns the bucket with keys for the mounts of an attempt alone, where there are such.
        """
        self._cluster, self._settings, self._stores, self._confine = cluster, settings, stores, confine
        self._made: dict[TaskId, tuple[datetime, tuple[str, ...]]] = {}
        """The time at which this process last wrote an attempt's Secrets, and their names."""

    def prepare(self, task: Task, owner: str) -> PodMounts:
        """Create the Secrets of an attempt's mounts, and return its volumes.

        They are there before the pod: the kubelet asks for a missing Secret again only after a minute. A Secret of
        an earlier controller is replaced: nobody knows when its keys end.

        Args:
            task: The attempt.
            owner: The uid of the run's ConfigMap.

        Raises:
            TargetError: The server refuses a Secret, or the step has no bucket of that name.
        """
        sources = self._sources(task)
        last, _ = self._made.get(task.id, (None, ()))
        if last is None or not last <= self._cluster.now() < last + _FRESH:
            self._replace(task, sources, owner)
        elif not self._settings.mounts.claim:
            for source in sources.values():
                create_secret(self._cluster, self._owner(task, source, owner), self._secret_of(task, source))
        return mounts_of(task, self._settings.mounts, sources) if sources else PodMounts()

    def replace(self, task: Task, owner: str) -> None:
        """Replace the Secrets of a live attempt's mounts. The kubelet hands them to the driver. Raises TargetError.

        Args:
            task: The attempt.
            owner: The uid of the run's ConfigMap.
        """
        self._replace(task, self._sources(task), owner)

    def forget(self, task: TaskId) -> None:
        """Delete the Secrets of an ended attempt, by their owners. Those of other controllers go with the run."""
        _, names = self._made.pop(task, (None, ()))
        for name in names:
            self._cluster.delete("configmaps", name)

    def _replace(self, task: Task, sources: Mapping[str, MountSource], owner: str) -> None:
        if self._settings.mounts.claim or not sources:
            return
        for source in sources.values():
            replace_secret(self._cluster, self._owner(task, source, owner), self._secret_of(task, source))
        self._made[task.id] = (self._cluster.now(), tuple(source.secret for source in sources.values()))

    def _sources(self, task: Task) -> Mapping[str, MountSource]:
        datastores = sorted({binding.ref.datastore for binding in mounted(task)})
        if not datastores:
            return {}
        stores = from_document(StepStores, json.loads(self._stores(task.id.run)[task.access]))
        job = job_name(self._settings.store_id, task.id.run, task.id.key, task.id.attempt)
        return {
            name: MountSource(self._confine(task, name, _bucket(stores, name)), c.mount_secret_name(job, number))
            for number, name in enumerate(datastores, 1)
        }

    def _owner(self, task: Task, source: MountSource, owner: str) -> KubeObject:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": self._metadata(task, source, c.run_object_name(task.id.run), owner),
            "immutable": True,
            "data": {"step": task.id.key, "attempt": str(task.id.attempt)},
        }

    def _secret_of(self, task: Task, source: MountSource) -> Callable[[str], KubeObject]:
        """Return what makes the Secret for the uid of its owner."""
        return lambda uid: {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": self._metadata(task, source, source.secret, uid),
            "type": "Opaque",
            "data": mount_secret(source.endpoint, self._settings.authorities),
        }

    def _metadata(self, task: Task, source: MountSource, owner: str, uid: str) -> KubeObject:
        return {
            "name": source.secret,
            "namespace": self._settings.namespace,
            "labels": c.run_labels(self._settings.store_id, task.id.run),
            "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": owner, "uid": uid}],
        }


def _bucket(stores: StepStores, name: str) -> BucketEndpoint:
    found = stores.of(name)
    if not isinstance(found, BucketEndpoint):
        raise TargetError(f"datastore '{name}' cannot be mounted: the step has no bucket of that name")
    return found
