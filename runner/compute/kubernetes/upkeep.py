"""The objects around a run's Jobs: made before the first, gone with the last."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from ...errors import TargetError
from . import render
from .cluster import Cluster
from .contract import STORES, run_object_name
from .fields import KubeObject, text
from .settings import ClusterSettings

_RENEWAL = timedelta(seconds=30)
"""Between two looks whether keys have been changed."""
_AGAIN = timedelta(seconds=5)
"""Before the look after one that failed."""


class RunObjects:
    """Sees to the archive's ConfigMap, and to each run's ConfigMap and Secret, once per process and run."""

    def __init__(
        self, cluster: Cluster, settings: ClusterSettings, *, archive: bytes, stores: Callable[[], str]
    ) -> None:
        """`stores` reads what the Secret is to hold, anew each time; what it raises is raised here too."""
        self._cluster = cluster
        self._settings = settings
        self._archive = archive
        self._read = stores
        self._stores = stores()
        self._owners: dict[str, str] = {}
        self._handed: dict[str, str] = {}
        """What each run's pods were told last."""
        self._looks: dict[str, tuple[datetime, timedelta]] = {}
        """Each run's last look, and how long to wait after it."""
        self._lock = threading.Lock()

    def ensure(self, run: str) -> str:
        """The uid of the ConfigMap that owns the run's objects. Raises TargetError."""
        with self._lock:
            if run not in self._owners:
                if not self._owners:
                    # Named by its content and immutable: whoever made it, it is the same.
                    self._cluster.create("configmaps", render.step_configmap(self._archive, self._settings))
                owner = self._own(run)
                self._hand_out(run, owner)
                self._owners[run] = owner
            return self._owners[run]

    def renew(self, run: str, now: datetime) -> None:
        """See, now and then, that pods which run already find the keys of today in the run's Secret.

        The kubelet reads a mounted Secret by its name again and again, at the latest after about a minute and a half,
        and so follows one that was made anew (https://kubernetes.io/docs/concepts/configuration/secret/, "Mounted
        Secrets are updated automatically"; kubelet: pkg/kubelet/util/manager). Raises TargetError, and what the
        reading of the stores raises.
        """
        with self._lock:
            last, pause = self._looks.get(run, (now, timedelta()))
            if last <= now < last + pause:
                return
            self._looks[run] = (now, _AGAIN)
            self._stores = self._read()
            # Only what has changed for us: a controller that was stopped must not put its old keys back.
            if self._handed.get(run) != self._stores:
                self._hand_out(run, self._owners.get(run) or self._own(run))
            self._looks[run] = (now, _RENEWAL)

    def finish(self, run: str) -> None:
        """Delete the run's ConfigMap; the cluster's garbage collector deletes what it owns."""
        with self._lock:
            for known in (self._owners, self._handed, self._looks):
                known.pop(run, None)
        self._cluster.delete("configmaps", run_object_name(run))

    def _own(self, run: str) -> str:
        made = self._cluster.create("configmaps", render.run_configmap(run, self._settings)).object
        found = made or self._cluster.get("configmaps", run_object_name(run))
        uid = text(found, "metadata", "uid")
        if not uid or text(found, "metadata", "deletionTimestamp"):
            raise TargetError(f"the ConfigMap {self._place(run)} is being deleted: the run has been finished elsewhere")
        return uid

    def _hand_out(self, run: str, owner: str) -> None:
        secret = render.run_secret(run, self._stores, self._settings, owner=owner)
        if self._cluster.create("secrets", secret).object is None:
            there = self._cluster.get("secrets", run_object_name(run))
            if there is None or not self._is_current(there):
                # Keys have been renewed since: the Role lets a controller make and delete Secrets, not change them.
                self._cluster.delete("secrets", run_object_name(run), uid=text(there, "metadata", "uid"))
                self._cluster.create("secrets", secret)
        self._handed[run] = self._stores

    def _is_current(self, secret: KubeObject) -> bool:
        return text(secret, "data", STORES) == base64.b64encode(self._stores.encode()).decode()

    def _place(self, run: str) -> str:
        return f"'{run_object_name(run)}' in namespace '{self._settings.namespace}' of {self._cluster.server}"
