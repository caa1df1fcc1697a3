"""Access to a store from one place: a laptop and a pod may use different endpoints of one bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Union

from ..backports import without_prefix
from ..dataclass import dataclass, field
from .access import Access
from .credentials import Credentials
from .data import DEFAULT_DATASTORE, FILE_DATASTORE


@dataclass(frozen=True, kw_only=True)
class BucketEndpoint:
    """A bucket with an endpoint and credentials. It is never stored in a plan, task or journal."""

    bucket: str
    endpoint: str
    """``http://host:port`` or ``https://host``."""
    prefix: str = ""
    """Prefix of every key; empty, or ends with a slash."""
    region: str = "us-east-1"
    credentials: Credentials = field(default_factory=Credentials, repr=False)
    """The keys. Default: none, so that nothing is accepted."""
    shared: Credentials | None = field(default=None, repr=False)
    """The keys for all but the folders in `own`. None: `credentials` are for everything."""
    own: tuple[str, ...] = ()
    """The folders below the prefix that `credentials` are for, if there are `shared` ones. Each ends with a slash, or
    is an object."""
    sts_endpoint: str = ""
    """The URL that makes temporary keys. Empty: the store's own."""
    role: str = ""
    """The role that temporary keys have (its ARN). Empty: the rights of `credentials`."""
    web_identity: str = ""
    """The file with the token that `credentials` come from. Empty: they do not. Steps do not read it."""
    read_only: bool = False
    """True: runner writes nothing there, whatever the key permits."""
    host_style: bool = False
    """True: the bucket is a part of the host name. False: it is the first part of each path."""

    @property
    def url(self) -> str:
        """The URL that requests go to: the endpoint, with the bucket before its host in host style."""
        scheme, mark, host = self.endpoint.partition("://")
        return f"{scheme}{mark}{self.bucket}.{host}" if self.host_style else self.endpoint

    @property
    def kind(self) -> str:
        """The type of the store in `runner.storage.registry`."""
        return "bucket"

    @property
    def hidden(self) -> tuple[str, ...]:
        """The secrets in it, to be masked wherever a step shows them."""
        return (*self.credentials.secrets, *(self.shared.secrets if self.shared else ()))

    def below(self, folder: str) -> BucketEndpoint:
        """Return the part of the bucket below `folder`, which ends with a slash."""
        own = tuple(without_prefix(place, folder) for place in self.own if place.startswith(folder))
        return replace(self, prefix=f"{self.prefix}{folder}", own=own)


@dataclass(frozen=True, kw_only=True)
class OtherEndpoint:
    """A store that is no bucket, with all that its adapter needs. It is never stored in a plan, task or journal."""

    kind: str
    """The type of the store in `runner.storage.registry`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Its address and the like, by names that the adapter knows. They may be shown."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Keys, and other forms of them that a text may hold."""

    @property
    def hidden(self) -> tuple[str, ...]:
        """The secrets in it, to be masked wherever a step shows them."""
        return tuple(filter(None, self.secrets.values()))


StoreEndpoint = Union[BucketEndpoint, OtherEndpoint]


@dataclass(frozen=True)
class StepStores:
    """The content of the secret file of a step's pod: access to its data."""

    workspace: BucketEndpoint
    datastores: Mapping[str, StoreEndpoint] = field(default_factory=dict)
    """Datastores that do not lie in the workspace store."""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values by name, for scripts that read them."""
    withheld: Access = field(default_factory=Access)
    """Configured names that this step does not declare."""

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
        """Return every secret in it: the keys of buckets, and the values of secrets."""
        return (*self.keys, *self.secrets.values())

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of all stores in it."""
        endpoints = (self.workspace, *self.datastores.values())
        return tuple(dict.fromkeys(key for endpoint in endpoints for key in endpoint.hidden))

    def of(self, datastore: str) -> StoreEndpoint | None:
        """Return the store of a datastore; None: this step has no access to it."""
        if datastore == DEFAULT_DATASTORE:
            return self.workspace
        if datastore == FILE_DATASTORE and datastore not in (*self.datastores, *self.withheld.datastores):
            return self.workspace.below(f"{FILE_DATASTORE}/")
        return self.datastores.get(datastore)
