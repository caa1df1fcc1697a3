"""The cost of a page of the list of runs: the newest ones, and those that a filter finds among all.

Each run has an entry in the index and a head, as a controller leaves them; one in a thousand is of user `bob`. The
first search with a filter reads every entry and leaves blocks; the next one reads these. Figures: benchmarks/README.md.

    benchmarks/listing.py                  10, 1,000 and 10,000 runs, in a folder
    benchmarks/listing.py --minio          and in a bucket of a MinIO container
    benchmarks/listing.py --bucket NAME --endpoint URL    and in a bucket of a server that runs, by minioadmin's keys
    benchmarks/listing.py --runs 1000      other numbers
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from runner.model.credentials import Credentials  # noqa: E402 - the tree of this program comes first
from runner.model.names import new_run_id  # noqa: E402
from runner.model.status import RunStatus  # noqa: E402
from runner.model.store_endpoint import BucketEndpoint  # noqa: E402
from runner.operations.run_pages import RunFilter, page  # noqa: E402
from runner.ports import ObjectStore  # noqa: E402
from runner.runs import head, index, journal  # noqa: E402
from runner.storage.directory import DirectoryStore  # noqa: E402
from runner.storage.s3.store import BucketStore  # noqa: E402
from tests.support.minio_server import minio_server  # noqa: E402

BEGUN = datetime(2026, 1, 1, tzinfo=timezone.utc)
AIM = 0.5
"""Seconds of a page."""
TIMES = 5
NEWEST, FEW = RunFilter(), RunFilter(user="bob")
NONE, FAILED = RunFilter(text="nowhere"), RunFilter(status="failed", experiment="train-3")


def fill(store: ObjectStore, count: int) -> None:
    """Store so many runs, which have ended."""

    def create(number: int) -> None:
        at = BEGUN + timedelta(minutes=number)
        run = new_run_id(at, number.to_bytes(10, "big"))
        entry = index.IndexEntry(
            run=run,
            experiment=f"train-{number % 7}",
            created=at,
            user="bob" if number % 1000 == 0 else "ann",
            steps=40,
            tags={"stage": "test", "ticket": f"ML-{number}"},
            description="a run of the benchmark",
        )
        index.add(store, entry)
        status = RunStatus.FAILED if number % 50 == 3 else RunStatus.SUCCEEDED
        ended = head.Head(number=90, status=status, time=at, host="vm", pid=1, succeeded=40, ended=at)
        head.put(store, run, ended)
        store.put(journal.entry_key(run, 1), b"{}")

    with ThreadPoolExecutor(16) as pool:
        for _ in pool.map(create, range(count)):
            pass


def search(store: ObjectStore, wanted: RunFilter) -> tuple[int, int]:
    """Return the number of runs that fit, and of the pages that it took to find all."""
    found = pages = 0
    cursor = ""
    while True:
        part = page(store, wanted, cursor=cursor)
        found, pages, cursor = found + len(part.runs), pages + 1, part.cursor
        if not cursor:
            return found, pages


def timed(act: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def measure(name: str, store: ObjectStore, count: int) -> bool:
    """Print the figures of one store with so many runs; False: an aim is missed."""
    fill(store, count)
    newest = [timed(lambda: page(store, NEWEST)) for _ in range(TIMES)]
    cold: list[float] = []
    pages = 0
    cursor = ""
    while True:  # the first search, page by page
        began = time.perf_counter()
        part = page(store, FEW, cursor=cursor)
        cold.append(time.perf_counter() - began)
        pages, cursor = pages + 1, part.cursor
        if not cursor:
            break
    figures = {"newest 50": median(newest), "first search, a page": max(cold)}
    for title, wanted in (("user bob", FEW), ("no run", NONE), ("failed of train-3", FAILED)):
        figures[title] = median(timed(partial(page, store, wanted)) for _ in range(TIMES))
    whole = sum(cold)
    shown = ", ".join(f"{title} {seconds:.3f} s" for title, seconds in figures.items())
    print(f"{name}, {count} runs: {shown}; the first search {whole:.2f} s in {pages} pages, "
          f"{whole / figures['user bob']:.0f} times the next one", flush=True)  # fmt: skip
    return all(seconds <= AIM for seconds in figures.values())


@contextmanager
def stores(
    endpoint: BucketEndpoint | None, *, minio: bool
) -> Iterator[Iterator[tuple[str, Callable[[str], ObjectStore]]]]:
    """Yield the kinds of stores, and what opens an empty one."""
    with tempfile.TemporaryDirectory() as folder:
        kinds: list[tuple[str, Callable[[str], ObjectStore]]] = [
            ("folder", lambda name: DirectoryStore(Path(folder) / name))
        ]
        if endpoint is None and not minio:
            yield iter(kinds)
            return
        with minio_server("listing") if endpoint is None else nullcontext(endpoint) as bucket:
            kinds.append(("MinIO", lambda name: BucketStore(replace(bucket, prefix=f"{name}/"))))
            yield iter(kinds)


def main() -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minio", action="store_true")
    parser.add_argument("--bucket", default="")
    parser.add_argument("--endpoint", default="http://127.0.0.1:9000")
    parser.add_argument("--runs", type=int, action="append")
    options = parser.parse_args()
    fits = True
    keys = Credentials("minioadmin", "minioadmin")
    known = BucketEndpoint(bucket=options.bucket, endpoint=options.endpoint, credentials=keys)
    with stores(known if options.bucket else None, minio=options.minio) as kinds:
        for name, opened in kinds:
            for count in options.runs or (10, 1_000, 10_000):
                fits &= measure(name, opened(f"{count}-{os.urandom(2).hex()}"), count)
    print(f"aim: a page in {AIM} s: {'met' if fits else 'missed'}")
    return 0 if fits else 1


if __name__ == "__main__":
    sys.exit(main())
