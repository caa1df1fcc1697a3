"""Detached controllers of a Kubernetes target: their image, and their Jobs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

from ...config.controllers import Trouble
from ...errors import Problem
from ...images.controller import ControllerImage
from ...operations.controller_health import pod_host
from . import conventions as c
from .build import api_of, cluster_settings
from .config import KubernetesConfig
from .controller_job import ControllerJobs, job_name
from .schedules import KubernetesWorkspace
from .workspace_pod import OWN_IMAGE


class KubernetesControllers:
    """The `config.controllers.ControllerHost` that makes Jobs in the target's namespace."""

    def __init__(self, config: KubernetesConfig, store_id: Callable[[], str]) -> None:
        """Remember the settings. `store_id` returns the ID of the workspace store."""
        self._config = config
        self._store_id = store_id
        self.place = f"namespace '{config.namespace}'"

    def problems(self, name: str) -> Iterator[Problem]:
        """Return why the cluster could not get the controller's image."""
        config = self._config
        if _ready_image(config):
            return
        if config.kind_cluster or config.registry:
            yield from ControllerImage().problems()
            return
        yield Problem(
            "the controller's image has no place from which the cluster could take it",
            f"targets.{name}",
            "add `registry: host/path`, to which it is pushed; or `controller_image: ref` (see images/controller)",
        )

    def inside(self) -> KubernetesConfig:
        """Return the settings without what only this machine has. The pod's own account is used."""
        config = self._config
        store = replace(config.store, endpoint=config.store.cluster_endpoint or config.store.endpoint, credentials="")
        bundle = f"{c.CA_FOLDER}/{c.CA_FILE}" if config.ca_bundle else ""  # as the controller's pod has it
        return replace(config, store=store, ca_bundle=bundle, kubeconfig="", context="", kind_cluster="", registry="")

    def image(self, notify: Callable[[str], None]) -> str:
        """Return an image that the cluster's nodes can get, and make it unless it exists. Raises EnvironmentFailed."""
        ready = _ready_image(self._config)
        if ready:
            return ready
        if self._config.kind_cluster:
            return ControllerImage().on_kind(self._config.kind_cluster, notify)
        return ControllerImage().in_registry(self._config.registry, notify)

    def new_name(self, run: str) -> str:
        """Return a new name for a controller's Job."""
        return job_name(run, os.urandom(2).hex())

    def host(self, instance: str) -> str:
        """Return the name of a pod in the journal."""
        return pod_host(self._config.namespace, instance)

    def start(self, name: str, run: str, image: str, handover: str) -> None:
        """Make the Job, then its Secret."""
        self._jobs.start(name, run, image, handover)

    def trouble(self, name: str) -> Trouble:
        """Return the reason why the Job's pod has not started, as far as the cluster shows it."""
        return self._jobs.trouble(name)

    def remove(self, run: str, last: str = "") -> None:
        """Delete all controllers' Jobs of a run."""
        self._jobs.remove(run, last)

    def remove_one(self, name: str) -> None:
        """Delete one controller's Job, and with it its pod and Secret."""
        self._jobs.remove_one(name)

    def workspace(self) -> KubernetesWorkspace:
        """Return the workspace in the target's namespace."""
        return KubernetesWorkspace(api_of(self._config), cluster_settings(self._config, self._store_id()))

    def close(self) -> None:
        """Close the connections that were opened."""
        if "_jobs" in vars(self):
            self._jobs.close()

    @cached_property
    def _jobs(self) -> ControllerJobs:
        return ControllerJobs(api_of(self._config), cluster_settings(self._config, self._store_id()))


def _ready_image(config: KubernetesConfig) -> str:
    """Return the image that need not be made: in a pod that of the pod itself, else the configured one, if any."""
    return os.environ.get(OWN_IMAGE, "") or config.controller_image
