"""The settings of a target of local processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ...config import rules
from ...config.target import TargetContext, bundle_folder
from ...dataclass import dataclass, field
from ...datastores import BucketConfig
from ...errors import BadInput, Problem
from ...model.access import Access
from ...model.check import Check, of_problem
from ...model.compute import ResourceRequest
from ...model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ...model.policy import StepPolicy
from ...model.quantity import amount
from ...model.reading import Checks, Wrong
from ...model.store_endpoint import StoreEndpoint
from ...ports import ComputeTarget, EnvironmentInventory, EnvironmentStore, FolderStore

if TYPE_CHECKING:
    from .local_mounts import LocalMounts


@dataclass(frozen=True, kw_only=True)
class ProcessConfig:
    """A target of local processes on this machine."""

    workers: int = 0
    """The most steps at the same time. 0: one per core."""
    policy: StepPolicy = field(default_factory=StepPolicy)
    """Retries and time limits of steps that state none themselves."""
    access: Access = field(default_factory=Access)
    """Secrets and datastores that scripts of every step on this target may open by name."""
    store: BucketConfig | None = None
    """The bucket of the runs and data of this target. Default: none, they lie in the workspace's folder."""
    input_cache: str = ""
    """The most bytes of downloaded inputs that this machine keeps for later steps, like `20Gi`. Empty: none."""

    @property
    def resources(self) -> ResourceRequest:
        """Nothing: a process takes what it needs."""
        return ResourceRequest()

    @property
    def reaches_folders(self) -> bool:
        """True: steps are processes of this machine."""
        return True

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields."""
        return {(cls, "workers"): rules.whole_number(0, rules.MOST_STEPS), (cls, "input_cache"): _size}

    def store_problems(self, where: str) -> tuple[Problem, ...]:  # noqa: ARG002 - there are none
        """Return nothing: steps reach whatever this machine reaches."""
        return ()

    def repair_command(self, name: str) -> str:  # noqa: ARG002 - there is none
        """Return nothing: no command repairs this machine."""
        return ""

    def requirements(self, remedy: str) -> Iterator[Check]:  # noqa: ARG002 - there are none
        """Check nothing: a process needs Python only."""
        return iter(())

    def checks(self, context: TargetContext, remedy: str) -> Iterator[Check]:
        """Check this machine, then the workspace's folder. Raises RunnerError."""
        from . import machine

        yield from machine.checks(context.work.parent)
        target = self.build(context)
        try:
            yield from (of_problem(f"target {context.name}", problem, remedy) for problem in target.problems())
        finally:
            target.close()

    def environments(self, context: TargetContext) -> EnvironmentStore:
        """Return virtual environments below the cache folder."""
        import sys

        from ...images.venv import VenvEnvironments

        return VenvEnvironments(context.cache, context.locks, sys.executable)

    def inventory(self, name: str, cache: Path) -> EnvironmentInventory:  # noqa: ARG002 - one for all targets
        """Return the virtual environments below the cache folder."""
        from ...images.venv_inventory import VenvInventory

        return VenvInventory(cache / "envs")

    def controllers(self, store_id: Callable[[], str]) -> None:
        """Return None: a controller on this machine outlives its terminal anyway."""

    def build(self, context: TargetContext) -> ComputeTarget:
        """Return local processes over a folder store, or over the target's bucket. Raises BadInput, StoreError."""
        from functools import lru_cache

        from ...data.step_bundle import tree
        from .bootstrap import Bootstraps
        from .target import ProcessTarget

        store = context.store()
        if self.store is None and not isinstance(store, FolderStore):
            raise BadInput(
                f"target '{context.name}' runs local processes, whose data lie in a folder, not in a bucket",
                remedy="leave out --target, name a cluster's, or give the target a 'store:' of its own",
            )
        bundles = bundle_folder(context.cache)
        carried = lru_cache(lambda: tree(bundles))
        own = Bootstraps(
            stores=context.step_stores,
            tree=carried,
            folders=context.folders,
            secrets=context.secrets,
            cache=self._cache(context.cache),
        )
        return ProcessTarget(
            name=context.name,
            store=store,
            datastores=context.datastore,
            work=context.work,
            tree=carried,
            workers=self.workers,
            folders=context.folders,
            secrets=context.secrets,
            mounts=self._mounts(context),
            cache=self._cache(context.cache),
            bootstraps=own if self.store else None,
        )

    def _cache(self, cache: Path) -> str:
        limit = int(amount(self.input_cache) or 0)
        return f"{limit}:{cache / 'inputs'}" if limit else ""

    def _mounts(self, context: TargetContext) -> LocalMounts:
        from .local_mounts import LocalMounts

        own = (DEFAULT_DATASTORE, FILE_DATASTORE)

        def buckets() -> dict[str, StoreEndpoint]:
            if self.store is None:
                return dict(context.buckets())
            stores = context.step_stores()
            found = {name: stores.of(name) for name in (*own, *stores.datastores)}
            return {name: one for name, one in found.items() if one is not None}

        def folders() -> tuple[str, ...]:
            return (*context.folders(), *(() if self.store else own))

        place, direct = context.work / "mounts", self.store is not None
        return LocalMounts(folder=place, buckets=buckets, folders=folders, direct=direct)


def _size(value: str) -> Wrong | None:
    fits = not value or (amount(value) or 0) >= 1
    return None if fits else (f"{value!r} is no size", "write it with a unit: 20Gi")
