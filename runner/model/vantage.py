"""How a bucket is reached from one place: the laptop and a pod see different endpoints of one bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..dataclass import dataclass, field
from .access import Access
from .data import DEFAULT_DATASTORE, FILE_DATASTORE


@dataclass(frozen=True)
class BucketVantage:
    """A bucket, seen from somewhere, with the key to it. Never stored in a Plan, Task or journal."""

    bucket: str
    endpoint: str
    """``http://host:port`` or ``https://host``; requests use path style."""
    prefix: str = ""
    """Put before every key; empty, or ends with a slash."""
    region: str = "us-east-1"
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    read_only: bool = False
    """Data of others: nothing is written there, whatever the key allows."""


@dataclass(frozen=True)
class StepStores:
    """What a step's pod needs to reach its data: the content of the mounted secret file."""

    workspace: BucketVantage
    datastores: Mapping[str, BucketVantage] = field(default_factory=dict)
    """Datastores that do not lie in the workspace store."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values by name, for scripts that ask for them."""
    withheld: Access = field(default_factory=Access)
    """Names that are configured and that this step does not declare."""

    def only(self, access: Access) -> StepStores:
        """Return the part that `access` names; the workspace store is always in it."""
        return replace(
            self,
            datastores={name: self.datastores[name] for name in access.datastores if name in self.datastores},
            secrets={name: self.secrets[name] for name in access.secrets if name in self.secrets},
            withheld=Access(tuple(self.secrets), tuple(self.datastores)).without(access),
        )

    @property
    def values(self) -> tuple[str, ...]:
        """All that is secret in it: the keys of buckets, and the values of secrets."""
        keys = (vantage.secret_key for vantage in (self.workspace, *self.datastores.values()))
        return (*filter(None, keys), *self.secrets.values())

    def of(self, datastore: str) -> BucketVantage | None:
        """The bucket of a datastore; None: this step has no access to it."""
        if datastore == DEFAULT_DATASTORE:
            return self.workspace
        if datastore == FILE_DATASTORE and datastore not in (*self.datastores, *self.withheld.datastores):
            return replace(self.workspace, prefix=f"{self.workspace.prefix}{FILE_DATASTORE}/")
        return self.datastores.get(datastore)
