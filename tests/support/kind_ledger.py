"""A ledger of executions out of runner's reach: a bucket that every pod may read and write, without keys."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from minio import Minio

from tests.support.kind_bucket import a_bucket
from tests.support.kind_cluster import KindCluster

RELEASED = "released"


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
        names = (str(entry.object_name).rpartition("/")[0] for entry in found)
        return Counter(name for name in names if name != RELEASED)

    def release(self, who: str) -> None:
        """Let those go on that wait for ``released/<who>``."""
        self.client.put_object(bucket_name=self.bucket, object_name=f"{RELEASED}/{who}", data=io.BytesIO(), length=0)


@contextmanager
def open_ledger(cluster: KindCluster) -> Iterator[Ledger]:
    """A new one, gone afterwards."""
    with a_bucket(cluster, "ledger") as (root, bucket):
        allowed = {
            "Effect": "Allow",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:PutObject", "s3:GetObject"],
            "Resource": [f"arn:aws:s3:::{bucket}/*"],
        }
        root.set_bucket_policy(bucket_name=bucket, policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
        yield Ledger(root, bucket, f"{cluster.cluster_endpoint}/{bucket}")
