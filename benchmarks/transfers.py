"""Our transfers beside rclone, s5cmd and obstore, on one server, files on disk both ways.

One large file and many small ones, up and down. Everybody runs in a process of its own and takes turns; the peak of
memory is the process's. Programs are timed from start to end; Python ones from the first request on, since a step and
a command of ours have their interpreter anyway. The step's side is `transfers.fetch` and `deliver` with and without
digests; the client's is what `runner data get` and `put` call. A server on the same machine takes most of the
processor, so ratios say more than figures. What is not installed is left out.

    python benchmarks/transfers.py [--rounds 3] [--mebibytes 1024] [--objects 2000] [--only step,rclone]
    python benchmarks/transfers.py --mebibytes 10240 --objects 1 --rounds 1 --only client   # 10 GiB: memory

s5cmd is looked for on the PATH (it builds from the Go module github.com/peak/s5cmd/v2); obstore is a package.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from runner.data import manifest
from runner.data.transfers import trees
from runner.model.credentials import Credentials
from runner.model.data import Entry, Manifest
from runner.model.store_endpoint import BucketEndpoint
from runner.operations.files import getting, putting
from runner.operations.files.addresses import DatastoreAddress
from runner.operations.files.finding import Stores
from runner.operations.values import RunView
from runner.storage.s3.store import BucketStore

MIB = 1 << 20
SMALL = 64 << 10
WORKS = ("large up", "large down", "small up", "small down")
CLIENT_BAR, LARGE_BAR, SMALL_BAR = 0.9, 0.7, 0.6
MEMORY_BAR = 256
"""MiB."""
VARIABLE = "TRANSFERS_CHILD"


@dataclass(frozen=True)
class Place:
    """Where everybody works: a prefix of the bucket, and a folder with ``large`` and ``small/``."""

    endpoint: str
    bucket: str
    access: str
    secret: str
    prefix: str
    folder: str

    @property
    def local(self) -> Path:
        """The folder."""
        return Path(self.folder)

    def store(self) -> BucketStore:
        """Our store below the prefix."""
        keys = Credentials(self.access, self.secret)
        return BucketStore(
            BucketEndpoint(bucket=self.bucket, endpoint=self.endpoint, prefix=f"{self.prefix}/", credentials=keys)
        )


def _prepared(place: Place, work: str, *, digests: bool) -> tuple[str, Path, Manifest]:
    """Key, local path and files of a work of the step's side."""
    size, way = work.split()
    source = place.local / size
    known = manifest.describe(source)
    if not digests:
        known = Manifest(known.kind, tuple(Entry(entry.path, entry.size, "") for entry in known.entries))
    return size, source if way == "up" else place.local / "back", known


def step(place: Place, work: str, *, digests: bool = False) -> Callable[[], object]:
    """What a step does with its outputs and inputs."""
    store = place.store()
    key, path, known = _prepared(place, work, digests=digests)
    if work.endswith("up"):
        return lambda: trees.deliver(store, path, key, known)
    return lambda: trees.fetch(store, key, known, path)


def step_with_digests(place: Place, work: str) -> Callable[[], object]:
    """The same with each file's SHA-256 compared."""
    return step(place, work, digests=True)


def client(place: Place, work: str) -> Callable[[], object]:
    """What `runner data put` and `get` do."""
    store = place.store()
    size, way = work.split()
    if way == "up":
        return lambda: putting.put(lambda _: store, [str(place.local / size)], DatastoreAddress("lake", size))
    stores = Stores(store, lambda _: store, _no_runs)
    return lambda: getting.get(stores, [size], str(place.local / "back"), "lake")


def _no_runs(_text: str) -> RunView:
    raise NotImplementedError


