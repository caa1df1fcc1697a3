"""What every `EnvironmentStore` does: the fake, virtual environments, a kind cluster, a registry."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.environments.locks import Locks
from runner.errors import EnvironmentFailed
from runner.images.docker import DockerBuilder
from runner.images.kind_nodes import KindNodes
from runner.images.venv import VenvEnvironments
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.ports import EnvironmentStore
from runner.storage.directory import DirectoryStore
from tests.support.fake_environments import FakeEnvironments
from tests.support.image_stores import kind_images, registry_images
from tests.support.memory_store import MemoryStore
from tests.support.registry import serving


@dataclass
class Rig:
    """One adapter, and environments that mean the same to each."""

    new: Callable[[], EnvironmentStore]
    """Another store over the same place, as the next process has it."""
    fresh: NamedEnvironment
    """Has the module `tiny`, or six; not made yet."""
    broken: NamedEnvironment
    """Asks for `no-such-release==99`."""
    impossible: NamedEnvironment
    """Known to be impossible before anything starts."""
    works: Callable[[str], bool]
    """Whether a reference really has the packages."""


def _impossible() -> NamedEnvironment:
    return NamedEnvironment("impossible", EnvironmentSpec(conda=("openjdk=8",)))


def _fake(_: Path, stack: ExitStack) -> Rig:
    store = FakeEnvironments(broken=["no-such-release==99"], refused=["openjdk=8"])
    fresh = NamedEnvironment("fresh", EnvironmentSpec(pip=("tiny",)))
    broken = NamedEnvironment("broken", EnvironmentSpec(pip=("no-such-release==99",)))
    return Rig(lambda: store, fresh, broken, _impossible(), lambda reference: reference.startswith("fake:"))


def wheel(folder: Path) -> str:
    """A package `tiny` 1.0 made here; the pip line that finds it without any index."""
    folder.mkdir()
    facts = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "",
        f"{facts}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{facts}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{facts}/RECORD"])
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as archive:
        for name, text in {**files, f"{facts}/RECORD": record}.items():
            archive.writestr(name, text)
    return f"--no-index --find-links {folder}"


def _venv(tmp_path: Path, stack: ExitStack) -> Rig:
    here = wheel(tmp_path / "wheels")
    fresh = NamedEnvironment("fresh", EnvironmentSpec(pip=(here, "tiny==1.0")))
    broken = NamedEnvironment("broken", EnvironmentSpec(pip=(here, "no-such-release==99")))

    def works(reference: str) -> bool:
        return subprocess.run([reference, "-c", "import tiny"], check=False).returncode == 0

    return Rig(lambda: venvs(tmp_path), fresh, broken, _impossible(), works)


def venvs(folder: Path) -> VenvEnvironments:
    """Virtual environments below a folder, with their locks in a store of its own, as the next process has them."""
    return VenvEnvironments(folder / "cache", lambda: Locks(DirectoryStore(folder / "store")))


def _image(stack: ExitStack) -> tuple[NamedEnvironment, NamedEnvironment]:
    """Environments no engine has yet; their images are removed after the test."""
    base = f"FROM python:3.11-slim\nLABEL test={uuid.uuid4().hex}"
    fresh = NamedEnvironment("fresh", EnvironmentSpec(pip=("six==1.16.0",), dockerfile=base))
    broken = NamedEnvironment("broken", EnvironmentSpec(pip=("no-such-release==99",), dockerfile=base))
    label = f"test={base.rpartition('=')[2]}"

    def remove() -> None:
        client = DockerBuilder().engine.client
        for image in client.images.list(filters={"label": label}):
            client.images.remove(image.id or "", force=True)

    stack.callback(remove)
    return fresh, broken


def _runs_as_any_user(image: str) -> bool:
    client = DockerBuilder().engine.client
    output = client.containers.run(image, ["python3", "-c", "import six; print('yes')"], user="12345:1", remove=True)
    return output == b"yes\n"


def _kind(_: Path, stack: ExitStack) -> Rig:
    cluster = os.environ["RUNNER_TEST_KIND_CLUSTER"]
    fresh, broken = _image(stack)
    engine, store = DockerBuilder().engine, MemoryStore()
    nodes = KindNodes(cluster, engine)

    def works(reference: str) -> bool:
        return nodes.hold(reference) and _runs_as_any_user(reference)

    def remove() -> None:
        found = kind_images(cluster, store).find(fresh)
        identity = DockerBuilder(engine).image_id(found.reference) if found else None
        for name in nodes.names() if identity else ():
            engine.client.containers.get(name).exec_run(["crictl", "rmi", str(identity)])

    stack.callback(remove)
    return Rig(lambda: kind_images(cluster, store), fresh, broken, _impossible(), works)


def _registry(_: Path, stack: ExitStack) -> Rig:
    fresh, broken = _image(stack)
    host, store = stack.enter_context(serving()), MemoryStore()

    def works(reference: str) -> bool:
        engine = DockerBuilder().engine
        engine.client.images.pull(reference)
        return "@sha256:" in reference and _runs_as_any_user(reference)

    return Rig(lambda: registry_images(f"{host}/team", store), fresh, broken, _impossible(), works)


RIGS = {"fake": _fake, "venv": _venv, "kind": _kind, "registry": _registry}


@pytest.fixture
def kind_named(request: pytest.FixtureRequest) -> None:
    """RUNNER_TEST_KIND_CLUSTER, if need be by the shared cluster."""
    if "RUNNER_TEST_KIND_CLUSTER" not in os.environ:
        request.getfixturevalue("kind_cluster")


@pytest.fixture(
    params=[
        "fake",
        "venv",
        # The shared cluster is asked for below: conftest would give it to the other rigs as well.
        pytest.param("kind", marks=[pytest.mark.docker, pytest.mark.kind(own_cluster=True)]),
        pytest.param("registry", marks=pytest.mark.docker),
    ]
)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    if request.param == "kind":
        request.getfixturevalue("kind_named")
    with ExitStack() as stack:
        yield RIGS[request.param](tmp_path, stack)


def test_what_was_made_works_and_is_found_by_the_next_process_which_makes_nothing(rig: Rig) -> None:
    said: list[str] = []
    assert rig.new().problems(rig.fresh) == ()
    assert rig.new().find(rig.fresh) is None
    prepared = rig.new().ensure(rig.fresh, said.append)
    assert said
    assert rig.works(prepared.reference)

    said.clear()
    elsewhere = NamedEnvironment("of-another-project", rig.fresh.spec, {"COLOUR": "blue"})
    assert rig.new().find(elsewhere) == prepared
    assert rig.new().ensure(elsewhere, said.append) == prepared
    assert said == []


def test_a_failed_install_names_the_package_and_leaves_nothing_to_find(rig: Rig) -> None:
    with pytest.raises(EnvironmentFailed, match="no-such-release==99"):
        rig.new().ensure(rig.broken, lambda _: None)
    assert rig.new().find(rig.broken) is None


def test_what_is_known_to_be_impossible_is_a_problem_with_a_remedy(rig: Rig) -> None:
    problems = rig.new().problems(rig.impossible)
    assert len(problems) == 1
    assert "openjdk=8" in problems[0].what
    assert problems[0].remedy


def test_a_ready_environment_is_no_problem_and_silent_to_find(rig: Rig) -> None:
    ready = NamedEnvironment("ready", EnvironmentSpec(image="no-such.invalid/image:1", ready=True))
    assert rig.new().problems(ready) == ()
    assert rig.new().find(ready)


@pytest.mark.docker
@pytest.mark.kind(own_cluster=True)
@pytest.mark.usefixtures("kind_named")
def test_without_the_kind_program_an_image_is_streamed_to_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    image = f"runner-test:{uuid.uuid4().hex}"
    builder = DockerBuilder()
    builder.build(image, {"Dockerfile": b"FROM scratch\nCOPY Dockerfile /\n"}, lambda _: None, what="test")
    nodes = KindNodes(os.environ["RUNNER_TEST_KIND_CLUSTER"], builder.engine)
    monkeypatch.setenv("PATH", "")
    try:
        assert not nodes.hold(image)
        nodes.load(image, lambda _: None)
        assert nodes.hold(image, builder.identities(image))
        assert not nodes.hold(image, frozenset({"sha256:another"}))
    finally:
        builder.engine.client.images.remove(image)


_ENSURE = """
import sys
from pathlib import Path
from runner.environments.locks import Locks
from runner.images.venv import VenvEnvironments
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.storage.directory import DirectoryStore
folder = Path(sys.argv[1])
here = VenvEnvironments(folder / "cache", lambda: Locks(DirectoryStore(folder / "store")))
environment = NamedEnvironment("tiny", EnvironmentSpec(pip=(sys.argv[2], "tiny==1.0")))
print(here.ensure(environment, lambda line: print(line, flush=True)).reference)
"""


def _ensuring(folder: Path, line: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _ENSURE, str(folder), line], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )


def test_two_processes_at_once_make_one_venv_and_a_killed_one_leaves_none(tmp_path: Path) -> None:
    line = wheel(tmp_path / "wheels")
    killed = _ensuring(tmp_path, line)
    assert killed.stdout is not None
    assert any(": installing" in said for said in killed.stdout)
    killed.kill()
    killed.wait()
    killed.stdout.close()
    environment = NamedEnvironment("tiny", EnvironmentSpec(pip=(line, "tiny==1.0")))
    assert venvs(tmp_path).find(environment) is None

    outputs = [process.communicate()[0] for process in [_ensuring(tmp_path, line), _ensuring(tmp_path, line)]]
    references = {output.splitlines()[-1] for output in outputs}
    found = venvs(tmp_path).find(environment)
    assert found is not None
    assert references == {found.reference}
    assert sum(": installing" in output for output in outputs) == 1
    lock = venvs(tmp_path).known_lock(environment)
    assert lock is not None
    assert [(package.name, package.version) for package in lock.packages] == [("tiny", "1.0")]
    assert found.lock == lock.digest
