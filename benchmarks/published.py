"""The cost of finding published pipelines by their number: a list of all, and the newest one of a name and version.

Each name has ten versions. The bucket is one in memory that takes 5 ms for a request, as MinIO in the same network
does; a list request returns 1,000 keys. Figures: benchmarks/README.md.

    benchmarks/published.py                     10, 1,000 and 10,000 pipelines, in a folder and in the bucket
    benchmarks/published.py --minio             a bucket of a MinIO container in place of that in memory
    benchmarks/published.py --pipelines 1000    other numbers
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runner.model.published import PublishedRecord  # noqa: E402 - the tree of this program comes first
from runner.operations.published import pipelines  # noqa: E402
from runner.ports import ObjectInfo, ObjectStore  # noqa: E402
from runner.storage.directory import DirectoryStore  # noqa: E402
from runner.storage.s3.store import BucketStore  # noqa: E402
from tests.support.memory_store import MemoryStore  # noqa: E402
from tests.support.minio_server import minio_server  # noqa: E402

LATENCY = 0.005
"""Seconds of one request."""
PAGE = 1000
"""Keys of one list request."""
BEGUN = datetime(2026, 1, 1, tzinfo=timezone.utc)


class SlowBucket(MemoryStore):
    """A bucket in memory whose requests take their time."""

    slow = False
    requests = 0

    def put(self, key: str, data: bytes) -> None:  # type: ignore[explicit-override]  # noqa: D102 - as in the port
        self.objects[key] = data

    def put_if_absent(self, key: str, data: bytes) -> bool:  # type: ignore[explicit-override]  # noqa: D102 - as in the port
        return self.objects.setdefault(key, data) is data

    def get(self, key: str) -> bytes:  # type: ignore[explicit-override]  # noqa: D102 - as in the port
        self._wait()
        return super().get(key)

    def list(self, prefix: str, *, after: str = "") -> Iterator[ObjectInfo]:  # type: ignore[explicit-override]  # noqa: D102 - as in the port
        for number, info in enumerate(super().list(prefix, after=after)):
            if number % PAGE == 0:
                self._wait()
            yield info

    def _wait(self) -> None:
        if self.slow:
            self.requests += 1
            time.sleep(LATENCY)


def fill(store: ObjectStore, count: int) -> None:
    """Publish so many pipelines."""

    def create(number: int) -> None:
        record = PublishedRecord(
            id=str(uuid.UUID(int=number)),
            name=f"train-{number // 10}",
            version=str(number % 10),
            plan="d" * 64,
            created=BEGUN + timedelta(minutes=number),
        )
        pipelines.create(store, record)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(create, range(count)))


def seconds(act: Callable[[], object]) -> float:
    """Return the time of the quickest of three calls."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return min(times)


def measure(store: ObjectStore, count: int) -> None:
    """Print the figures of a filled store."""
    wanted = f"train-{(count // 2) // 10}@{(count // 2) % 10}"
    if isinstance(store, SlowBucket):
        store.slow = True
    found = seconds(lambda: pipelines.named(store, wanted))
    listed = seconds(lambda: pipelines.all_of(store))
    assert len(pipelines.all_of(store)) == count
    print(f"  {count:>6} pipelines: {wanted} found in {found * 1000:7.1f} ms, all listed in {listed * 1000:8.1f} ms")


@contextmanager
def bucket(*, minio: bool) -> Iterator[ObjectStore]:
    """Return an empty bucket."""
    if not minio:
        yield SlowBucket()
        return
    with minio_server("published") as endpoint:
        yield BucketStore(endpoint)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minio", action="store_true")
    parser.add_argument("--pipelines", type=int, nargs="+", default=[10, 1000, 10_000])
    options = parser.parse_args()
    print("a folder")
    for count in options.pipelines:
        with tempfile.TemporaryDirectory() as folder:
            store = DirectoryStore(Path(folder))
            fill(store, count)
            measure(store, count)
    print("MinIO" if options.minio else f"a bucket with {LATENCY * 1000:.0f} ms a request")
    for count in options.pipelines:
        with bucket(minio=options.minio) as made:
            fill(made, count)
            measure(made, count)


if __name__ == "__main__":
    main()
