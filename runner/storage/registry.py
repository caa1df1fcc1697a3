"""The types of object stores. To add one: write its package, and add its line here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Callable, Mapping, Optional

from ..model.store_endpoint import StoreEndpoint
from ..override import override
from ..ports import ObjectStore

if TYPE_CHECKING:
    from ..config.store import StoreConfig
    from .s3.http import RetryPolicy

TYPES = {
    "folder": (".local_folder:FolderConfig", ""),
    "bucket": (".s3.datastore:BucketDatastore", ".s3.opening"),
    "azure_blob": (".azure_blob.datastore:AzureBlobConfig", ".azure_blob.opening"),
}
"""``type:`` in the configuration, to the class that implements `StoreConfig` and the module that steps carry.

The module has ``open_store(endpoint, retries, renew)``, which returns the `ObjectStore` of a `StoreEndpoint` of this
kind; it imports the standard library alone. Steps in pods cannot open a type without such a module.
"""
Renew = Callable[[], Optional[StoreEndpoint]]
"""Reads the endpoint again: its key may have been changed. Raises RunnerError, OSError."""


def open_store(endpoint: StoreEndpoint, retries: RetryPolicy | None = None, renew: Renew | None = None) -> ObjectStore:
    """Return the store at an endpoint.

    Args:
        endpoint: The endpoint, with its keys.
        retries: The retries of each request. None: the default policy.
        renew: Returns the endpoint with other keys after a refusal. None: there are none.

    Raises:
        BadInput: The endpoint is invalid.

    """
    opened: ObjectStore = import_module(TYPES[endpoint.kind][1], __package__).open_store(endpoint, retries, renew)
    return opened


class _Registry(Mapping[str, "type[StoreConfig]"]):
    """The classes of `TYPES`, each imported when it is first used."""

    @override
    def __getitem__(self, kind: str) -> type[StoreConfig]:
        module, _, name = TYPES[kind][0].partition(":")
        found: type[StoreConfig] = getattr(import_module(module, __package__), name)
        return found

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(TYPES)

    @override
    def __len__(self) -> int:
        return len(TYPES)


STORES = _Registry()
