"""The bucket adapter and the servers of other makers: TLS, regions, faults on the way, and servers that are refused."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.errors import StoreDenied, StoreError
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.operations.files import getting, putting
from runner.operations.files.addresses import DatastoreAddress
from runner.operations.files.copied import Copied
from runner.operations.files.finding import Stores
from runner.storage.probe import refuses_overwrite
from runner.storage.s3.http import RetryPolicy
from runner.storage.s3.store import BucketStore
from tests.support.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.support.minio_server import minio_server
from tests.support.s3_servers import KEYS, moto_server, rclone_server, versity_server

MIB = 1 << 20
BUCKET = "contract"
SERVERS = [
    pytest.param("minio", marks=pytest.mark.docker),
    pytest.param("versity", marks=pytest.mark.all_data),
]


@pytest.fixture(scope="module")
def minio() -> Iterator[BucketEndpoint]:
    with minio_server(BUCKET) as bucket_endpoint:
        yield bucket_endpoint


@pytest.fixture(scope="module")
def versity(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BucketEndpoint]:
    with versity_server(tmp_path_factory.mktemp("versity"), BUCKET) as endpoint:
        yield BucketEndpoint(bucket=BUCKET, endpoint=endpoint, credentials=KEYS)


def check_transfers(store: BucketStore, folder: Path) -> None:
    """Put, list, fetch, copy and delete: small objects, and one of several parts."""
    content = os.urandom(MIB) * 20 + b"end"
    (folder / "large").write_bytes(content)
    store.put("a b/one", b"1")
    store.upload("a b/large+", folder / "large")
    store.copy("a b/large+", "a b/copy")
    store.download("a b/copy", folder / "again")
    assert (folder / "again").read_bytes() == content
    assert not store.put_if_absent("a b/one", b"2")
    assert [(info.key, info.size) for info in store.list("a b/")] == [
        ("a b/copy", len(content)),
        ("a b/large+", len(content)),
        ("a b/one", 1),
    ]
    assert store.get("a b/one") == b"1"
    for info in tuple(store.list("")):
        store.delete(info.key)
    assert list(store.list("")) == []


# Servers that are refused


@pytest.mark.all_data
def test_rclone_is_recognised_as_a_server_without_conditional_writes(tmp_path: Path) -> None:
    with rclone_server(tmp_path, BUCKET) as bucket_endpoint:
        store = BucketStore(bucket_endpoint)
        assert not refuses_overwrite(store, "4f2a")
        store.close()


@pytest.mark.all_data
def test_moto_is_taken_for_what_it_is(tmp_path: Path) -> None:
    """moto honours conditional writes, so nothing tells it from a server. It does not check a copy's source."""
    with moto_server(BUCKET) as bucket_endpoint:
        store = BucketStore(bucket_endpoint)
        assert refuses_overwrite(store, "4f2a")
        check_transfers(store, tmp_path)
        store.close()


# Files on the command line


