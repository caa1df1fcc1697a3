"""The stores, targets and environments of one workspace. Each adapter is made when it is first used."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..config import LOCAL, Config, TargetContext
from ..config.after_run import AfterRunConfig
from ..datastores import BucketConfig
from ..errors import BadInput
from ..model.access import Access
from ..model.data import DEFAULT_DATASTORE
from ..model.digest import digest_of
from ..model.plan import Plan
from ..model.published import PublishedRecord
from ..model.store_endpoint import StepStores, StoreEndpoint
from ..model.uses import accesses_of
from ..operations import watch
from ..operations.ended_run import EndedRun
from ..operations.values import DatastoreFacts, ServerFacts, WorkspaceFacts
from ..ports import ComputeTarget, CredentialMinter, EnvironmentInventory, EnvironmentStore, ObjectStore, Prepared
from ..runs import store_format
from . import adapters
from .cache import cache_folder

if TYPE_CHECKING:
    from ..environments.locks import Locks
    from ..storage.azure_blob.address import Container
    from .datastores import Datastores


def _print_line(line: str) -> None:
    """Print a line that may quote other programs."""
    from ..model.printable import escape

    print(escape(line))  # noqa: T201 - the driver's own standard output is where notes on its submission belong


@dataclass(kw_only=True)
class Places:
    """The adapters that the configuration of a workspace names."""

    config: Config
    override: str = ""
    """The value of ``--target``. It also selects the workspace store."""
    notify: Callable[[str], None] = _print_line
    _found_id: str = ""
    """The ID of the store when it was opened. Empty: it had none."""
    _targets: dict[str, ComputeTarget] = field(default_factory=dict)
    _accesses: dict[str, tuple[Access, ...]] = field(default_factory=dict)
    _prepared: dict[tuple[str, str], Prepared] = field(default_factory=dict)
    """Environments that publications have made, by the target and the digest of the environment."""

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""
        return self.base_store

    @cached_property
    def base_store(self) -> ObjectStore:
        """The workspace store: the bucket of the target in force, else the folder.

        Raises BadInput when another version of runner wrote it, StoreError.
        """
        bucket = self.bucket
        if bucket is not None:
            store = adapters.bucket_store(bucket, f"target '{self.target_in_force}'")
        else:
            store = adapters.folder_store(self.config.folder)
        self._found_id = store_format.check(store, self._place)
        return store

    @cached_property
    def store_id(self) -> str:
        """The immutable ID of the store. A store without one gets one. Raises BadInput, StoreError."""
        store = self.store
        return self._found_id or store_format.claim(store, os.urandom(8), self._place)

    @property
    def _place(self) -> str:
        """The place of the workspace store for messages."""
        return f"the store of target '{self.target_in_force}'" if self.in_bucket else str(self.config.folder)

    @property
    def workspace_facts(self) -> WorkspaceFacts:
        """The workspace's name."""
        fixed = self.config.named_in == str(self.config.root / "runner.yaml")
        return WorkspaceFacts(name=self.config.workspace, apart=self.in_bucket, fixed=fixed)

    def server_facts(self) -> ServerFacts:
        """Return the address of the REST endpoint, and the token of this machine. Raises BadInput, StoreError."""
        from .server_token import known_token

        return ServerFacts(self.config.serve.public_url, known_token(self._known_id))

    @property
    def _known_id(self) -> str:
        """The id of the store; empty: it has none yet."""
        _ = self.base_store
        return str(self.__dict__.get("store_id", self._found_id))

    @property
    def target_in_force(self) -> str:
        """The name of the target of steps that name none."""
        return self.override or LOCAL

    @cached_property
    def datastores(self) -> Datastores:
        """The datastores beside the workspace store."""
        from .datastores import Datastores

        return Datastores(self)

    def datastore(self, name: str) -> ObjectStore:
        """Return the store behind a datastore's name. Raises BadInput for an unknown one."""
        return self.store if name == DEFAULT_DATASTORE else self.datastores.store(name)

    def datastore_facts(self) -> Mapping[str, DatastoreFacts]:
        """Return the facts of every datastore by name, the default one first. Raises BadInput."""
        return self.datastores.facts()

    def datastore_names(self) -> tuple[str, ...]:
        """Return the names of all datastores, the default one first. Raises BadInput."""
        return tuple(self.datastore_facts())

    def admit_container(self, container: Container, *, tried: bool) -> None:
        """Keep the key of a container of Azure Blob Storage on this machine. Raises BadInput."""
        from ..storage.azure_blob import registered

        registered.admit(container, tried=tried)

    def target_names(self) -> tuple[str, ...]:
        """Return the names of configured targets and computes. Empty: every name means the target in force."""
        if not self.config.own or self.override:
            return ()
        return tuple(sorted({*self.config.targets, *self.config.computes}))

    def add_wheel(self, path: Path, *, exist_ok: bool) -> str:
        """Store a wheel and return its address. Raises BadInput, StoreError."""
        from ..environments import local_wheels

        return local_wheels.add(self.store, path, exist_ok=exist_ok)

    def stored_line(self, line: str) -> str:
        """Return a line of pip; store the local wheel that it names. Raises BadInput, StoreError."""
        from ..environments import local_wheels

        return local_wheels.stored_line(self.store, line)

    def secret_names(self) -> tuple[str, ...]:
        """Return the names of the configured secrets, sorted."""
        return tuple(sorted(self.config.secrets))

    def secret(self, name: str) -> str:
        """Return the value of a secret. Raises BadInput for an unknown one and for one without a value."""
        from ..data.secret_values import value_of

        return value_of(name, self.config.secrets)

    @property
    def after_run(self) -> AfterRunConfig:
        """The actions at the end of each run."""
        return self.config.after_run

    @property
    def controllers_in_cluster(self) -> bool:
        """True if the controllers of runs are pods."""
        return self.config.detach

    def handle(self) -> Mapping[str, str]:
        """Return what another process of this machine needs to open the same workspace."""
        other = self.override not in {"", self.config.target}
        hint = f" --target {self.override}" if other else ""
        return {"root": str(self.config.root), "target": self.override, "hint": hint}

    def ended_run(self, run: str) -> EndedRun:
        """Return a run for what is made of it at its end. Raises RunnerError."""
        return EndedRun(
            store=self.store,
            view=watch.view(self.store, run),
            datastore=self.datastore,
            settings=self.config.after_run,
            secret=self.secret,
            workspace=self.config.workspace,
        )

    def curated_images(self) -> Mapping[str, str]:
        """Return the ready images of the configuration by the names of their environments."""
        return {name: mapped.image for name, mapped in self.config.environments.items() if mapped.image}

    def target(self, name: str) -> ComputeTarget:
        """Return the adapter of a target, made when first asked for. Raises BadInput."""
        if name not in self._targets:
            self._targets[name] = self.config.get(name).build(self.context(name))
        return self._targets[name]

    def candidate(self, name: str) -> ComputeTarget:
        """Return an adapter to ask for its problems alone: a store without an ID gets none. Raises BadInput."""
        return self.config.get(name).build(replace(self.context(name), store_id=str))

    def trial_target(self, name: str) -> ComputeTarget:
        """Return an adapter for a step that is in no journal and may open the workspace store alone.

        Its objects have labels of their own, so that no run takes them for its own. Raises BadInput.
        """
        context = replace(
            self.context(name),
            store_id=lambda: "doctor",
            step_stores=lambda: adapters.step_stores(name, self._bucket_of(name), {}, {}),
            accesses=lambda _run: (Access(),),
        )
        return self.config.get(name).build(context)

    def context(self, name: str) -> TargetContext:
        """Return what the target of this name is built from."""
        from .server_token import sources

        return TargetContext(
            name=name,
            store=lambda: self.base_store,
            store_id=lambda: self.store_id,
            work=self.config.folder / "work",
            cache=cache_folder(),
            datastore=self.datastore,
            folders=self.datastores.folders,
            buckets=lambda: self.datastores.for_steps(here=self.reaches_folders(name)),
            step_stores=lambda: self.step_stores(name),
            accesses=self.accesses,
            secrets={**sources(), **self.config.secrets},
            minter=lambda datastore: self._minter(name, datastore),
            locks=self.locks,
            prepared=lambda environment: self._prepared.get((name, digest_of(environment))),
        )

    def remember_prepared(self, record: PublishedRecord, plan: Plan) -> None:
        """Remember the environments that a publication has made: a process without a builder uses them.

        Args:
            record: The published pipeline.
            plan: Its plan.

        """
        for made in record.prepared:
            environment = plan.environments.get(made.environment)
            if environment is not None:
                self._prepared[made.target, digest_of(environment)] = Prepared(made.reference, made.lock)

    def locks(self) -> Locks:
        """Return the locks of environments in the workspace store. Raises BadInput, StoreError."""
        from ..environments.credentials import Credentials
        from ..environments.locks import Locks
        from ..environments.sources import PackageSources

        sources = PackageSources(self.base_store, cache_folder(), Credentials(self.config.secrets))
        return Locks(self.base_store, sources=sources)

    def environments(self, name: str) -> EnvironmentStore:
        """Return the adapter that makes environments usable on a target. Raises BadInput."""
        return self.config.get(name).environments(self.context(name))

    def inventory(self, name: str) -> EnvironmentInventory:
        """Return the environments that exist on a target. Raises BadInput."""
        return self.config.get(name).inventory(name, cache_folder())

    def refuses_overwrite(self) -> bool:
        """Return True if the bucket honours put-if-absent. A key of its own is tried. Raises StoreError."""
        from ..storage.probe import refuses_overwrite

        return refuses_overwrite(self.base_store, os.urandom(8).hex())

    @property
    def bucket(self) -> BucketConfig | None:
        """The workspace's part of the bucket of the target in force. None: the workspace store is a folder."""
        settings = self.config.targets.get(self.target_in_force)
        return self.config.bucket(settings.store) if settings and settings.store else None

    @property
    def in_bucket(self) -> bool:
        """True if the workspace store is a bucket."""
        settings = self.config.targets.get(self.target_in_force)
        return bool(settings and settings.store)

    def reaches_folders(self, target: str) -> bool:
        """Return True if steps of a target can open folders of this machine; also for an unknown target."""
        settings = self.config.targets.get(target)
        return settings is None or settings.reaches_folders

    def accesses(self, run: str) -> tuple[Access, ...]:
        """Return what the steps of a run may open by name, each different set once. Raises BadInput, StoreError."""
        if run not in self._accesses:
            self._accesses[run] = accesses_of(watch.view(self.store, run).plan)
        return self._accesses[run]

    def step_stores(self, name: str) -> StepStores:
        """Return the keys and secrets for steps that reach the store of a target by themselves.

        Raises BadInput for unusable credentials, and for a target without a bucket.
        """
        here = self.reaches_folders(name)
        datastores = self.datastores.for_steps(here=here)
        return adapters.step_stores(name, self._bucket_of(name), datastores, self.config.secrets, here=here)

    def _minter(self, name: str, datastore: str) -> CredentialMinter | None:
        """Return what mints keys for a datastore of a target's steps. Raises BadInput for unusable credentials."""

        def near() -> StoreEndpoint | None:
            known = self.datastores.for_steps(here=True) if datastore != DEFAULT_DATASTORE else {}
            return adapters.step_stores(name, self._bucket_of(name), known, {}, here=True).of(datastore)

        return adapters.minter_of(near)

    def _bucket_of(self, name: str) -> BucketConfig:
        store = self.config.get(name).store
        if store is None:
            raise BadInput(f"target '{name}' has no bucket that its steps could reach")
        return self.config.bucket(store)
