"""The bucket at an endpoint, for `runner.storage.registry`."""

from __future__ import annotations

from typing import Callable

from ...model.store_endpoint import BucketEndpoint, StoreEndpoint
from .http import RetryPolicy
from .store import BucketStore


def open_store(
    endpoint: BucketEndpoint, retries: RetryPolicy | None, renew: Callable[[], StoreEndpoint | None] | None
) -> BucketStore:
    """Return the bucket.

    Args:
        endpoint: The endpoint, bucket and key.
        retries: The retries of each request. None: the default policy.
        renew: Returns the endpoint with another key after a refusal. None: there is none.

    Raises:
        BadInput: The endpoint is invalid.

    """

    def again() -> BucketEndpoint | None:
        found = renew() if renew else None
        return found if isinstance(found, BucketEndpoint) else None

    return BucketStore(endpoint, retries, again if renew else None)
