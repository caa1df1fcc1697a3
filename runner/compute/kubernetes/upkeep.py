"""The objects around a run's Jobs: made before the first, gone with the last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from time import sleep

from ...errors import TargetError, TargetUnreachable
from ...model.access import Access
from . import render
from .cluster import Cluster
from .contract import keys_owner_name, run_object_name
from .fields import KubeObject, at, text
from .settings import ClusterSettings

_RENEWAL = timedelta(seconds=30)
"""Between two looks whether keys have been changed."""
_AGAIN = timedelta(seconds=5)
"""Before the look after one that failed."""
_GARBAGE_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.5, 2.0)
"""Seconds between attempts to make a Secret whose predecessor the garbage collector has to delete first."""
RunFiles = Mapping[Access, str]
"""What the pods of a run are told, by what their steps may open: each the JSON of a `StepStores`."""


class RunObjects:
    """Sees to the archive's ConfigMap, and to each run's ConfigMap and Secret, once per process and run."""

    def __init__(
        self, cluster: Cluster, settings: ClusterSettings, *, archive: bytes, stores: Callable[[str], RunFiles]
    ) -> None:
        """`stores` reads what a run's Secret is to hold, anew each time; what it raises is raised here too."""
        self._cluster = cluster
        self._settings = settings
        self._archive = archive
        self._read = stores
        self._owners: dict[str, str] = {}
        self._handed: dict[str, RunFiles] = {}
        """What each run's pods were told last."""
        self._looks: dict[str, tuple[datetime, timedelta]] = {}
        """Each run's last look, and how long to wait after it."""
        self._lock = threading.Lock()

    def ensure(self, run: str) -> str:
        """The uid of the ConfigMap that owns the run's objects. Raises TargetError."""
        with self._lock:
            if run not in self._owners:
                if not self._owners:
                    self._bring_archive()
                owner = self._own(run)
                self._hand_out(run, owner, self._read(run))
                self._owners[run] = owner
            return self._owners[run]

    def _bring_archive(self) -> None:
        """See that the ConfigMaps that all runs share are there, whoever made them. Raises TargetError."""
        self._bring(render.step_configmap(self._archive, self._settings))
        if self._settings.authorities:
            self._bring(render.ca_configmap(self._settings))

    def _bring(self, wanted: KubeObject) -> None:
        """Make a ConfigMap that is named by its content; one with other content is replaced. Raises TargetError."""
        if self._cluster.create("configmaps", wanted).object is not None:
            return
        name = text(wanted, "metadata", "name")
        there = self._cluster.get("configmaps", name)
        if all(at(there, part) == wanted.get(part) for part in ("immutable", "binaryData", "data")):
            return
        self._cluster.delete("configmaps", name, uid=text(there, "metadata", "uid"))
        if self._cluster.create("configmaps", wanted).object is None:
            raise TargetError(
                f"the ConfigMap '{name}' in namespace '{self._settings.namespace}' of {self._cluster.server} holds "
                "other content than this runner's and cannot be replaced; delete it"
            )

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
            files = self._read(run)
            # Only what has changed for us: a controller that was stopped must not put its old keys back.
            if self._handed.get(run) != files:
                self._hand_out(run, self._owners.get(run) or self._own(run), files)
            self._looks[run] = (now, _RENEWAL)

    def finish(self, run: str) -> None:
        """Delete the run's ConfigMap; the cluster's garbage collector deletes what it owns."""
        with self._lock:
            for known in (self._owners, self._handed, self._looks):
                known.pop(run, None)
        self._cluster.delete("configmaps", run_object_name(run))

    def _own(self, run: str) -> str:
        return self._made(render.run_configmap(run, self._settings), run_object_name(run))

    def _made(self, configmap: KubeObject, name: str) -> str:
        """Make the ConfigMap unless it is there; return its uid. Raises TargetError."""
        made = self._cluster.create("configmaps", configmap).object
        found = made or self._cluster.get("configmaps", name)
        uid = text(found, "metadata", "uid")
        if not uid or text(found, "metadata", "deletionTimestamp"):
            raise TargetError(
                f"the ConfigMap {self._place(name)} is being deleted: the run has been finished elsewhere"
            )
        return uid

    def _hand_out(self, run: str, owner: str, files: RunFiles) -> None:
        """Make the run's Secret; one that is there already is made anew, as nobody may read what it holds.

        A Secret that can be deleted can be read: the answer to a DELETE that waits for dependents is the object. So
        it goes with its owner, which the garbage collector sees to. Raises TargetError.
        """
        if not self._took(run, owner, files):
            self._cluster.delete("configmaps", keys_owner_name(run))
            if not any(self._took(run, owner, files, after=pause) for pause in _GARBAGE_PAUSES):
                raise TargetUnreachable(
                    f"the Secret {self._place(run_object_name(run))} stays though its owner was deleted; "
                    "the cluster's garbage collector may be busy: it is tried again"
                )
        self._handed[run] = files

    def _took(self, run: str, owner: str, files: RunFiles, *, after: float = 0.0) -> bool:
        """Return True if the Secret could be made, `after` so many seconds."""
        if after:
            sleep(after)
        keys = self._made(render.keys_owner(run, self._settings, owner=owner), keys_owner_name(run))
        secret = render.run_secret(run, files, self._settings, owner=keys)
        return self._cluster.create("secrets", secret).object is not None

    def _place(self, name: str) -> str:
        return f"'{name}' in namespace '{self._settings.namespace}' of {self._cluster.server}"
