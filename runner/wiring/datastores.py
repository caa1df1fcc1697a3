"""The datastores of one open workspace: what is configured and what was registered, opened when first used."""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..config import LOCAL, Config
from ..config.store import DatastoreConfig, StoreConfig
from ..data import named_datastores
from ..datastores import BucketConfig, WorkspaceConfig
from ..errors import BadInput
from ..model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ..model.store_endpoint import StoreEndpoint
from ..operations.values import DatastoreFacts
from ..ports import ObjectStore
from ..storage.s3.datastore import BucketDatastore
from . import adapters


class Home(Protocol):
    """The part of a workspace that its datastores use."""

    config: Config
    override: str

    @property
    def store(self) -> ObjectStore:
        """The workspace store."""

    @property
    def bucket(self) -> BucketConfig | None:
        """The workspace's part of the bucket in use. None: the workspace store is a folder."""


@dataclass
class Datastores:
    """The datastores of a workspace, by name."""

    home: Home
    _open: dict[str, ObjectStore] = field(default_factory=dict)

    def facts(self) -> dict[str, DatastoreFacts]:
        """Return the facts of each datastore, the default first. Raise BadInput if the default is not configured."""
        found = {name: self._facts(name, known) for name, known in self._configured().items()}
        own = DatastoreFacts(name=DEFAULT_DATASTORE, kind="workspace", place="the workspace store")
        found = {DEFAULT_DATASTORE: own, **found}
        if FILE_DATASTORE not in found:
            place = f"{FILE_DATASTORE}/ of the workspace store"
            found[FILE_DATASTORE] = DatastoreFacts(name=FILE_DATASTORE, kind="workspace", place=place)
        remembered = named_datastores.remembered(self.home.store)
        for name, known_container in _containers(remembered, found).items():
            found[name] = replace(self._facts(name, known_container), configured=name)
        for name, meant in remembered.named.items():
            if meant.datastore in found and name not in found:
                known = found[meant.datastore]
                found[name] = replace(
                    known, name=name, account=meant.account, container=meant.container, configured=known.name
                )
        if remembered.default not in found:
            raise BadInput(
                f"the default datastore '{remembered.default}' is no longer configured",
                str(self.home.config.root / "runner.yaml"),
                f"add it under 'datastores:', or say ws.set_default_datastore('{DEFAULT_DATASTORE}')",
            )
        return {remembered.default: found.pop(remembered.default), **found}

    def store(self, name: str) -> ObjectStore:
        """Return the store of a datastore other than the workspace store's. Raise BadInput for an unknown one."""
        if name not in self._open:
            self._open[name] = self._opened(name)
        return self._open[name]

    def for_steps(self, *, here: bool) -> Mapping[str, StoreEndpoint]:
        """Every datastore as steps reach it, but for folders and those in the workspace store.

        One with unusable credentials is left out: submit tells of it when a plan uses it.

        Args:
            here: The steps run on this machine, not in pods.

        """
        found: dict[str, StoreEndpoint] = {}
        remembered = named_datastores.remembered(self.home.store)
        for name, known in self.beside().items():
            with suppress(BadInput):
                endpoint = self.settings(known).for_steps(known.where, here=here)
                if endpoint is not None:
                    found[name] = endpoint
        for name, meant in remembered.named.items():
            if meant.datastore in found:
                found.setdefault(name, found[meant.datastore])
        return found

    def folders(self) -> dict[str, str]:
        """Return the paths of the datastores that are folders, by name: local steps open these directly."""
        places = {name: known.place for name, known in self._configured().items()}
        found = {
            name: place.folder
            for name, place in places.items()
            if not isinstance(place, WorkspaceConfig) and place.folder
        }
        if self.home.bucket is None:
            found.setdefault(FILE_DATASTORE, str(self.home.config.folder / FILE_DATASTORE))
        for name, meant in named_datastores.remembered(self.home.store).named.items():
            if meant.datastore in found:
                found.setdefault(name, found[meant.datastore])
        return found

    def beside(self) -> Mapping[str, DatastoreConfig]:
        """Return the configured datastores, and the registered containers that Azure holds, by name."""
        configured = self._configured()
        return {**_containers(named_datastores.remembered(self.home.store), configured), **configured}

    def aliases(self) -> dict[str, str]:
        """Return the registered names that mean another datastore, with its name."""
        named = named_datastores.remembered(self.home.store).named
        return {name: meant.datastore for name, meant in named.items() if meant.datastore}

    def _opened(self, name: str) -> ObjectStore:
        configured = self._configured()
        if name not in configured and name != FILE_DATASTORE:
            container = _containers(named_datastores.remembered(self.home.store), configured).get(name)
            if container is not None:
                return self.settings(container).open(container.where)
            facts = self.facts()
            if name not in facts:
                raise BadInput(
                    f"there is no datastore '{name}'; known: {', '.join(facts)}",
                    str(self.home.config.root / "runner.yaml"),
                    "correct the name, or add it under 'datastores:'",
                )
            return self.store(facts[name].configured)
        if name not in configured:
            return self._files()
        return self.settings(configured[name]).open(configured[name].where)

    def settings(self, known: DatastoreConfig) -> StoreConfig:
        """Return the settings of a datastore's store.

        Raises BadInput for another workspace when no target says in which bucket it lies.
        """
        place = known.place
        if not isinstance(place, WorkspaceConfig):
            return place
        config, target = self.home.config, place.target or self.home.override or LOCAL
        bucket = config.get(target).store
        if bucket is not None:
            return BucketDatastore.of(replace(config.bucket(bucket, place.workspace), read_only=True))
        raise BadInput(
            f"workspace '{place.workspace}' lies in the bucket of a target, and target '{target}' has none",
            known.where,
            "name the target: add 'target: NAME' to the datastore, or pass --target NAME",
        )

    def _facts(self, name: str, known: DatastoreConfig) -> DatastoreFacts:
        facts = DatastoreFacts(
            name=name,
            kind="bucket" if isinstance(known.place, WorkspaceConfig) else known.kind,
            place="",
            account=known.account,
            container=known.container or name,
            where=known.where,
        )
        try:
            store = self.settings(known)
        except BadInput:  # opening it tells why
            shown = f"workspace '{known.place.workspace}'" if isinstance(known.place, WorkspaceConfig) else ""
            return replace(facts, place=shown)
        return replace(
            facts,
            place=store.place,
            account=known.account or store.account,
            container=known.container or store.container or name,
            read_only=store.read_only,
            here_only=bool(store.folder),
        )

    def _configured(self) -> Mapping[str, DatastoreConfig]:
        return self.home.config.datastores

    def _files(self) -> ObjectStore:
        """v1's second built-in datastore: a folder in the workspace store."""
        bucket = self.home.bucket
        if bucket is not None:
            return adapters.bucket_store(bucket.below(FILE_DATASTORE), f"target '{self.home.override}'")
        return adapters.folder_store(self.home.config.folder / FILE_DATASTORE)


def _containers(remembered: named_datastores.Remembered, known: Container[str]) -> dict[str, DatastoreConfig]:
    """Return the registered containers that Azure holds, but for those with a `known` name."""
    found: dict[str, DatastoreConfig] = {}
    for name, meant in remembered.named.items():
        if meant.endpoint and name not in known:
            from ..storage.azure_blob import registered

            place = registered.settings_of(meant.account, meant.container, meant.endpoint)
            if place is None:  # nobody registered that: it is as unknown as a name without a document
                continue
            where = f"datastore '{name}', registered by register_azure_blob_container"
            found[name] = DatastoreConfig(place=place, where=where, kind=registered.KIND)
    return found
