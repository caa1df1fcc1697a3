"""Venvs from locks: wheels of the store, private indexes, hashes, and an older Python of this machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from runner.environments import platforms, pythons, wheels
from runner.environments.credentials import Credentials
from runner.environments.locks import Locks
from runner.environments.sources import PackageSources
from runner.errors import EnvironmentFailed
from runner.images.venv import VenvEnvironments
from runner.model.environment import EnvironmentSpec, NamedEnvironment, Wheel
from runner.model.secret import SecretSource
from tests.support.memory_store import MemoryStore
from tests.support.package_index import PackageIndex, serving
from tests.support.wheel_files import wheel_bytes, write_wheel

SECRET = "s3cr3t/t0ken@%"
OWN = {"own-1.0-py3-none-any.whl": wheel_bytes("own", "1.0")}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("MY_TOKEN", SECRET)


@pytest.fixture
def index() -> Iterator[PackageIndex]:
    with serving(OWN, SECRET) as found:
        yield found


def venvs(folder: Path, store: MemoryStore) -> VenvEnvironments:
    credentials = Credentials({"TOKEN": SecretSource(env="MY_TOKEN")})
    sources = PackageSources(store, folder / "cache", credentials)
    return VenvEnvironments(folder / "cache", lambda: Locks(store, sources=sources))


def imports(python: str, *modules: str) -> bool:
    return subprocess.run([python, "-c", f"import {', '.join(modules)}"], check=False).returncode == 0


def test_a_private_index_and_a_wheel_of_the_store_are_installed_and_no_file_holds_the_secret(
    tmp_path: Path, index: PackageIndex
) -> None:
    store, heard = MemoryStore(), list[str]()
    path = write_wheel(tmp_path / "mine-1.0-py3-none-any.whl")
    mine = wheels.take(path)
    wheels.keep(store, mine, path)
    spec = EnvironmentSpec(pip=(f"--index-url {index.url('build:${TOKEN}')}", "own"), wheels=(mine,))
    environment = NamedEnvironment("e", spec)
    prepared = venvs(tmp_path, store).ensure(environment, heard.append)
    assert imports(prepared.reference, "own", "mine")
    assert venvs(tmp_path, store).find(environment) == prepared
    folder = Path(prepared.reference).parents[1]
    kept = [each.read_text(errors="replace") for each in folder.rglob("*") if each.is_file() and each.suffix != ".pyc"]
    assert not any(SECRET in text or "s3cr3t%2F" in text for text in (*kept, *heard))


def test_a_file_that_differs_from_the_lock_is_not_installed(tmp_path: Path, index: PackageIndex) -> None:
    store = MemoryStore()
    environment = NamedEnvironment("e", EnvironmentSpec(pip=(f"--index-url {index.url('build:${TOKEN}')}", "own")))
    here = venvs(tmp_path, store)
    here.obtain_lock(environment, lambda _: None)
    index.files["own-1.0-py3-none-any.whl"] = wheel_bytes("own", "1.0", code="EVIL = 1\n")
    with pytest.raises(EnvironmentFailed, match=r"(?i)hash"):
        here.ensure(environment, lambda _: None)
    assert here.find(environment) is None


def test_a_wheel_for_another_python_or_machine_is_a_problem_before_the_run(tmp_path: Path) -> None:
    here = "{}.{}".format(*sys.version_info[:2])
    tags = ["py3-none-any", "cp27-cp27mu-linux_x86_64", "py3-none-win_amd64"]
    named = tuple(Wheel(f"mine{number}-1.0-{tag}.whl", "0") for number, tag in enumerate(tags))
    found = venvs(tmp_path, MemoryStore()).problems(NamedEnvironment("e", EnvironmentSpec(wheels=named)))
    assert [problem.what for problem in found] == [
        f"the wheel {named[1].name} is not for Python {here}",
        f"the wheel {named[2].name} is not for this platform ({platforms.here()})",
    ]
    assert {problem.where for problem in found} == {"environment 'e'"}


def test_a_secret_without_a_value_is_a_problem_until_the_venv_is_made(
    tmp_path: Path, index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MemoryStore()
    environment = NamedEnvironment("e", EnvironmentSpec(pip=(f"--index-url {index.url('build:${TOKEN}')}", "own")))
    monkeypatch.delenv("MY_TOKEN")
    (problem,) = venvs(tmp_path, store).problems(environment)
    assert problem.what == "secret 'TOKEN' has no value: the environment variable MY_TOKEN is not set"
    monkeypatch.setenv("MY_TOKEN", SECRET)
    prepared = venvs(tmp_path, store).ensure(environment, lambda _: None)
    monkeypatch.delenv("MY_TOKEN")
    assert venvs(tmp_path, store).problems(environment) == ()
    assert venvs(tmp_path, store).find(environment) == prepared


def test_a_login_in_the_settings_of_pip_is_used_and_nothing_keeps_it(
    tmp_path: Path, index: PackageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, heard = MemoryStore(), list[str]()
    settings = tmp_path / "pip.conf"
    login = f"build:{quote(SECRET, safe='')}"
    settings.write_text(f"[global]\nindex-url = {index.url(login)}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(settings))
    prepared = venvs(tmp_path, store).ensure(NamedEnvironment("e", EnvironmentSpec(pip=("own",))), heard.append)
    assert imports(prepared.reference, "own")
    with pytest.raises(EnvironmentFailed) as missing:
        venvs(tmp_path, store).ensure(NamedEnvironment("e", EnvironmentSpec(pip=("none==9",))), heard.append)
    index.password = "another"
    with pytest.raises(EnvironmentFailed) as denied:
        venvs(tmp_path, store).ensure(NamedEnvironment("e", EnvironmentSpec(pip=("own>=1",))), heard.append)
    folder = Path(prepared.reference).parents[1]
    kept = [each.read_bytes() for each in folder.rglob("*") if each.is_file()]
    texts = "\n".join([*heard, str(missing.value), str(denied.value)]).encode()
    assert not [b for b in (*kept, *store.objects.values(), texts) if SECRET.encode() in b or b"s3cr3t%2F" in b]


def test_a_step_can_have_the_python_38_of_this_machine(tmp_path: Path) -> None:
    if pythons.installed((3, 8)) is None:
        pytest.skip("no Python 3.8 on this machine")
    store, heard = MemoryStore(), list[str]()
    path = write_wheel(tmp_path / "mine-1.0-py3-none-any.whl")
    mine = wheels.take(path)
    wheels.keep(store, mine, path)
    environment = NamedEnvironment("old", EnvironmentSpec(pip=("--no-index",), python="3.8", wheels=(mine,)))
    prepared = venvs(tmp_path, store).ensure(environment, heard.append)
    assert pythons.version_of(prepared.reference).startswith("3.8.")
    assert imports(prepared.reference, "mine", "pip", "setuptools")
    assert any("steps run on Python 3.8: " in line for line in heard)
