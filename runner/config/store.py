"""The interface between a workspace and the package of an object store: one class with settings and methods."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from ..dataclass import dataclass
from ..datastores import WorkspaceConfig
from ..model.reading import Checks
from ..model.store_endpoint import StoreEndpoint
from ..ports import ObjectStore


class StoreConfig(Protocol):
    """The settings of one datastore: a frozen dataclass in the package of its object store.

    Its fields are the fields of an entry below ``datastores:`` in ``runner.yaml``. The class itself is cheap to
    import: its methods import the adapters. A place that is described in `where` is named in messages.
    """

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @classmethod
    def rules(cls) -> Checks:
        """Return the rules of the fields beyond their types."""

    @classmethod
    def paths(cls) -> tuple[str, ...]:
        """Return the names of the fields that hold paths: a file's relative paths are seen from its own folder."""

    @property
    def account(self) -> str:
        """The storage account, for v1 code that names it. Empty: there is none."""

    @property
    def container(self) -> str:
        """The container or bucket, for v1 code that names it. Empty: the datastore's name."""

    @property
    def place(self) -> str:
        """The place of the data, for messages. It holds no key."""

    @property
    def read_only(self) -> bool:
        """True if runner writes nothing there."""

    @property
    def folder(self) -> str:
        """The folder of this machine that the datastore is. Empty: it is none; steps in pods reach it."""

    def open(self, where: str) -> ObjectStore:
        """Return the store, as this machine reaches it. Raises BadInput for unusable settings."""

    def for_steps(self, where: str, *, here: bool) -> StoreEndpoint | None:
        """Return what steps need to open it, on this machine (`here`) or in pods; None for a folder.

        Raises BadInput for unusable settings.
        """


StoreTypes = Mapping[str, type[StoreConfig]]
"""The class of each ``type:`` that an entry below ``datastores:`` may have, beside ``workspace``."""
DatastoreLocation = StoreConfig | WorkspaceConfig


@dataclass(frozen=True, kw_only=True)
class DatastoreConfig:
    """A place for data beside the workspace store."""

    place: DatastoreLocation
    account: str = ""
    """The storage account name in v1 code: ``register_azure_blob_container(account_name=…)``."""
    container: str = ""
    """The container name in v1 code: ``register_azure_blob_container(container_name=…)``."""
    where: str = ""
    """The file and field that configure the datastore."""
    kind: str = ""
    """Its ``type:``."""
