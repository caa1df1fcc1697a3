"""What the stores decide without an engine, an installer or a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.errors import EnvironmentFailed
from runner.images.kind import KindImages
from runner.images.ready import ReadyImages
from runner.images.registry import RegistryImages
from runner.images.venv import VenvEnvironments
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.ports import EnvironmentStore

BUILT = NamedEnvironment("mine", EnvironmentSpec(pip=("six==1",)))
READY = NamedEnvironment("mine", EnvironmentSpec(image="host/a:1", ready=True))


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")


@pytest.mark.usefixtures("no_engine")
@pytest.mark.parametrize("store", [KindImages("dev"), RegistryImages("host/team")])
def test_without_docker_a_build_is_a_problem_and_a_ready_image_is_none(store: EnvironmentStore) -> None:
    (problem,) = store.problems(BUILT)
    assert "no Docker engine answers" in problem.what
    assert "'mine'" in problem.what
    assert "start Docker, or give the environment a ready image" in problem.remedy
    assert store.find(BUILT) is None
    with pytest.raises(EnvironmentFailed, match="no Docker engine answers"):
        store.ensure(BUILT, lambda _: None)

    assert store.problems(READY) == ()
    assert store.ensure(READY, lambda _: None) == "host/a:1"


def test_a_target_without_a_place_for_images_names_both_ways_out() -> None:
    store = ReadyImages("prod")
    assert store.ensure(READY, lambda _: None) == "host/a:1"
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
        (EnvironmentSpec(python="3.6.2"), ["3.6.2 is too old"]),
        (EnvironmentSpec(python="3.99"), ["3.99 is not on this machine"]),
        (EnvironmentSpec(python="{}.{}".format(*sys.version_info[:2])), []),
    ],
)
def test_the_running_interpreter_is_used_where_it_serves(
    spec: EnvironmentSpec, words: list[str], tmp_path: Path
) -> None:
    store = VenvEnvironments(tmp_path)
    said: list[str] = []
    assert store.find(NamedEnvironment("mine", spec)) == sys.executable
    assert store.ensure(NamedEnvironment("mine", spec), said.append) == sys.executable
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))


def test_a_named_interpreter_that_is_too_old_is_told_before_anything_starts(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nprintf 3.8.10\n")
    python.chmod(0o755)
    environment = NamedEnvironment("old", EnvironmentSpec(interpreter=str(python)))
    (problem,) = VenvEnvironments(tmp_path).problems(environment)
    assert problem.what == f"{python} is Python 3.8.10, and a step needs 3.10 or newer"
    assert "3.10" in problem.remedy
    with pytest.raises(EnvironmentFailed, match=r"is Python 3\.8\.10"):
        VenvEnvironments(tmp_path).ensure(environment, print)


def test_a_named_interpreter_is_used(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.symlink_to(sys.executable)
    spec = EnvironmentSpec(interpreter=str(python))
    assert VenvEnvironments(tmp_path).ensure(NamedEnvironment("mine", spec), lambda _: None) == str(python)


def test_a_venv_that_was_moved_or_not_finished_does_not_count(tmp_path: Path) -> None:
    store = VenvEnvironments(tmp_path)
    environment = NamedEnvironment("mine", EnvironmentSpec(pip=("no-such==1",)))
    folder = Path(store._folder(("no-such==1",), sys.version_info[:2]).python).parents[1]
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    assert store.find(environment) is None
    (folder / "ready").write_text("/elsewhere")
    assert store.find(environment) is None
    (folder / "ready").write_text(str(folder))
    assert store.find(environment) == str(folder / "bin" / "python")
    (folder / "bin" / "python").unlink()
    assert store.find(environment) is None


def test_finding_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from runner.images.venv import VenvEnvironments;"
        "from runner.model.environment import *;"
        f"VenvEnvironments(pathlib.Path({str(tmp_path)!r})).find("
        "NamedEnvironment('', EnvironmentSpec(pip=('pytest',))));"
        "print([name for name in ('pip', 'packaging', 'docker', 'importlib.metadata') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