def obstore(place: Place, work: str) -> Callable[[], object]:
    """Its asynchronous functions: ranges of 16 MiB, 8 of them or 32 small files at a time."""
    import asyncio

    import obstore as theirs  # type: ignore[import-not-found]  # optional
    from obstore.store import S3Store  # type: ignore[import-not-found]  # optional

    bucket = S3Store(
        place.bucket,
        prefix=place.prefix,
        endpoint=place.endpoint,
        access_key_id=place.access,
        secret_access_key=place.secret,
        region="us-east-1",
        client_options={"allow_http": True},
    )
    size, way = work.split()
    names = sorted(path.name for path in (place.local / "small").iterdir())
    back, total = place.local / "back", (place.local / "large").stat().st_size

    async def large_up() -> None:
        await theirs.put_async(bucket, "large", place.local / "large", chunk_size=16 * MIB, max_concurrency=8)

    async def large_down() -> None:
        limit, file = asyncio.Semaphore(8), os.open(back, os.O_WRONLY | os.O_CREAT)

        async def part(start: int) -> None:
            async with limit:
                data = await theirs.get_range_async(bucket, "large", start=start, length=min(16 * MIB, total - start))
                os.pwrite(file, data, start)

        await asyncio.gather(*(part(start) for start in range(0, total, 16 * MIB)))
        os.close(file)

    async def small() -> None:
        limit = asyncio.Semaphore(32)
        back.mkdir(exist_ok=True)

        async def one(name: str) -> None:
            async with limit:
                if way == "up":
                    data = (place.local / "small" / name).read_bytes()
                    await theirs.put_async(bucket, f"small/{name}", data)
                else:
                    data = await (await theirs.get_async(bucket, f"small/{name}")).bytes_async()
                    (back / name).write_bytes(data)

        await asyncio.gather(*(one(name) for name in names))

    chosen = small if size == "small" else large_up if way == "up" else large_down
    return lambda: asyncio.run(chosen())


PYTHON = {"step": step, "step, digests": step_with_digests, "client": client, "obstore": obstore}


def rclone(place: Place, work: str) -> list[str]:
    """Its command, with as many transfers as ours has threads."""
    size, way = work.split()
    remote = (
        f":s3,provider=Minio,endpoint='{place.endpoint}',access_key_id={place.access},"
        f"secret_access_key={place.secret}:{place.bucket}/{place.prefix}/{size}"
    )
    local = str(place.local / (size if way == "up" else "back"))
    verb = "copyto" if size == "large" else "copy"
    more = [
        "--transfers",
        "16",
        "--multi-thread-streams",
        "8",
        "--s3-upload-concurrency",
        "8",
        "--s3-chunk-size",
        "16M",
    ]
    return ["rclone", verb, *((local, remote) if way == "up" else (remote, local)), "--s3-no-check-bucket", *more]


def s5cmd(place: Place, work: str) -> list[str]:
    """Its command, with its defaults but for the parts."""
    size, way = work.split()
    remote = f"s3://{place.bucket}/{place.prefix}/{size}"
    local = place.local / (size if way == "up" else "back")
    base = ["s5cmd", "--endpoint-url", place.endpoint]
    parts = ["-c", "8", "-p", "16"] if size == "large" else []
    if size == "large":
        return [*base, "cp", *parts, *((str(local), remote) if way == "up" else (remote, str(local)))]
    return [*base, "cp", *((f"{local}/", f"{remote}/") if way == "up" else (f"{remote}/*", f"{local}/"))]


PROGRAMS = {"rclone": rclone, "s5cmd": s5cmd}


def child(text: str) -> None:
    """Do one work of one Python contestant, and print its seconds."""
    told = json.loads(text)
    call = PYTHON[told["who"]](Place(**told["place"]), told["work"])
    started = time.perf_counter()
    call()
    print(time.perf_counter() - started, flush=True)
    os._exit(0)  # obstore's threads may abort a process that ends in the usual way


def measured(who: str, place: Place, work: str) -> tuple[float, float]:
    """Seconds and peak MiB of one work, which is then checked."""
    environ = {
        **os.environ, "AWS_ACCESS_KEY_ID": place.access, "AWS_SECRET_ACCESS_KEY": place.secret,
        "AWS_REGION": "us-east-1", VARIABLE: json.dumps({"who": who, "work": work, "place": vars(place)}),
    }  # fmt: skip
    command = PROGRAMS[who](place, work) if who in PROGRAMS else [sys.executable, __file__]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as told:
        begun = subprocess.Popen(command, env=environ, stdout=out, stderr=told)
        _, status, used = os.wait4(begun.pid, 0)
        took = time.perf_counter() - started
        begun.returncode = status
        out.seek(0)
        told.seek(0)
        if status:
            sys.exit(f"{who}, {work}: status {status}: {told.read().decode()[-2000:]}")
        if who in PYTHON:
            took = float(out.read())
    if work.endswith("down"):
        _check(place, work.split(maxsplit=1)[0])
    return took, used.ru_maxrss / 1024


