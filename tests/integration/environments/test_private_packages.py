"""Resolution with wheels of the store and a private index that wants a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.environments import wheels
from runner.environments.credentials import Credentials
from runner.environments.lock import LockedPackage
from runner.environments.locks import Locks
from runner.environments.private_files import private_files, public_lines
from runner.environments.requirements import Requirements
from runner.environments.resolver import Resolver
from runner.environments.sources import PackageSources
from runner.errors import EnvironmentFailed
from runner.model.digest import digest_of_bytes
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.secret import SecretSource
from tests.support.memory_store import MemoryStore
from tests.support.package_index import PackageIndex, serving
from tests.support.wheel_files import wheel_bytes, write_wheel

SECRET = "s3cr3t/t0ken@%"
ENCODED = "s3cr3t%2Ft0ken%40%25"
PLATFORM = "x86_64-manylinux_2_28"
OWN = {
    "own-1.0-py3-none-any.whl": wheel_bytes("own", "1.0", requires=["base>=1"]),
    "base-1.5-py3-none-any.whl": wheel_bytes("base", "1.5"),
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("MY_TOKEN", SECRET)


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with serving(OWN, SECRET) as found:
        yield found


def locks(tmp_path: Path, store: MemoryStore) -> Locks:
    credentials = Credentials({"TOKEN": SecretSource(env="MY_TOKEN")})
    return Locks(store, sources=PackageSources(store, tmp_path / "cache", credentials))


def with_pip(*lines: str, **fields: Any) -> NamedEnvironment:
    return NamedEnvironment("e", EnvironmentSpec(pip=lines, **fields))


def assert_hidden(store: MemoryStore, *texts: str) -> None:
    written = b"".join(store.objects.values()).decode(errors="replace") + "".join(texts)
    assert SECRET not in written
    assert ENCODED not in written


def test_a_private_index_is_read_with_the_secret_which_nothing_keeps(tmp_path: Path, index: PackageIndex) -> None:
    store, said = MemoryStore(), list[str]()
    environment = with_pip(f"--index-url {index.url('build:${TOKEN}')}", "own")
    lock = locks(tmp_path, store).obtain(environment, "3.11", PLATFORM, said.append)
    assert [(one.name, one.version, one.index) for one in lock.packages] == [
        ("base", "1.5", index.url()),
        ("own", "1.0", index.url()),
    ]
    assert lock.packages[1].hashes == (f"sha256:{digest_of_bytes(OWN['own-1.0-py3-none-any.whl'])}",)
    assert lock.options == (f"--index-url {index.url('build:${TOKEN}')}",)
    assert_hidden(store, *said, *lock.lines())


def test_a_private_index_without_dates_is_used_whatever_the_date(tmp_path: Path, index: PackageIndex) -> None:
    said = list[str]()
    lines = (f"--index-url {index.url('build:${TOKEN}')}", "own")
    resolver = Resolver(locks(tmp_path, MemoryStore()).sources)
    wanted = Requirements(lines=lines, date="2021-06-01")
    lock = resolver.resolve(with_pip(*lines), wanted, "3.11", PLATFORM, said.append)
    assert [one.name for one in lock.packages] == ["base", "own"]
    assert any("their index states no date of publication" in line for line in said)


def test_a_direct_address_keeps_the_reference(tmp_path: Path, index: PackageIndex) -> None:
    store = MemoryStore()
    address = f"http://build:${{TOKEN}}@{index.host}/files/base-1.5-py3-none-any.whl"
    lock = locks(tmp_path, store).obtain(with_pip(f"base @ {address}"), "3.11", PLATFORM, print)
    assert [one.url for one in lock.packages] == [address]
    assert_hidden(store)


def test_errors_name_the_secret_alone(tmp_path: Path, index: PackageIndex) -> None:
    store = MemoryStore()
    wanted = [f"--index-url {index.url('build:${TOKEN}')}", f"--find-links http://{index.host}/${{TOKEN}}/", "none==9"]
    with pytest.raises(EnvironmentFailed) as failed:
        locks(tmp_path, store).obtain(with_pip(*wanted), "3.11", PLATFORM, print)
    assert_hidden(store, str(failed.value))
    index.password = "another"
    with pytest.raises(EnvironmentFailed, match="the package index refuses access") as failed:
        locks(tmp_path, store).obtain(with_pip(wanted[0], "own"), "3.11", PLATFORM, print)
    assert_hidden(store, str(failed.value))


def test_the_private_index_wins_over_another_one(tmp_path: Path, index: PackageIndex) -> None:
    """Nobody can take the name of a private package on the public index (dependency confusion)."""
    taken = {"own-99.0-py3-none-any.whl": wheel_bytes("own", "99.0", code="raise SystemExit\n")}
    private = index.url("build:${TOKEN}")
    with serving(taken) as public:
        for lines in (
            [f"--index-url {public.url()}", f"--extra-index-url {private}"],
            [f"--index-url {private}", f"--extra-index-url {public.url()}"],
        ):
            lock = locks(tmp_path, MemoryStore()).obtain(with_pip(*lines, "own"), "3.11", PLATFORM, print)
            assert {one.name: one.version for one in lock.packages} == {"base": "1.5", "own": "1.0"}
        without = locks(tmp_path, MemoryStore()).obtain(
            with_pip(f"--index-url {public.url()}", "own"), "3.11", PLATFORM, print
        )
        assert [one.version for one in without.packages] == ["99.0"]


def test_a_wheel_of_the_store_wins_and_its_requirements_are_resolved(tmp_path: Path, index: PackageIndex) -> None:
    store = MemoryStore()
    path = write_wheel(tmp_path / "dist", "base", "1.2")
    wheel = wheels.take(path)
    wheels.keep(store, wheel, path)
    path.unlink()
    environment = with_pip(f"--index-url {index.url('build:${TOKEN}')}", "own", wheels=(wheel,))
    lock = locks(tmp_path, store).obtain(environment, "3.11", PLATFORM, print)
    assert lock.packages[0] == LockedPackage(
        name="base", version="1.2", hashes=(f"sha256:{wheel.digest}",), wheel=wheel.digest
    )
    assert str(tmp_path) not in "".join(lock.lines())
    assert [one.version for one in lock.packages] == ["1.2", "1.0"]


def test_the_build_of_an_image_gets_the_files_and_no_secret(tmp_path: Path, index: PackageIndex) -> None:
    found = locks(tmp_path, MemoryStore())
    lock = found.obtain(with_pip(f"--index-url {index.url('build:${TOKEN}')}", "own"), "3.11", PLATFORM, print)
    assert private_files(lock, found.sources) == OWN
    assert [line.partition(" ")[0] for line in public_lines(lock)] == ["base==1.5", "own==1.0"]
    index.files["own-1.0-py3-none-any.whl"] = wheel_bytes("own", "1.0", code="VALUE = 2\n")
    with pytest.raises(EnvironmentFailed, match="has no file of own") as failed:
        private_files(lock, found.sources)
    index.password = "another"
    with pytest.raises(EnvironmentFailed, match="could not be read: HTTP Error 401") as refused:
        private_files(lock, found.sources)
    assert_hidden(MemoryStore(), str(failed.value), str(refused.value))
