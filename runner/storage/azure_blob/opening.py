"""The container at an endpoint, for `runner.storage.registry`."""

from __future__ import annotations

from typing import Callable

from ...model.store_endpoint import OtherEndpoint, StoreEndpoint
from ..s3.http import RetryPolicy
from .address import Container, from_endpoint
from .store import BlobStore


def open_store(
    endpoint: OtherEndpoint, retries: RetryPolicy | None, renew: Callable[[], StoreEndpoint | None] | None
) -> BlobStore:
    """Return the container.

    Args:
        endpoint: The endpoint, container and key.
        retries: The retries of each request. None: the default policy.
        renew: Returns the endpoint with another key after a refusal. None: there is none.

    Raises:
        BadInput: The endpoint is invalid.

    """

    def again() -> Container | None:
        found = renew() if renew else None
        return from_endpoint(found) if isinstance(found, OtherEndpoint) else None

    return BlobStore(from_endpoint(endpoint), retries, again if renew else None)