def _check(place: Place, size: str) -> None:
    """End the benchmark if a contestant has brought something else; remove what it brought."""
    back, source = place.local / "back", place.local / size
    names = [Path()] if size == "large" else [Path(path.name) for path in source.iterdir()]
    if sum((back / name).stat().st_size for name in names) != sum((source / name).stat().st_size for name in names):
        sys.exit(f"another {size} came back")
    if back.is_dir():
        shutil.rmtree(back)
    else:
        back.unlink()


def measure(vantage: BucketEndpoint, options: argparse.Namespace) -> None:
    """Let everybody work in turn, and print a table for each work."""
    names = [name for name in (*PYTHON, *PROGRAMS) if _is_there(name)]
    if options.only:
        names = [name for name in names if name in options.only.split(",")]
    took: dict[str, dict[str, list[tuple[float, float]]]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder or None) as folder:
        _make_files(Path(folder), options)
        keys = vantage.credentials
        for turn in range(options.rounds):
            for work in WORKS:
                for name in names[turn % len(names) :] + names[: turn % len(names)]:
                    prefix = f"transfers-{name.replace(', ', '-')}-{turn}"
                    place = Place(vantage.endpoint, vantage.bucket, keys.access_key, keys.secret_key, prefix, folder)
                    took.setdefault(work, {}).setdefault(name, []).append(measured(name, place, work))
    for work, columns in took.items():
        _print(work, columns, options)


def _print(work: str, columns: Mapping[str, list[tuple[float, float]]], options: argparse.Namespace) -> None:
    size = options.mebibytes * MIB if work.startswith("large") else options.objects * SMALL
    middle = {name: median(took for took, _ in values) for name, values in columns.items()}
    best = min((took for name, took in middle.items() if name in (*PROGRAMS, "obstore")), default=min(middle.values()))
    print(f"\n{work}\n\n| who | s | MB/s | times the best | peak MiB |\n| --- | --- | --- | --- | --- |")
    for name, took in middle.items():
        peak = max(peak for _, peak in columns[name])
        print(f"| {name} | {took:.2f} | {size / took / 1e6:.0f} | {best / took:.2f} | {peak:.0f} |")


def _make_files(folder: Path, options: argparse.Namespace) -> None:
    block = os.urandom(MIB)
    with (folder / "large").open("wb") as file:
        for number in range(options.mebibytes):
            file.write(number.to_bytes(4, "big") + block[4:])
    (folder / "small").mkdir()
    for number in range(options.objects):
        (folder / "small" / f"{number:05d}").write_bytes(os.urandom(SMALL))


def _is_there(name: str) -> bool:
    if name in PROGRAMS:
        return shutil.which(name) is not None
    return name != "obstore" or importlib.util.find_spec("obstore") is not None


@contextmanager
def server(options: argparse.Namespace) -> Iterator[BucketEndpoint]:
    """The bucket of the flags, or one in a container."""
    if options.endpoint:
        keys = Credentials(**json.loads(Path(options.credentials).read_text(encoding="utf-8")))
        yield BucketEndpoint(bucket=options.bucket, endpoint=options.endpoint, credentials=keys)
        return
    from tests.support.minio_server import minio_server

    with minio_server("benchmark") as vantage:
        yield vantage


def main() -> None:
    """Measure and print."""
    if text := os.environ.get(VARIABLE):
        child(text)
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default="", help="http://host:port; a container is started without it")
    parser.add_argument("--bucket", default="runner")
    parser.add_argument("--credentials", default="", help='a file with {"access_key": …, "secret_key": …}')
    parser.add_argument("--folder", default="", help="where files are made; a temporary folder without it")
    parser.add_argument("--only", default="", help="names of contestants, by commas")
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--objects", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with server(options) as vantage:
        measure(vantage, options)


if __name__ == "__main__":
    main()
