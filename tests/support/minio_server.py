"""A MinIO server in a container, for contract tests and benchmarks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from runner.model.vantage import BucketVantage

IMAGE = os.environ.get("RUNNER_MINIO_IMAGE") or "minio/minio:RELEASE.2025-09-07T16-13-09Z"


@contextmanager
def minio_server(bucket: str) -> Iterator[BucketVantage]:
    """The bucket as its root user sees it."""
    os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # read when testcontainers is imported
    from testcontainers.community.minio import MinioContainer

    from runner.storage.minio import ensure_bucket

    with MinioContainer(image=IMAGE) as container:
        endpoint = f"http://{container.get_container_host_ip()}:{container.get_exposed_port(container.port)}"
        access, secret = container.access_key, container.secret_key
        ensure_bucket(endpoint, access, secret, bucket)
        yield BucketVantage(bucket, endpoint, access_key=access, secret_key=secret)
