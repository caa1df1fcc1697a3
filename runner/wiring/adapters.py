"""Adapters of object stores, made from settings. Each is imported by the function that needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ..datastores import BucketConfig
from ..model.secret import SecretSource
from ..model.store_endpoint import BucketEndpoint, StepStores, StoreEndpoint
from ..ports import CredentialMinter, ObjectStore


def folder_store(folder: Path) -> ObjectStore:
    """Return the store in a local folder, which is the default."""
    from ..storage.local_folder import open_folder

    return open_folder(folder)


def bucket_store(store: BucketConfig, where: str) -> ObjectStore:
    """Return the store in a bucket, as this machine reaches it. Raises BadInput for unusable credentials."""
    from ..storage.s3.datastore import open_bucket

    return open_bucket(store, where)


def minter_of(endpoint: Callable[[], StoreEndpoint | None]) -> CredentialMinter | None:
    """Return what mints keys for a bucket; None: the store is none, or there is none.

    Args:
        endpoint: Returns the bucket as this process reaches it, with its present keys. Raises BadInput.

    """
    from ..storage.s3.sts import StsMinter

    def bucket() -> BucketEndpoint | None:
        found = endpoint()
        return found if isinstance(found, BucketEndpoint) else None

    now = bucket()
    return StsMinter(now, bucket) if now is not None else None


def step_stores(
    name: str,
    workspace: BucketConfig,
    datastores: Mapping[str, StoreEndpoint],
    secrets: Mapping[str, SecretSource],
    *,
    here: bool = False,
) -> StepStores:
    """Return the keys and secrets for steps that reach the stores by themselves.

    Args:
        name: The target's name.
        workspace: The bucket of the workspace.
        datastores: The other buckets by the names of their datastores.
        secrets: The sources of the secrets.
        here: The steps run on this machine. Default: False, in pods.

    Raises:
        BadInput: for unusable credentials.

    """
    from ..data.secret_values import available
    from ..storage.s3.web_identity import configured_endpoints

    near, cluster = configured_endpoints(workspace, f"target '{name}'")
    return StepStores(near if here else cluster, datastores, available(secrets))


def handed_over(stores: StepStores) -> StepStores:
    """Return the stores for the spec of a controller: it makes keys of a web identity by itself."""
    from ..storage.s3.web_identity import without_sessions

    return without_sessions(stores)


def taken_over(stores: StepStores) -> StepStores:
    """Return the stores of a spec with the keys that a web identity has now.

    Raises:
        BadInput: This pod has no such identity, or its server refuses it.
        StoreUnreachable: The server does not answer now.
    """
    from ..storage.s3.web_identity import with_sessions

    return with_sessions(stores)
