"""A MinIO server in a container, for contract tests and benchmarks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint

IMAGE = os.environ.get("RUNNER_MINIO_IMAGE") or "minio/minio:RELEASE.2025-09-07T16-13-09Z"


@contextmanager
def minio_server(bucket: str) -> Iterator[BucketEndpoint]:
    """The bucket as its root user sees it."""
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # read when testcontainers is imported
    from testcontainers.community.minio import MinioContainer

    from runner.cluster.minio_admin import ensure_bucket

    with MinioContainer(image=IMAGE) as container:
        endpoint = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(container.port)}"
        access, secret = container.access_key, container.secret_key
        ensure_bucket(endpoint, access, secret, bucket)
        yield BucketEndpoint(bucket=bucket, endpoint=endpoint, credentials=Credentials(access, secret))
