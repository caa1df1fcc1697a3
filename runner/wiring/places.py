"""The places of one workspace: its stores, targets and environments, each adapter made when first asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from ..config import LOCAL, Config, KubernetesConfig
from ..model.access import Access
from ..model.data import DEFAULT_DATASTORE
from ..model.environment import NamedEnvironment
from ..model.uses import accesses_of
from ..model.vantage import StepStores
from ..operations import watch
from ..operations.values import DatastoreFacts, WorkspaceFacts
from ..ports import ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import store_format
from . import adapters
from .cache import cache_folder

if TYPE_CHECKING:
    from .datastores import Datastores


def _print_line(line: str) -> None:
    """Print a line that may quote other programs."""
    from ..model.printable import escape

    print(escape(line))  # noqa: T201 - the driver's own standard output is where notes on its submission belong


@dataclass
class Places:
    """What a workspace's configuration names, as adapters."""

    config: Config
    override: str = ""
    """``--target``: it names the store as well."""
    say: Callable[[str], None] = _print_line
    _found_id: str = ""
    """The store's id as it was when the store was opened; empty: there was none."""
    _targets: dict[str, ComputeTarget] = field(default_factory=dict)
    _accesses: dict[str, tuple[Access, ...]] = field(default_factory=dict)

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""
        return self.base_store

    @cached_property
    def base_store(self) -> ObjectStore:
        """The override target's bucket, else the folder.

        Raises BadInput when another version of runner wrote it, StoreError.
        """
        settings = self.config.targets.get(self.override or LOCAL)
        if isinstance(settings, KubernetesConfig):
            store = adapters.bucket_store(self.config.bucket(settings), f"target '{self.override}'")
        else:
            store = adapters.folder_store(self.config.folder)
        self._found_id = store_format.check(store, self._place)
        return store

    @cached_property
    def store_id(self) -> str:
        """The store's immutable id; a store without one gets one. Raises BadInput, StoreError."""
        store = self.store
        return self._found_id or store_format.claim(store, os.urandom(8), self._place)

    @property
    def _place(self) -> str:
        """Where the workspace store is, for people."""
        return f"the store of target '{self.override}'" if self.in_bucket else str(self.config.folder)

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The workspace's name."""
        fixed = self.config.named_in == str(self.config.root / "runner.yaml")
        return WorkspaceFacts(self.config.workspace, apart=self.in_bucket, fixed=fixed)

    @property
    def target_in_force(self) -> str:
        """The name of the target that is meant when nothing else is said."""
        return self.override or LOCAL

    @cached_property
    def datastores(self) -> Datastores:
        """The places for data beside the workspace store."""
        from .datastores import Datastores

        return Datastores(self)

    def datastore(self, name: str) -> ObjectStore:
        """The store behind a datastore's name. Raises BadInput for an unknown one."""
        return self.store if name == DEFAULT_DATASTORE else self.datastores.store(name)

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """What is known of every datastore, the default one first. Raises BadInput."""
        return self.datastores.facts()

    def datastore_names(self) -> tuple[str, ...]:
        """Every datastore of the workspace, the default one first. Raises BadInput."""
        return tuple(self.datastore_facts())

    def target_names(self) -> tuple[str, ...]:
        """The configured targets and computes; empty: every name means the one in force."""
        if not self.config.own or self.override:
            return ()
        return tuple(sorted({*self.config.targets, *self.config.computes}))

    def make_environment(self, environment: NamedEnvironment) -> str:
        """Make it usable on the target in force: the image or the interpreter. Raises EnvironmentFailed."""
        return self.environments(self.target_in_force).ensure(environment, self.say)

    def secret_names(self) -> tuple[str, ...]:
        """The secrets that the configuration names, sorted."""
        return tuple(sorted(self.config.secrets))

    def secret(self, name: str) -> str:
        """The value of a secret. Raises BadInput for an unknown one and for one without a value."""
        from ..data.secret_values import value_of

        return value_of(name, self.config.secrets)

    def curated_images(self) -> Mapping[str, str]:
        """Ready images by the names of the environments that the configuration maps to them."""
        return {name: mapped.image for name, mapped in self.config.environments.items()}

    def target(self, name: str) -> ComputeTarget:
        """The adapter of a target. Raises BadInput."""
        if name not in self._targets:
            settings = self.config.get(name)
            if isinstance(settings, KubernetesConfig):
                self._targets[name] = self._cluster(name, settings, self.store_id)
            else:
                work, cache = self.config.folder / "work", cache_folder()
                self._targets[name] = adapters.process_target(
                    name,
                    settings,
                    store=self.base_store,
                    datastores=self.datastore,
                    folders=self.datastores.folders,
                    work=work,
                    cache=cache,
                    secrets=self.config.secrets,
                )
        return self._targets[name]

    def candidate(self, name: str) -> ComputeTarget:
        """An adapter to ask for its problems alone: no id is written into a store that has none. Raises BadInput."""
        settings = self.config.get(name)
        if isinstance(settings, KubernetesConfig):
            return self._cluster(name, settings, "")
        return self.target(name)

    def trial_target(self, name: str, settings: KubernetesConfig) -> ComputeTarget:
        """Return an adapter for a step that is in no journal and may open the workspace store alone.

        Its objects have labels of their own, so that no run takes them for its own. Raises BadInput.
        """
        return adapters.kubernetes_target(
            name,
            settings,
            store=self.store,
            store_id="doctor",
            cache=cache_folder(),
            stores=lambda: adapters.step_stores(name, self.config.bucket(settings), {}, {}),
            accesses=lambda _run: (Access(),),
        )

    def environments(self, name: str) -> EnvironmentStore:
        """The adapter that makes environments usable on a target. Raises BadInput."""
        return adapters.environment_store(name, self.config.get(name), cache_folder())

    def refuses_overwrite(self) -> bool:
        """Whether the bucket honours put-if-absent, tried on a key of its own. Raises StoreError."""
        from ..storage.probe import refuses_overwrite

        return refuses_overwrite(self.base_store, os.urandom(8).hex())

    @property
    def in_bucket(self) -> bool:
        """Whether the workspace store is a bucket."""
        return isinstance(self.config.targets.get(self.override or LOCAL), KubernetesConfig)

    def _cluster(self, name: str, settings: KubernetesConfig, store_id: str) -> ComputeTarget:
        return adapters.kubernetes_target(
            name,
            settings,
            store=self.store,
            store_id=store_id,
            cache=cache_folder(),
            stores=lambda: self.stores_for_pods(name, settings),
            accesses=self.accesses,
        )

    def accesses(self, run: str) -> tuple[Access, ...]:
        """Return what the steps of a run may open by name, each different set once. Raises BadInput, StoreError."""
        if run not in self._accesses:
            self._accesses[run] = accesses_of(watch.view(self.store, run).plan)
        return self._accesses[run]

    def stores_for_pods(self, name: str, settings: KubernetesConfig) -> StepStores:
        """What pods on a target are told of stores and secrets. Raises BadInput for unusable credentials."""
        bucket = self.config.bucket(settings)
        return adapters.step_stores(name, bucket, self.datastores.for_pods(), self.config.secrets)
