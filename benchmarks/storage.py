"""Our S3 client beside the minio package, on the same server, files on disk both ways.

One large object up and down (the package with its own file helpers and defaults), then many small
ones put and got by a pool of threads. Pairs are interleaved. The server is the one of the flags,
else a MinIO in a container; a server on the same machine takes most of the processor, so the ratio
says more than the figures.

    python benchmarks/storage.py [--endpoint URL --bucket NAME --credentials FILE]

The file of `--credentials` holds {"access_key": …, "secret_key": …}.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from minio import Minio
from urllib3 import PoolManager

from measure import ratio, table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runner.model.store_endpoint import BucketEndpoint  # noqa: E402 - from the tree beside this file
from runner.storage.s3.store import BucketStore  # noqa: E402

MIB = 1 << 20
THREADS = 16
BAR = 1.0
Work = Callable[[], object]


class Ours:
    """The store of `runner`."""

    name = "runner BucketStore"

    def __init__(self, vantage: BucketEndpoint) -> None:
        self.store = BucketStore(vantage)

    def upload(self, key: str, path: Path) -> None:
        """Write a file."""
        self.store.upload(key, path)

    def download(self, key: str, path: Path) -> None:
        """Read to a file."""
        self.store.download(key, path)

    def put(self, key: str, data: bytes) -> None:
        """Write bytes."""
        self.store.put(key, data)

    def get(self, key: str) -> bytes:
        """Read bytes."""
        return self.store.get(key)


class Theirs:
    """The minio package, used as its documentation shows."""

    name = "minio package"

    def __init__(self, vantage: BucketEndpoint) -> None:
        self.bucket, self.prefix = vantage.bucket, vantage.prefix
        parts = urlsplit(vantage.endpoint)
        self.client = Minio(
            endpoint=parts.netloc,
            access_key=vantage.credentials.access_key,
            secret_key=vantage.credentials.secret_key,
            region=vantage.region,
            secure=parts.scheme == "https",
            http_client=PoolManager(maxsize=THREADS),  # its default keeps 10 connections: too few for the threads
        )

    def upload(self, key: str, path: Path) -> None:
        """Write a file."""
        self.client.fput_object(bucket_name=self.bucket, object_name=self.prefix + key, file_path=str(path))

    def download(self, key: str, path: Path) -> None:
        """Read to a file."""
        self.client.fget_object(bucket_name=self.bucket, object_name=self.prefix + key, file_path=str(path))

    def put(self, key: str, data: bytes) -> None:
        """Write bytes."""
        self.client.put_object(
            bucket_name=self.bucket, object_name=self.prefix + key, data=io.BytesIO(data), length=len(data)
        )

    def get(self, key: str) -> bytes:
        """Read bytes."""
        response = self.client.get_object(bucket_name=self.bucket, object_name=self.prefix + key)
        try:
            return bytes(response.read())
        finally:
            response.close()
            response.release_conn()


Client = Ours | Theirs


def seconds(work: Work) -> tuple[float, float]:
    """How long it takes, and how much of the processor this program uses for it."""
    started, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - started, time.process_time() - used


def works(client: Client, folder: Path, source: Path, count: int, data: bytes) -> Iterator[tuple[str, Work]]:
    """What is measured, in order: each reads what the one before wrote."""
    target = folder / f"{uuid.uuid4().hex}"
    keys = [f"small/{number:05d}" for number in range(count)]

    def each(call: Callable[[str], object]) -> None:
        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(call, keys))

    yield "upload of one large file", lambda: client.upload("large", source)
    yield "download of one large file", lambda: client.download("large", target)
    if target.stat().st_size != source.stat().st_size:
        sys.exit(f"{client.name} downloaded something else")
    target.unlink()
    yield "put of small objects", lambda: each(lambda key: client.put(key, data))
    yield "get of small objects", lambda: each(client.get)


def measure(vantage: BucketEndpoint, options: argparse.Namespace) -> None:
    """Run the pairs and print a table for each work."""
    times: dict[str, dict[str, list[float]]] = {}
    used: dict[str, dict[str, list[float]]] = {}
    run = f"benchmark-{uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "source"
        source.write_bytes(os.urandom(MIB) * options.mebibytes)
        small = os.urandom(64 << 10)
        clients: list[Client] = [
            Ours(replace(vantage, prefix=f"{vantage.prefix}{run}/ours/")),
            Theirs(replace(vantage, prefix=f"{vantage.prefix}{run}/theirs/")),
        ]
        for number in range(options.rounds):
            order = clients if number % 2 == 0 else clients[::-1]
            pairs = zip(*(works(client, folder, source, options.objects, small) for client in order), strict=True)
            for pair in pairs:
                for client, (work, call) in zip(order, pair, strict=True):
                    wall, processor = seconds(call)
                    times.setdefault(work, {}).setdefault(client.name, []).append(wall)
                    used.setdefault(work, {}).setdefault(client.name, []).append(processor)
    clean(BucketStore(replace(vantage, prefix=f"{vantage.prefix}{run}/")))
    for work, columns in times.items():
        table(f"{work} ({options.mebibytes} MiB, or {options.objects} x 64 KiB)", "s", columns)
        ratio(columns[Ours.name], columns[Theirs.name], BAR)
        table("the same: the client's own processor time", "s", used[work])


def clean(store: BucketStore) -> None:
    """Remove what was written."""
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(store.delete, [info.key for info in store.list("")]))
    store.close()


@contextmanager
def server(options: argparse.Namespace) -> Iterator[BucketEndpoint]:
    """The bucket of the flags, or one in a container."""
    if options.endpoint:
        key = json.loads(Path(options.credentials).read_text(encoding="utf-8"))
        yield BucketEndpoint(bucket=options.bucket, endpoint=options.endpoint, region=options.region, **key)
        return
    from tests.support.minio_server import minio_server

    with minio_server("benchmark") as vantage:
        yield vantage


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default="", help="http://host:port; a container is started without it")
    parser.add_argument("--bucket", default="runner")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--credentials", default="")
    parser.add_argument("--mebibytes", type=int, default=256)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with server(options) as vantage:
        measure(vantage, options)


if __name__ == "__main__":
    main()
