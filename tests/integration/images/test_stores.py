"""What the stores decide without an engine, an installer or a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.environments.locks import Locks
from runner.environments.requirements import OLDEST_MINOR
from runner.errors import EnvironmentFailed
from runner.images.ready_images import ReadyImages
from runner.images.venv import VenvEnvironments
from runner.images.venv_folder import VenvFolder
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.ports import EnvironmentStore, Prepared
from tests.support.image_stores import kind_images, registry_images
from tests.support.memory_store import MemoryStore

BUILT = NamedEnvironment("mine", EnvironmentSpec(pip=("six==1",)))
DEFAULT = NamedEnvironment("default", EnvironmentSpec(default=True, pip=("numpy",)))
OLDEST = "{}.{}".format(*OLDEST_MINOR)
READY = NamedEnvironment("mine", EnvironmentSpec(image="host/a:1", ready=True))


def venvs(cache: Path) -> VenvEnvironments:
    return VenvEnvironments(cache, lambda: Locks(MemoryStore()))


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("store", [kind_images("dev"), registry_images("host/team")])
def test_without_docker_a_build_is_a_problem_and_a_ready_image_is_none(store: EnvironmentStore) -> None:
    (problem,) = store.problems(BUILT)
    assert "no Docker engine answers" in problem.what
    assert "'mine'" in problem.what
    assert "start Docker, or give the environment a ready image" in problem.remedy
    assert store.find(BUILT) is None
    with pytest.raises(EnvironmentFailed, match="no Docker engine answers"):
        store.ensure(BUILT, lambda _: None)

    assert store.problems(READY) == ()
    assert store.ensure(READY, lambda _: None) == Prepared("host/a:1")


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("store", [kind_images("dev"), registry_images("host/team"), ReadyImages("prod")])
def test_where_nothing_can_be_built_the_default_environment_is_the_bare_base_with_a_warning(
    store: EnvironmentStore,
) -> None:
    assert store.problems(DEFAULT) == ()
    assert store.find(DEFAULT) == Prepared("python:3.11-slim")
    assert store.ensure(DEFAULT, lambda _: None) == Prepared("python:3.11-slim")
    (note,) = store.notes(DEFAULT)
    assert note.startswith("WARNING: environment 'default' has no numpy, pandas or pyarrow on this target: ")
    assert "run in the bare image python:3.11-slim. To have the packages: " in note
    assert ("start Docker" in note) or ("add `registry: host/path`" in note)


def test_a_default_environment_whose_build_fails_is_the_bare_base_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise EnvironmentFailed("the package index could not be reached")

    store = registry_images("host/team")
    monkeypatch.setattr(store._builder.engine, "reachable", lambda: True)
    monkeypatch.setattr(store._recipes, "known", fail)
    heard: list[str] = []
    assert store.ensure(DEFAULT, heard.append) == Prepared("python:3.11-slim")
    assert "the package index could not be reached" in heard[0]
    with pytest.raises(EnvironmentFailed, match="could not be reached"):
        store.ensure(BUILT, heard.append)


def test_a_target_without_a_place_for_images_names_both_ways_out() -> None:
    store = ReadyImages("prod")
    assert store.ensure(READY, lambda _: None) == Prepared("host/a:1")
    (problem,) = store.problems(BUILT)
    assert problem.where == "targets.prod"
    assert "registry:" in problem.remedy
    assert "image:" in problem.remedy
    with pytest.raises(EnvironmentFailed, match="registry:"):
        store.ensure(BUILT, lambda _: None)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (EnvironmentSpec(), []),
        (EnvironmentSpec(pip=("pytest>=1",)), ["has all its packages"]),
        (EnvironmentSpec(image="a:1", ready=True), ["image a:1 is not used here"]),
        (EnvironmentSpec(dockerfile="FROM a"), ["its Dockerfile is not used here"]),
        (EnvironmentSpec(python="{}.{}".format(*sys.version_info[:2])), []),
    ],
)
def test_the_running_interpreter_is_used_where_it_serves(
    spec: EnvironmentSpec, words: list[str], tmp_path: Path
) -> None:
    store = venvs(tmp_path)
    said: list[str] = []
    assert store.find(NamedEnvironment("mine", spec)) == Prepared(sys.executable)
    assert store.ensure(NamedEnvironment("mine", spec), said.append) == Prepared(sys.executable)
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))


def test_a_named_interpreter_that_is_too_old_is_told_before_anything_starts(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nprintf 3.5.10\n")
    python.chmod(0o755)
    environment = NamedEnvironment("old", EnvironmentSpec(interpreter=str(python)))
    (problem,) = venvs(tmp_path).problems(environment)
    assert problem.what == f"{python} is Python 3.5.10, and a step needs {OLDEST} or newer"
    assert OLDEST in problem.remedy
    with pytest.raises(EnvironmentFailed, match=r"is Python 3\.5\.10"):
        venvs(tmp_path).ensure(environment, print)


def test_a_named_interpreter_is_used(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    spec = EnvironmentSpec(interpreter=str(python))
    assert venvs(tmp_path).ensure(NamedEnvironment("mine", spec), lambda _: None) == Prepared(str(python))


def test_a_venv_that_was_moved_or_not_finished_does_not_count(tmp_path: Path) -> None:
    folder = tmp_path / "venv"
    venv = VenvFolder(folder)
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert not venv.ready()
    (folder / "ready").write_text("/elsewhere")
    assert not venv.ready()
    (folder / "ready").write_text(str(folder))
    assert venv.ready()
    (folder / "bin" / "python").unlink()
    assert not venv.ready()


def test_finding_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from runner.images.venv import VenvEnvironments;"
        "from runner.model.environment import *;"
        f"VenvEnvironments(pathlib.Path({str(tmp_path)!r}), dict).find("
        "NamedEnvironment('', EnvironmentSpec(pip=('pytest',))));"
        "print([name for name in ('pip', 'packaging', 'docker', 'importlib.metadata') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
