"""Buckets of a test cluster beside the one that runner has."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from minio import Minio

from runner.cluster.api import ClusterApi
from runner.cluster.kind import read_kubeconfig
from runner.cluster.options import STORAGE_NAMESPACE
from runner.cluster.store_keys import ROOT_SECRET, StoreKeys, keys_in
from tests.support.kind_cluster import KindCluster


def root_keys(cluster: KindCluster) -> StoreKeys:
    """Of the store's owner, which no run has."""
    api = ClusterApi(read_kubeconfig(cluster.name))
    return keys_in(api.get(f"/api/v1/namespaces/{STORAGE_NAMESPACE}/secrets/{ROOT_SECRET}"))


@contextmanager
def a_bucket(cluster: KindCluster, name: str) -> Iterator[tuple[Minio, str]]:
    """A new one and a client that may do all with it; gone afterwards."""
    keys, bucket = root_keys(cluster), f"{name}-{secrets.token_hex(6)}"
    address = cluster.endpoint.partition("://")[2]
    root = Minio(endpoint=address, access_key=keys.access_key, secret_key=keys.secret_key, secure=False)
    root.make_bucket(bucket_name=bucket)
    try:
        yield root, bucket
    finally:
        for entry in root.list_objects(bucket_name=bucket, recursive=True):
            root.remove_object(bucket_name=bucket, object_name=str(entry.object_name))
        root.remove_bucket(bucket_name=bucket)
