"""A ledger of executions out of runner's reach: a bucket that every pod may write to, without keys."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from minio import Minio

from runner.cluster.api import ClusterApi
from runner.cluster.keys import ROOT_SECRET, keys_in
from runner.cluster.kind import read_kubeconfig
from runner.cluster.options import STORAGE_NAMESPACE
from tests.support.kind_cluster import KindCluster


@dataclass(frozen=True)
class Ledger:
    """Each execution puts an object ``<who>/<anything unique>``."""

    client: Minio
    bucket: str
    url: str
    """As pods reach it."""

    def count(self) -> Mapping[str, int]:
        """How often each has run."""
        found = self.client.list_objects(bucket_name=self.bucket, recursive=True)
        return Counter(str(entry.object_name).rpartition("/")[0] for entry in found)


@contextmanager
def open_ledger(cluster: KindCluster) -> Iterator[Ledger]:
    """A new one, gone afterwards."""
    root, bucket = _root(cluster), f"ledger-{secrets.token_hex(6)}"
    root.make_bucket(bucket_name=bucket)
    allowed = {
        "Effect": "Allow",
        "Principal": {"AWS": ["*"]},
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    root.set_bucket_policy(bucket_name=bucket, policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    try:
        yield Ledger(root, bucket, f"{cluster.cluster_endpoint}/{bucket}")
    finally:
        for entry in root.list_objects(bucket_name=bucket, recursive=True):
            root.remove_object(bucket_name=bucket, object_name=str(entry.object_name))
        root.remove_bucket(bucket_name=bucket)


def _root(cluster: KindCluster) -> Minio:
    api = ClusterApi(read_kubeconfig(cluster.name))
    keys = keys_in(api.get(f"/api/v1/namespaces/{STORAGE_NAMESPACE}/secrets/{ROOT_SECRET}"))
    address = cluster.endpoint.partition("://")[2]
    return Minio(endpoint=address, access_key=keys.access_key, secret_key=keys.secret_key, secure=False)