@pytest.mark.parametrize("name", SERVERS)
def test_a_repeated_copy_moves_what_is_missing_or_differs(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    """The ETags of a bucket tell that a file is complete: of one part, and of several."""
    server: BucketEndpoint = request.getfixturevalue(name)
    store = BucketStore(replace(server, prefix="files/"))
    stores = Stores(store, lambda _: store, lambda _: pytest.fail("no run is asked for"))
    for path, content in {"made/a": b"1", "made/deep/b": b"", "made/large": os.urandom(MIB) * 33 + b"end"}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    to, large = DatastoreAddress("lake", "raw"), 33 * MIB + 3
    assert putting.put(lambda _: store, [str(tmp_path / "made")], to) == Copied(3, large + 1)
    assert putting.put(lambda _: store, [str(tmp_path / "made")], to) == Copied(0, 0, unchanged=3)
    into = tmp_path / "got"
    assert getting.get(stores, ["raw"], str(into), "lake") == Copied(3, large + 1)
    with (into / "large").open("r+b") as file:
        file.seek(20 * MIB)
        file.write(b"damage")
    assert getting.get(stores, ["raw"], str(into), "lake") == Copied(1, large, unchanged=2)
    assert getting.get(stores, ["raw"], str(into), "lake") == Copied(0, 0, unchanged=3)
    assert (into / "large").read_bytes() == (tmp_path / "made" / "large").read_bytes()
    store.close()


GET = """
import sys
from runner.model.credentials import Credentials
from runner.model.store_endpoint import BucketEndpoint
from runner.operations.files import getting
from runner.operations.files.finding import Stores
from runner.storage.s3.store import BucketStore
endpoint, bucket, access, secret, into = sys.argv[1:]
store = BucketStore(BucketEndpoint(bucket=bucket, endpoint=endpoint, credentials=Credentials(access, secret)))
getting.get(Stores(store, lambda _: store, lambda _: None), ["large"], into, "lake")
"""


@pytest.mark.all_data
def test_a_killed_download_goes_on_inside_the_file(versity: BucketEndpoint, tmp_path: Path) -> None:
    store, size, into = BucketStore(versity), 160 * MIB, tmp_path / "got"
    (tmp_path / "large").write_bytes(os.urandom(MIB) * 160)
    store.upload("large", tmp_path / "large")
    with fault_proxy(versity.endpoint) as proxy:
        proxy.inflict(lambda number, _method, _path: Fault.SLOW if number > 8 else None)
        keys = versity.credentials
        command = [sys.executable, "-c", GET, proxy.endpoint, BUCKET, keys.access_key, keys.secret_key, str(into)]
        with subprocess.Popen(command) as killed:
            while not (lists := list(tmp_path.glob("*.ranges"))) or lists[0].read_bytes().count(b"\n") < 5:
                assert killed.poll() is None, "it has not ended by itself"
                time.sleep(0.01)
            killed.kill()
        proxy.heal()
        done, before = lists[0].read_bytes().count(b"\n"), proxy.passed
        subprocess.run(command, check=True)
        ranges = size // (8 * MIB)
        assert proxy.passed - before <= ranges - done + 2, "the object's facts, and what was missing"
    assert into.read_bytes() == (tmp_path / "large").read_bytes()
    store.delete("large")
    store.close()


# Regions


@pytest.mark.all_data
def test_a_wrong_region_is_named(tmp_path: Path) -> None:
    with versity_server(tmp_path, BUCKET, "--region", "eu-west-1") as endpoint:
        right = BucketEndpoint(bucket=BUCKET, endpoint=endpoint, credentials=KEYS, region="eu-west-1")
        wrong = BucketStore(replace(right, region="us-east-1"))
        with pytest.raises(StoreError, match="region"):
            wrong.put("one", b"1")
        wrong.close()
        store = BucketStore(right)
        check_transfers(store, tmp_path)
        store.close()


@pytest.mark.all_data
@pytest.mark.parametrize("keys", [Credentials("nobody", KEYS.secret_key), Credentials(KEYS.access_key, "wrong")])
def test_a_wrong_key_is_denied_by_every_call(versity: BucketEndpoint, tmp_path: Path, keys: Credentials) -> None:
    store = BucketStore(replace(versity, credentials=keys))
    (tmp_path / "file").write_bytes(bytes(17 * MIB))
    for call in (
        lambda: store.get("one"),
        lambda: store.put("one", b"1"),
        lambda: store.put_if_absent("one", b"1"),
        lambda: store.stat("one"),
        lambda: list(store.list("")),
        lambda: store.upload("one", tmp_path / "file"),
        lambda: store.download("one", tmp_path / "target"),
        lambda: store.copy("one", "two"),
        store.now,
    ):
        with pytest.raises(StoreDenied, match="denied"):
            call()
    store.close()


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The certificate of a private authority for 127.0.0.1."""
    path = tmp_path / "certificate.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {path}.key -out {path}".split(),
        check=True,
        capture_output=True,
    )
    return path


@pytest.mark.all_data
def test_a_private_authority_is_trusted_where_it_is_named(
    tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with versity_server(tmp_path / "server", BUCKET, tls=str(certificate)) as endpoint:
        bucket_endpoint = BucketEndpoint(bucket=BUCKET, endpoint=endpoint, credentials=KEYS)
        strange = BucketStore(bucket_endpoint)
        with pytest.raises(StoreError, match="SSL_CERT_FILE"):
            strange.get("one")
        strange.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        store = BucketStore(bucket_endpoint)
        check_transfers(store, tmp_path)
        store.close()


# Host style


@pytest.mark.all_data
def test_a_bucket_in_the_name_of_the_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def here(host: str, *more: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host.endswith(".localhost") else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    domain = ("--virtual-domain", "store.localhost")
    with versity_server(tmp_path / "server", BUCKET, *domain, host="store.localhost") as endpoint:
        store = BucketStore(BucketEndpoint(bucket=BUCKET, endpoint=endpoint, credentials=KEYS, host_style=True))
        check_transfers(store, tmp_path)
        assert refuses_overwrite(store, "4f2a")
        store.close()


# Faults on the way

FAULTS = (Fault.CUT, Fault.LOST, Fault.TRUNCATED)
PATIENT = RetryPolicy(attempts=12, first_wait=0.001, longest_wait=0.01)


class Plague:
    """A schedule in which the first attempts of each request fail, one or two of them."""

    def __init__(self, turn: int) -> None:
        self._turn = turn
        self._attempts: Counter[tuple[str, str]] = Counter()

    def __call__(self, number: int, method: str, path: str) -> Fault | None:
        self._attempts[method, path] += 1
        if self._attempts[method, path] > 1 + number % 2:
            return None
        return Fault.BUSY if number == 5 else FAULTS[(number + self._turn) % len(FAULTS)]


@pytest.fixture(params=SERVERS)
def faulty(request: pytest.FixtureRequest) -> Iterator[tuple[FaultProxy, BucketStore]]:
    server: BucketEndpoint = request.getfixturevalue(request.param)
    with fault_proxy(server.endpoint) as proxy:
        store = BucketStore(replace(server, endpoint=proxy.endpoint, prefix=f"{request.node.name}/"), PATIENT)
        yield proxy, store
        store.close()


@pytest.mark.parametrize("turn", range(3))
def test_transfers_survive_faults(faulty: tuple[FaultProxy, BucketStore], tmp_path: Path, turn: int) -> None:
    proxy, store = faulty
    proxy.inflict(Plague(turn))
    check_transfers(store, tmp_path)
    assert set(proxy.befallen) == {*FAULTS, Fault.BUSY}, "the faults have happened"


def test_of_many_writers_behind_faults_one_wins(faulty: tuple[FaultProxy, BucketStore]) -> None:
    proxy, store = faulty
    proxy.inflict(Plague(0))
    for turn in range(3):
        key = f"race/{turn}"
        with ThreadPoolExecutor(8) as threads:
            won = list(threads.map(lambda number, key=key: store.put_if_absent(key, b"writer %d" % number), range(8)))
        assert won.count(True) == 1
        assert store.get(key) == b"writer %d" % won.index(True)
