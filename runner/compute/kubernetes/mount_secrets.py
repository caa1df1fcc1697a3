"""The Secrets with which the node mounts the inputs of an attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from ...errors import TargetError
from ...model.document import from_document
from ...model.names import job_name
from ...model.store_endpoint import BucketEndpoint, StepStores
from ...model.task import Task
from . import conventions as c
from .cluster import Cluster
from .json_fields import KubeObject
from .mount_volumes import MountSource, PodMounts, mount_secret, mounted, mounts_of
from .run_objects import RunFiles
from .settings import ClusterSettings

Confine = Callable[[Task, str, BucketEndpoint], BucketEndpoint]


class MountSecrets:
    """One Secret per attempt and bucket, owned by the run's ConfigMap."""

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

    def prepare(self, task: Task, owner: str) -> PodMounts:
        """Create the Secrets of an attempt's mounts, and return its volumes.

        They are there before the pod: the kubelet asks for a missing Secret again only after a minute. A Secret that
        exists is of an earlier controller that did not get to create the Job.

        Args:
            task: The attempt.
            owner: The uid of the run's ConfigMap.

        Raises:
            TargetError: The server refuses a Secret, or the step has no bucket of that name.
        """
        datastores = sorted({binding.ref.datastore for binding in mounted(task)})
        if not datastores:
            return PodMounts()
        sources = self._sources(task, datastores)
        if not self._settings.mounts.claim:
            for source in sources.values():
                self._cluster.create("secrets", self._secret(task, source, owner))
        return mounts_of(task, self._settings.mounts, sources)

    def _sources(self, task: Task, datastores: list[str]) -> Mapping[str, MountSource]:
        stores = from_document(StepStores, json.loads(self._stores(task.id.run)[task.access]))
        job = job_name(self._settings.store_id, task.id.run, task.id.key, task.id.attempt)
        return {
            name: MountSource(self._confine(task, name, _bucket(stores, name)), c.mount_secret_name(job, number))
            for number, name in enumerate(datastores, 1)
        }

    def _secret(self, task: Task, source: MountSource, owner: str) -> KubeObject:
        run = task.id.run
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": source.secret,
                "namespace": self._settings.namespace,
                "labels": c.run_labels(self._settings.store_id, run),
                "ownerReferences": [
                    {"apiVersion": "v1", "kind": "ConfigMap", "name": c.run_object_name(run), "uid": owner}
                ],
            },
            "type": "Opaque",
            "data": mount_secret(source.endpoint, self._settings.authorities),
        }


def _bucket(stores: StepStores, name: str) -> BucketEndpoint:
    found = stores.of(name)
    if not isinstance(found, BucketEndpoint):
        raise TargetError(f"datastore '{name}' cannot be mounted: the step has no bucket of that name")
    return found
