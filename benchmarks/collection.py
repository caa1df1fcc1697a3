"""The cost of ``runner gc`` by the number of objects in a store: a dry run, then the deletion of half of the runs.

Each run has one step with one output of two files; a run makes about thirteen objects. Half of the runs are old.

    benchmarks/collection.py                    a folder: 10, 1,000 and 100,000 objects
    benchmarks/collection.py --minio            a bucket of a MinIO container
    benchmarks/collection.py --objects 1000     other numbers
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runner.model.keep_rule import KeepRule  # noqa: E402 - the tree of this program comes first
from runner.operations.collection.collect import Collector, Findings  # noqa: E402
from runner.operations.collection.survey import Surveyor  # noqa: E402
from runner.ports import ObjectStore  # noqa: E402
from runner.storage.directory import DirectoryStore  # noqa: E402
from runner.storage.s3.bucket import Bucket  # noqa: E402
from runner.storage.s3.store import BucketStore  # noqa: E402
from tests.support.minio_server import minio_server  # noqa: E402
from tests.support.stored_runs import StoredRun, run_id  # noqa: E402

PER_RUN = 13
LATER = timedelta(days=10)
"""The clock of the collection is so far ahead: nothing is old in a store that has just been written."""
_requests = 0


class LaterFolder(DirectoryStore):
    """A folder store whose clock is ahead."""

    def now(self) -> datetime:  # type: ignore[explicit-override]  # noqa: D102 - as in the port
        return datetime.now(timezone.utc) + LATER


class LaterBucket(BucketStore):
    """A bucket whose clock is ahead."""

    def now(self) -> datetime:  # type: ignore[explicit-override]  # noqa: D102 - as in the port
        return super().now() + LATER


def fill(store: ObjectStore, runs: int) -> None:
    """Write runs, half of which are young in the time of the collection."""
    begun = datetime.now(timezone.utc)

    def write(number: int) -> None:
        at = begun + (LATER if number % 2 else timedelta()) + timedelta(milliseconds=number)
        run = StoredRun(store, run_id(at, number % 200), steps=(f"a-{number}",))
        run.submit()
        run.execute(f"a-{number}", content=str(number).encode() * 100)
        run.end()

    with ThreadPoolExecutor(16) as pool:
        for _ in pool.map(write, range(runs)):
            pass


def timed(act: Callable[[], Findings]) -> tuple[Findings, float, int]:
    """Return the result of a call with its seconds and requests."""
    global _requests
    _requests, start = 0, time.monotonic()
    done = act()
    return done, time.monotonic() - start, _requests


@contextmanager
def place(*, minio: bool) -> Iterator[tuple[ObjectStore, ObjectStore]]:
    """Yield a store as it is filled, and as it is collected."""
    if not minio:
        with tempfile.TemporaryDirectory() as folder:
            yield DirectoryStore(Path(folder), durable=False), LaterFolder(Path(folder), durable=False)
        return
    with minio_server("collection") as endpoint:
        yield BucketStore(endpoint), LaterBucket(endpoint)


def main() -> None:
    """Measure, and print a row per number of objects."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, nargs="+", default=[10, 1000, 100_000])
    parser.add_argument("--minio", action="store_true")
    options = parser.parse_args()
    ask = Bucket.ask

    def counted(*arguments: object, **named: object) -> object:
        global _requests
        _requests += 1
        return ask(*arguments, **named)  # type: ignore[arg-type]  # whatever it takes

    Bucket.ask = counted  # type: ignore[method-assign,assignment]  # counts
    print("| objects | runs | dry run, s | requests | delete, s | requests | deleted | memory, MiB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for objects in options.objects:
        with place(minio=options.minio) as (store, collected):
            runs = max(1, objects // PER_RUN)
            fill(store, runs)
            count = sum(1 for _ in store.list(""))
            rule = KeepRule(age=timedelta(days=5), last=0)

            def collector(collected: ObjectStore = collected, rule: KeepRule = rule) -> Collector:
                return Collector(
                    surveyor=Surveyor(store=collected, datastores=lambda _name: collected, rule=rule, others=tuple)
                )

            _, dry, asked = timed(collector().plan)
            done, seconds, sent = timed(collector().collect)
            left = sum(1 for _ in store.list(""))
            assert not done.held
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            row = (count, runs, f"{dry:.2f}", asked or "", f"{seconds:.2f}", sent or "", count - left, f"{memory:.0f}")
            print("|", " | ".join(map(str, row)), "|", flush=True)


if __name__ == "__main__":
    main()
