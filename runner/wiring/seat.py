"""A controller's place in the cluster: it knows what it was handed, and nothing of any configuration."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import __version__
from ..errors import BadInput, TargetError
from ..model import events as e
from ..model.access import Access
from ..model.data import DEFAULT_DATASTORE
from ..model.uses import accesses_of
from ..model.vantage import StepStores
from ..operations import watch
from ..operations.liveness import pod_host
from ..operations.values import RunView
from ..ports import ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import journal, store_format
from . import adapters
from .cache import cache_folder
from .handover import Handover, read


def take(path: Path) -> Seat:
    """The seat that a handover's file describes. Raises BadInput."""
    return Seat(read(path, __version__), file=path)


@dataclass
class Seat:
    """The places of the one run that was handed over."""

    told: Handover
    pod: str = field(default_factory=socket.gethostname)
    """A pod's host name is its own."""
    file: Path | None = None
    """Where it was told, to be read again when keys are refused; None: it was told once."""
    _open: dict[str, ObjectStore] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """How the journal names this controller's host."""
        return pod_host(self.told.settings.namespace, self.pod)

    @cached_property
    def store(self) -> ObjectStore:
        """The workspace store. Raises BadInput when another version of runner wrote it, StoreError."""
        from ..storage.s3.store import BucketStore

        store = BucketStore(self.told.stores.workspace, renew=lambda: self.stores().workspace)
        store_format.check(store, f"the store of target '{self.told.target}'")
        return store

    def stores(self) -> StepStores:
        """The stores with the keys of today: the kubelet brings the file up to date. Raises BadInput."""
        return (self.told if self.file is None else read(self.file, __version__)).stores

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        """What the steps of the run may open by name, each different set once."""
        return accesses_of(self.view(self.told.run).plan)

    def view(self, run: str) -> RunView:
        """The run now."""
        return watch.view(self.store, run)

    def datastore(self, name: str) -> ObjectStore:
        """The store behind a datastore's name. Raises BadInput for one that was not handed over."""
        if name == DEFAULT_DATASTORE:
            return self.store
        if name not in self._open:
            self._open[name] = self._opened(name)
        return self._open[name]

    def _opened(self, name: str) -> ObjectStore:
        from ..storage.s3.store import BucketStore

        vantage = self.told.stores.of(name)
        if vantage is None:
            raise BadInput(
                f"datastore '{name}' was not there when the run was handed over",
                f"run {self.told.run}",
                "runner resume RUN --detach hands it over with what is configured now",
            )
        return BucketStore(vantage, renew=lambda: self.stores().of(name))

    def target(self, name: str) -> ComputeTarget:
        """The one target. Raises BadInput for another."""
        if name != self.told.target:
            raise BadInput(f"target '{name}' cannot be reached from target '{self.told.target}'")
        told = self.told
        return adapters.kubernetes_target(
            name,
            told.settings,
            store=self.store,
            store_id=told.store_id,
            cache=cache_folder(),
            stores=self.stores,
            accesses=lambda _: self.accesses,
        )

    def environments(self, name: str) -> EnvironmentStore:
        """Only ready images, as nothing can be built in a pod: whoever hands a run over makes the others."""
        return adapters.environment_store(name, self.told.settings, cache_folder())

    def overtaken(self) -> bool:
        """Whether a controller of another Job, or of a machine, took the run after one of this Job had it."""
        entries = journal.read(self.store, self.told.run)
        hosts = [one.host for entry in entries for one in entry.events if isinstance(one, e.ControllerStarted)]
        return any(map(self.is_mine, hosts)) and not self.is_mine(hosts[-1])

    def is_mine(self, host: str) -> bool:
        """Whether the host is a pod of this controller's Job."""
        return host.startswith(pod_host(self.told.settings.namespace, f"{self.told.job}-"))

    def leave(self) -> str:
        """Delete the own Job, which ends this process in a moment; why it could not, or nothing."""
        return self._remove(only=True)

    def clear(self) -> str:
        """Delete all controllers' Jobs of the run, the own one last; why that could not be, or nothing."""
        return self._remove(only=False)

    def _remove(self, *, only: bool) -> str:
        jobs = adapters.controller_jobs(self.told.settings, self.told.store_id)
        try:
            jobs.remove_one(self.told.job) if only else jobs.remove(self.told.run, self.told.job)
        except TargetError as error:
            return str(error)
        finally:
            jobs.close()
        return ""
