"""The ConfigMaps and the Secret of a run: created before its first Job, deleted after the last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import sleep

from ...errors import TargetError
from ...model.access import Access
from . import render
from .cluster import Cluster
from .conventions import run_object_name
from .json_fields import KubeObject, text
from .replaceable_secrets import ensure_owner, replace_secret
from .settings import ClusterSettings

_RENEWAL = timedelta(seconds=30)
"""The pause between two checks of the keys."""
_RETRY_RENEWAL = timedelta(seconds=5)
"""The pause after a check that failed."""
RunFiles = Mapping[Access, str]
"""The files of a run's Secret by the access of the steps that read them: each the JSON of a `StepStores`."""


class RunObjects:
    """The archive's ConfigMap, and each run's ConfigMap and Secret, created once per process and run."""

    def __init__(
        self, cluster: Cluster, settings: ClusterSettings, *, archive: bytes, stores: Callable[[str], RunFiles]
    ) -> None:
        """Remember how to read the files.

        `stores` returns the current files of a run's Secret; its errors are passed on.
        """
        self._cluster = cluster
        self._settings = settings
        self._archive = archive
        self._read = stores
        self._owners: dict[str, str] = {}
        self._written: dict[str, RunFiles] = {}
        """The files in each run's Secret, as this process wrote them."""
        self._renewals: dict[str, tuple[datetime, timedelta]] = {}
        """The time of each run's last check of the keys, and the pause after it."""
        self._lock = threading.Lock()

    def ensure(self, run: str) -> str:
        """Create the run's objects unless they exist. Return the uid of their owner. Raises TargetError."""
        with self._lock:
            if run not in self._owners:
                if not self._owners:
                    self._ensure_shared()
                owner = self._ensure_run_owner(run)
                self._replace_secret(run, owner, self._read(run))
                self._owners[run] = owner
            return self._owners[run]

    def _ensure_shared(self) -> None:
        """Create the ConfigMaps that all runs share unless they exist. Raises TargetError."""
        self._ensure_configmap(render.step_configmap(self._archive, self._settings))
        if self._settings.authorities:
            self._ensure_configmap(render.ca_configmap(self._settings))

    def _ensure_configmap(self, wanted: KubeObject) -> None:
        """Create a ConfigMap that is named by its content. Replace one with other content. Raises TargetError."""
        if self._cluster.create("configmaps", wanted).object is not None:
            return
        name = text(wanted, "metadata", "name")
        there = self._cluster.get("configmaps", name)
        if render.holds_same(there, wanted):
            return
        self._cluster.delete("configmaps", name, uid=text(there, "metadata", "uid"))
        if self._cluster.create("configmaps", wanted).object is None:
            raise TargetError(
                f"the ConfigMap '{name}' in namespace '{self._settings.namespace}' of {self._cluster.server} holds "
                "other content than this runner's and cannot be replaced; delete it"
            )

    def renew(self, run: str, now: datetime) -> None:
        """Write changed keys to the run's Secret, now and then, for pods that run already.

        The kubelet reads a mounted Secret by its name again, at the latest after about a minute and a half, so it
        also finds a Secret that was replaced (https://kubernetes.io/docs/concepts/configuration/secret/, "Mounted
        Secrets are updated automatically"; kubelet: pkg/kubelet/util/manager). Raises TargetError, and the errors of
        reading the stores.
        """
        with self._lock:
            last, pause = self._renewals.get(run, (now, timedelta()))
            if last <= now < last + pause:
                return
            self._renewals[run] = (now, _RETRY_RENEWAL)
            files = self._read(run)
            # Only a change since this process began: a controller that was paused must not restore old keys.
            if self._written.get(run) != files:
                self._replace_secret(run, self._owners.get(run) or self._ensure_run_owner(run), files)
            self._renewals[run] = (now, _RENEWAL)

    def finish(self, run: str) -> None:
        """Delete the run's ConfigMap; the cluster's garbage collector deletes what it owns."""
        with self._lock:
            for known in (self._owners, self._written, self._renewals):
                known.pop(run, None)
        self._cluster.delete("configmaps", run_object_name(run))

    def _ensure_run_owner(self, run: str) -> str:
        return ensure_owner(self._cluster, render.run_configmap(run, self._settings))

    def _replace_secret(self, run: str, owner: str, files: RunFiles) -> None:
        """Create the run's Secret; replace an existing one, because nobody has the right to read it.

        A run whose attempts have Secrets of their own has none. Raises TargetError.
        """
        if files:
            replace_secret(
                self._cluster,
                render.keys_owner(run, self._settings, owner=owner),
                lambda uid: render.run_secret(run, files, self._settings, owner=uid),
                lambda seconds: sleep(seconds),  # noqa: PLW0108 - tests replace it
            )
        self._written[run] = files
