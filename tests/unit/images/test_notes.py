"""What is told before a run of how environments differ from what was asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.environments import pythons
from runner.environments.lock import Lock, LockedPackage
from runner.environments.locks import Locks
from runner.environments.pythons import Interpreter
from runner.environments.requirements import Requirements
from runner.images.ready_images import ReadyImages
from runner.images.venv import VenvEnvironments
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.ports import Prepared
from tests.support.image_stores import kind_images, registry_images
from tests.support.memory_store import MemoryStore


def an_environment(**given: object) -> NamedEnvironment:
    return NamedEnvironment("e", EnvironmentSpec(**given))  # type: ignore[arg-type] # fields as a test gives them


def resolve(
    environment: NamedEnvironment, wanted: Requirements, python: str, platform: str, notify: Callable[[str], None]
) -> Lock:
    del notify
    packages = (LockedPackage(name="pytest", version="1", hashes=("sha256:aa",)),)
    return Lock(spec=environment.spec.digest, python=python, platform=platform, date=wanted.date, packages=packages)


def a_store(cache: Path, store: MemoryStore | None = None) -> VenvEnvironments:
    locks = Locks(store if store is not None else MemoryStore(), resolve)
    return VenvEnvironments(cache, lambda: locks)


def test_here_every_difference_is_one_line(tmp_path: Path) -> None:
    here = a_store(tmp_path)
    served = here.notes(an_environment(pip=("pytest",)))
    assert served == (f"environment 'e': {sys.executable} has all its packages and is used as it is",)
    assert here.notes(an_environment()) == ()
    assert here.notes(an_environment(pip=("no-such-package-1",))) == ()
    image = here.notes(an_environment(image="team/base:1", ready=True))
    assert image == ("environment 'e': image team/base:1 is not used here: steps are processes of this machine",)


def made(cache: Path, lock: Lock, minor: tuple[int, int] = sys.version_info[:2]) -> str:
    """Lay down what a finished virtual environment is known by; its interpreter."""
    folder = a_store(cache)._folder(lock, Interpreter(sys.executable, minor))
    python = Path(folder.python)
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (python.parents[1] / "ready").write_text(str(python.parents[1]))
    return folder.python


def test_an_environment_with_a_date_gets_the_packages_of_its_lock(tmp_path: Path) -> None:
    """Even if the running interpreter has packages of these names: they are not of that time."""
    running = "{}.{}".format(*sys.version_info[:2])
    asked = an_environment(pip=("pytest",), packages_until="2021-06-01", python=running)
    store = MemoryStore()
    here = a_store(tmp_path, store)
    assert here.find(asked) is None
    assert here.known_lock(asked) is None
    lock = here.obtain_lock(asked, lambda _: None)
    assert lock is not None
    python = made(tmp_path, lock)
    heard: list[str] = []
    assert here.find(asked) == here.ensure(asked, heard.append) == Prepared(python, lock.digest)
    assert heard == []
    renamed = an_environment(pip=("pytest", "pytest>=1"), packages_until="2021-06-01", python=running)
    assert here.ensure(renamed, heard.append) == Prepared(python, lock.digest), "equal locks share a venv"


def test_the_default_environment_is_the_running_interpreter(tmp_path: Path) -> None:
    here = a_store(tmp_path)
    usual = an_environment(pip=("no-such-package-1",), packages_until="2021-06-01", python="3.8", default=True)
    assert here.find(usual) == here.ensure(usual, lambda _: None) == Prepared(sys.executable)
    assert here.obtain_lock(usual, lambda _: None) is None
    assert here.notes(an_environment(pip=("no-such-package-1",), default=True)) == ()


def test_an_interpreter_of_this_machine_is_used_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "installed", {(3, 99): "/opt/python3.99"}.get)
    here, asked = a_store(tmp_path), an_environment(python="3.99")
    assert here.notes(asked) == ("environment 'e': steps run on Python 3.99: /opt/python3.99",)
    assert here.find(asked) == Prepared("/opt/python3.99")


def test_an_interpreter_that_cannot_be_had_is_replaced_loudly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythons, "installed", lambda _: None)
    monkeypatch.setattr(pythons, "fetch", lambda _: None)
    here, asked = a_store(tmp_path), an_environment(python="3.99")
    assert here.find(asked) is None, "it may be fetched"
    assert "uv fetches it, else the nearest newer one is used" in here.notes(asked)[0]
    heard: list[str] = []
    assert here.ensure(asked, heard.append) == Prepared(sys.executable)
    assert "fetching Python 3.99" in heard[0]
    assert heard[1].startswith("environment 'e': ATTENTION: Python 3.99 is not on this machine and cannot be fetched")
    assert here.find(asked) == Prepared(sys.executable), "it is not fetched again at once"


def test_conda_is_said_with_what_becomes_of_it(tmp_path: Path) -> None:
    here = a_store(tmp_path)
    asked = an_environment(conda=("pytorch=1.9", "pip"), channels=("pytorch",))
    (said,) = here.notes(asked)
    assert said.endswith(
        "conda packages are installed by pip: pytorch=1.9 as torch==1.9.*; no channel is asked (pytorch)"
    )
    assert here.notes(an_environment(conda=("no-such-package-1",)))[0].endswith("by pip: no-such-package-1")


def test_images_bring_their_own_python() -> None:
    for store in (kind_images("c"), registry_images("r")):
        said = store.notes(an_environment(image="team/base:1", python="3.11", pip=("a",)))
        assert said == ("environment 'e': Python 3.11 is not installed: the base image brings its own",)
        assert store.notes(an_environment(image="team/base:1", ready=True, conda=("a",))) == ()
    assert ReadyImages("t").notes(an_environment(image="x", ready=True)) == ()
