"""The context of a controller in a pod: everything comes from its spec file, nothing from a configuration."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import __version__
from ..config import TargetConfig, TargetContext
from ..config.after_run import AfterRunConfig
from ..config.controllers import ControllerHost
from ..errors import BadInput, TargetError
from ..model import events as e
from ..model.access import Access
from ..model.data import DEFAULT_DATASTORE
from ..model.store_endpoint import StepStores
from ..model.uses import accesses_of
from ..operations import watch
from ..operations.ended_run import EndedRun
from ..operations.values import RunView
from ..ports import ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import journal, store_format
from .adapters import minter_of, taken_over
from .cache import cache_folder
from .controller_spec import ControllerSpec, read


def take(path: Path) -> PodRunContext:
    """Return the context of a spec file. Raise BadInput."""
    return PodRunContext(read(path, __version__), file=path)


@dataclass
class PodRunContext:
    """The stores and targets of the one run in a spec file."""

    spec: ControllerSpec
    pod: str = field(default_factory=socket.gethostname)
    """The pod's name, which is its host name."""
    file: Path | None = None
    """The spec file, which is read again when keys are refused; None: there is no file."""
    _open: dict[str, ObjectStore] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The host of this controller as the journal names it."""
        return self.controllers.host(self.pod)

    @cached_property
    def config(self) -> TargetConfig:
        """The settings of the target."""
        return self.spec.config

    @cached_property
    def controllers(self) -> ControllerHost:
        """The controllers of the target, of which this is one. Raises BadInput for a target without any."""
        found = self.config.controllers(lambda: self.spec.store_id)
        if found is None:
            raise BadInput(f"target '{self.spec.target}' runs no controllers")
        return found

    @cached_property
    def store(self) -> ObjectStore:
        """The workspace store. Raises BadInput when another version of runner wrote it, StoreError."""
        from ..storage.s3.store import BucketStore

        store = BucketStore(taken_over(self.spec.stores).workspace, renew=lambda: self.stores().workspace)
        store_format.check(store, f"the store of target '{self.spec.target}'")
        return store

    def stores(self) -> StepStores:
        """Return the stores with their current keys: the kubelet updates the file. Raise BadInput, StoreUnreachable."""
        return taken_over((self.spec if self.file is None else read(self.file, __version__)).stores)

    @cached_property
    def accesses(self) -> tuple[Access, ...]:
        """The secrets and datastores that the steps of the run may open, each different set once."""
        return accesses_of(self.view(self.spec.run).plan)

    def view(self, run: str) -> RunView:
        """Return the run now."""
        return watch.view(self.store, run)

    def datastore(self, name: str) -> ObjectStore:
        """Return the store of a datastore. Raise BadInput if the spec lacks it."""
        if name == DEFAULT_DATASTORE:
            return self.store
        if name not in self._open:
            self._open[name] = self._opened(name)
        return self._open[name]

    def _opened(self, name: str) -> ObjectStore:
        from ..storage.registry import open_store

        endpoint = taken_over(self.spec.stores).of(name)
        if endpoint is None:
            raise BadInput(
                f"datastore '{name}' was not there when the run was handed over",
                f"run {self.spec.run}",
                "runner resume RUN --detach hands it over with what is configured now",
            )
        return open_store(endpoint, renew=lambda: self.stores().of(name))

    def target(self, name: str) -> ComputeTarget:
        """Return the target of the spec. Raise BadInput for another."""
        if name != self.spec.target:
            raise BadInput(f"target '{name}' cannot be reached from target '{self.spec.target}'")
        return self.config.build(self._context())

    def environments(self, name: str) -> EnvironmentStore:  # noqa: ARG002 - a pod knows one target
        """Return a store of existing images: nothing can be built in a pod, so the submitter builds them before."""
        return self.config.environments(self._context())

    def _context(self) -> TargetContext:
        from ..environments.locks import Locks

        return TargetContext(
            name=self.spec.target,
            store=lambda: self.store,
            store_id=lambda: self.spec.store_id,
            work=cache_folder() / "work",
            cache=cache_folder(),
            datastore=self.datastore,
            folders=dict,
            step_stores=self.stores,
            accesses=lambda _run: self.accesses,
            secrets={},
            minter=lambda datastore: minter_of(lambda: self.stores().of(datastore)),
            locks=lambda: Locks(self.store),
        )

    @property
    def after_run(self) -> AfterRunConfig:
        """The actions at the end of the run."""
        return self.spec.after_run

    def handle(self) -> Mapping[str, str]:
        """Return what another process of the pod needs to open the same run."""
        return {"spec": str(self.file), "hint": f" --target {self.spec.target}"}

    def ended_run(self, run: str) -> EndedRun:
        """Return the run for what is made of it at its end. Raises RunnerError."""
        return EndedRun(
            store=self.store,
            view=self.view(run),
            datastore=self.datastore,
            settings=self.spec.after_run,
            secret=self._secret,
            workspace=self.spec.workspace_name,
        )

    def _secret(self, name: str) -> str:
        if name not in self.spec.after_run_secrets:
            raise BadInput(f"secret '{name}' had no value when the run was handed over", f"run {self.spec.run}")
        return self.spec.after_run_secrets[name]

    def overtaken(self) -> bool:
        """Return True if a controller of another Job, or of a machine, took the run after one of this Job had it."""
        entries = journal.read(self.store, self.spec.run)
        hosts = [one.host for entry in entries for one in entry.events if isinstance(one, e.ControllerStarted)]
        return any(map(self.is_mine, hosts)) and not self.is_mine(hosts[-1])

    def is_mine(self, host: str) -> bool:
        """Return True if the host is a pod of this controller's Job."""
        return host.startswith(self.controllers.host(f"{self.spec.job}-"))

    def leave(self) -> str:
        """Delete the own Job, which ends this process in a moment. Return the reason if that fails, else nothing."""
        return self._remove(only=True)

    def clear(self) -> str:
        """Delete all controllers' Jobs of the run, the own one last. Return the reason if that fails, else nothing."""
        return self._remove(only=False)

    def _remove(self, *, only: bool) -> str:
        jobs = self.controllers
        try:
            jobs.remove_one(self.spec.job) if only else jobs.remove(self.spec.run, self.spec.job)
        except TargetError as error:
            return str(error)
        finally:
            jobs.close()
        return ""
