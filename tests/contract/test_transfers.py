"""Transfers over a faulty way to a real server: cut, truncated, refused and lost answers end in whole files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.data import manifest
from runner.data.transfers import ranged, trees
from runner.errors import StoreUnreachable
from runner.model.store_endpoint import BucketEndpoint
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.store import BucketStore
from tests.support.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.support.minio_server import minio_server

pytestmark = pytest.mark.docker
MIB = 1 << 20
FAULTS = (Fault.CUT, Fault.TRUNCATED, Fault.LOST)
QUICK = RetryPolicy(attempts=10, first_wait=0.01, longest_wait=0.02)


@pytest.fixture(scope="module")
def minio() -> Iterator[BucketEndpoint]:
    with minio_server("transfers") as endpoint:
        yield endpoint


@pytest.fixture
def proxy(minio: BucketEndpoint) -> Iterator[FaultProxy]:
    with fault_proxy(minio.endpoint) as made:
        yield made


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with one file of several parts, many small ones, odd names and an empty folder."""
    folder = tmp_path / "source"
    (folder / "a b" / "none").mkdir(parents=True)
    (folder / "large").write_bytes(os.urandom(33 * MIB + 7))
    (folder / "empty").write_bytes(b"")
    (folder / "a b" / "é+%?#&.bin").write_bytes(b"odd")
    for number in range(40):
        (folder / f"{number:03d}").write_bytes(os.urandom(1000 + number))
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def store_behind(proxy: FaultProxy, minio: BucketEndpoint, prefix: str) -> BucketStore:
    return BucketStore(replace(minio, endpoint=proxy.endpoint, prefix=prefix), QUICK)


def test_faults_on_the_way_end_in_whole_files(
    proxy: FaultProxy, minio: BucketEndpoint, source: Path, tmp_path: Path
) -> None:
    store, known = store_behind(proxy, minio, "faults/"), manifest.describe(source)
    proxy.inflict(lambda number, _method, _path: FAULTS[number // 5 % 3] if number % 5 == 0 else None)
    trees.deliver(store, source, "tree", known)
    trees.fetch(store, "tree", known, tmp_path / "back")
    store.close()
    assert all(proxy.befallen[fault] for fault in FAULTS)
    assert content(tmp_path / "back") == content(source)
    assert (tmp_path / "back" / "a b" / "none").is_dir()


def test_a_download_that_was_cut_off_goes_on_inside_its_file(
    proxy: FaultProxy, minio: BucketEndpoint, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranged, "LARGE", 8 * MIB)
    store, known = store_behind(proxy, minio, "cut/"), manifest.describe(source)
    trees.deliver(store, source, "tree", known)
    small = len(known.entries) - 1
    asked: list[str] = []

    def gone(number: int, method: str, path: str) -> Fault | None:
        """The way is cut for good after two ranges of the large file."""
        if method == "GET" and path.endswith("/large"):
            asked.append(path)
            return Fault.CUT if len(asked) > 2 else None
        return None

    proxy.inflict(gone)
    with pytest.raises(StoreUnreachable):
        ranged.fetch_files(store, "tree", known, tmp_path / "back")
    assert len(content(tmp_path / "back")) == small + 2, "the part and the list of its ranges"
    left: list[str] = []
    proxy.inflict(lambda _number, method, path: left.append(path) if method == "GET" else None)
    ranged.fetch_files(store, "tree", known, tmp_path / "back")
    store.close()
    ranges = -(-(33 * MIB + 7) // (8 * MIB))
    assert len([path for path in left if path.endswith("/large")]) == ranges - 2
    assert content(tmp_path / "back") == content(source)
