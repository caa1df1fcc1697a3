"""The datastores of one open workspace: what is configured and what was registered, opened when first used."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from ..config import LOCAL, Config
from ..data import named_datastores
from ..datastores import BucketConfig, DatastoreConfig, FolderConfig, WorkspaceConfig, bucket_endpoints
from ..errors import BadInput
from ..model.data import DEFAULT_DATASTORE, FILE_DATASTORE
from ..model.store_endpoint import BucketEndpoint
from ..operations.values import DatastoreFacts
from ..ports import ObjectStore
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

    def for_steps(self, *, here: bool) -> Mapping[str, BucketEndpoint]:
        """Every datastore in a bucket as steps reach it, but for those in the workspace store.

        One with unusable credentials is left out: submit tells of it when a plan uses it.

        Args:
            here: The steps run on this machine, not in pods.

        """
        found: dict[str, BucketEndpoint] = {}
        for name, known in self._configured().items():
            if not isinstance(known.place, FolderConfig):
                with suppress(BadInput):
                    near, cluster = bucket_endpoints(self._bucket(known.place, known.where), known.where)
                    found[name] = near if here else cluster
        if found:
            for name, meant in named_datastores.remembered(self.home.store).named.items():
                if meant.datastore in found:
                    found.setdefault(name, found[meant.datastore])
        return found

    def folders(self) -> dict[str, str]:
        """Return the paths of the datastores that are folders, by name: local steps open these directly."""
        found = {
            name: known.place.path
            for name, known in self._configured().items()
            if isinstance(known.place, FolderConfig)
        }
        if self.home.bucket is None:
            found.setdefault(FILE_DATASTORE, str(self.home.config.folder / FILE_DATASTORE))
        for name, meant in named_datastores.remembered(self.home.store).named.items():
            if meant.datastore in found:
                found.setdefault(name, found[meant.datastore])
        return found

    def _opened(self, name: str) -> ObjectStore:
        configured = self._configured()
        if name not in configured and name != FILE_DATASTORE:
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
        place = configured[name].place
        if isinstance(place, FolderConfig):
            return adapters.folder_store(Path(place.path))
        where = configured[name].where
        return adapters.bucket_store(self._bucket(place, where), where)

    def _bucket(self, place: BucketConfig | WorkspaceConfig, where: str) -> BucketConfig:
        """The bucket of a datastore. Raises BadInput for another workspace when no target says in which it lies."""
        if isinstance(place, BucketConfig):
            return place
        config, target = self.home.config, place.target or self.home.override or LOCAL
        store = config.get(target).store
        if store is not None:
            return replace(config.bucket(store, place.workspace), read_only=True)
        raise BadInput(
            f"workspace '{place.workspace}' lies in the bucket of a target, and target '{target}' has none",
            where,
            "name the target: add 'target: NAME' to the datastore, or pass --target NAME",
        )

    def _facts(self, name: str, known: DatastoreConfig) -> DatastoreFacts:
        place = known.place
        if isinstance(place, FolderConfig):
            return DatastoreFacts(
                name=name,
                kind="folder",
                place=place.path,
                account=known.account,
                container=known.container or name,
                where=known.where,
            )
        try:
            return _facts_of_bucket(name, known, self._bucket(place, known.where))
        except BadInput:  # opening it tells why
            shown = f"workspace '{place.workspace}'" if isinstance(place, WorkspaceConfig) else place.bucket
            return DatastoreFacts(
                name=name,
                kind="bucket",
                place=shown,
                account=known.account,
                container=known.container or name,
                where=known.where,
            )

    def _configured(self) -> Mapping[str, DatastoreConfig]:
        return self.home.config.datastores

    def _files(self) -> ObjectStore:
        """v1's second built-in datastore: a folder in the workspace store."""
        bucket = self.home.bucket
        if bucket is not None:
            return adapters.bucket_store(bucket.below(FILE_DATASTORE), f"target '{self.home.override}'")
        return adapters.folder_store(self.home.config.folder / FILE_DATASTORE)


def _facts_of_bucket(name: str, known: DatastoreConfig, bucket: BucketConfig) -> DatastoreFacts:
    shown = "/".join(part for part in (bucket.bucket, bucket.prefix.strip("/")) if part)
    return DatastoreFacts(
        name=name,
        kind="bucket",
        place=f"{shown} at {bucket.endpoint}",
        account=known.account,
        container=known.container or bucket.bucket,
        where=known.where,
        read_only=bucket.read_only,
    )
