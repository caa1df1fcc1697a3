"""The store's keys: made once per cluster, kept in Secrets beside the store, found there again."""

from __future__ import annotations

import base64
from collections.abc import Callable

from ..dataclass import dataclass, field
from ..model.document import Document
from .api import ClusterApi
from .manifests import collection_path
from .options import STORAGE_NAMESPACE

ROOT_SECRET = "minio-root"  # noqa: S105 - the name of a Secret
"""manifests/minio.yaml mounts it."""
BUCKET_SECRET = "minio-bucket-user"  # noqa: S105 - the name of a Secret


@dataclass(frozen=True)
class StoreKeys:
    """The keys with which one user of the store signs."""

    access_key: str
    secret_key: str = field(repr=False)


def random_keys(prefix: str, draw: Callable[[int], str]) -> StoreKeys:
    """Keys nobody has used: `draw` gives that many random bytes as hex digits.

    MinIO takes access keys of 3 to 20 characters and secret keys of 8 to 40.
    """
    return StoreKeys(f"{prefix}-{draw(6)}", draw(20))


def secret_manifest(name: str, keys: StoreKeys) -> Document:
    """The Secret that keeps `keys`; immutable, so that nothing can change them under MinIO's feet."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": name,
            "namespace": STORAGE_NAMESPACE,
            "labels": {"app.kubernetes.io/part-of": "runner"},
        },
        "immutable": True,
        "type": "Opaque",
        "stringData": {"access_key": keys.access_key, "secret_key": keys.secret_key},
    }


def keys_in(secret: Document) -> StoreKeys:
    """The keys a Secret read from the API server keeps."""
    data = secret["data"]
    return StoreKeys(*(base64.b64decode(data[name]).decode() for name in ("access_key", "secret_key")))


def kept_keys(api: ClusterApi, name: str, fresh: StoreKeys) -> StoreKeys:
    """The keys in the Secret of that name, which is made of `fresh` if there is none. Raises TargetError."""
    collection = collection_path("Secret", STORAGE_NAMESPACE)
    found = api.get(f"{collection}/{name}")
    if found is None:
        api.create(collection, secret_manifest(name, fresh))
        return fresh
    return keys_in(found)
