"""One environment makes one image per registry; ready images are used by digest where one is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runner.environments.credentials import Credentials
from runner.environments.sources import PackageSources
from runner.environments.wheels import key_of
from runner.errors import EnvironmentFailed
from runner.images.ready_images import ReadyImages, pinned
from runner.images.registry_images import RegistryImages
from runner.model.digest import digest_of_bytes
from runner.model.environment import EnvironmentSpec, NamedEnvironment, Wheel
from runner.model.secret import SecretSource
from tests.support.fake_builder import FakeBuilder
from tests.support.image_stores import FixedLocks, a_lock, recipes
from tests.support.memory_store import MemoryStore

MINE = NamedEnvironment("mine", EnvironmentSpec(pip=("six==1.16.0",)))
YOURS = NamedEnvironment("yours", EnvironmentSpec(pip=("six==1.16.0",)), {"COLOUR": "blue"})
READY = NamedEnvironment("ready", EnvironmentSpec(image="team/a:1", ready=True))
LOCK = a_lock("six==1.16.0")


def images(builder: FakeBuilder, store: MemoryStore, locks: FixedLocks) -> RegistryImages:
    return RegistryImages("host/team/", recipes(store, builder, locks))


def quiet(_: str) -> None:
    """Ignore a line of progress."""


def test_the_second_user_builds_nothing_and_pulls_nothing() -> None:
    store, registry = MemoryStore(), {"python:3.11-slim": "sha256:1"}
    first = FakeBuilder(registry=registry)
    made = images(first, store, FixedLocks(LOCK)).ensure(MINE, quiet)
    assert made.reference.startswith("host/team/runner-env@sha256:")
    assert made.lock == LOCK.digest
    assert [line.split()[0] for line in first.done] == ["pull", "look", "build", "push"]

    second = FakeBuilder(registry=registry)
    there = images(second, store, FixedLocks(LOCK, stored=True))
    assert there.find(YOURS) == made
    assert there.ensure(YOURS, quiet) == made
    assert second.done == []


def test_a_workspace_with_another_store_pushes_nothing_that_the_registry_has() -> None:
    registry = {"python:3.11-slim": "sha256:1"}
    made = images(FakeBuilder(registry=registry), MemoryStore(), FixedLocks(LOCK)).ensure(MINE, quiet)
    other = FakeBuilder(registry=registry)
    assert images(other, MemoryStore(), FixedLocks(LOCK)).ensure(MINE, quiet) == made
    assert [line.split()[0] for line in other.done] == ["pull", "look"]


def test_a_base_with_an_old_python_is_refused_before_anything_is_built() -> None:
    builder = FakeBuilder(images={"team/old:1": "sha256:a"}, python="3.6.9 x86_64 2.27 /usr/bin/python3")
    store = images(builder, MemoryStore(), FixedLocks(LOCK))
    for spec in (EnvironmentSpec(image="team/old:1", pip=("six",)), EnvironmentSpec(image="team/old:1", ready=True)):
        (problem,) = store.problems(NamedEnvironment("old", spec))
        assert problem.what.startswith("image team/old:1 has Python 3.6.9, and a step needs ")
    with pytest.raises(EnvironmentFailed, match=r"Python 3\.6\.9"):
        store.ensure(NamedEnvironment("old", EnvironmentSpec(image="team/old:1", pip=("six",))), quiet)
    assert not [line for line in builder.done if line.startswith("build")]


def test_an_image_that_is_not_here_is_not_pulled_for_a_look() -> None:
    builder = FakeBuilder(registry={"team/a:1": "sha256:1"})
    assert images(builder, MemoryStore(), FixedLocks(LOCK)).problems(READY) == ()
    assert builder.done == []


def test_a_ready_image_is_used_by_the_digest_of_its_registry() -> None:
    builder = FakeBuilder(registry={"team/a:1": "sha256:1"})
    for store in (ReadyImages("prod", builder), images(builder, MemoryStore(), FixedLocks(LOCK))):
        found = store.find(READY)
        assert found is not None
        assert found.reference == "team/a@sha256:1"


def test_a_ready_image_whose_registry_says_nothing_is_used_by_name() -> None:
    assert pinned(FakeBuilder(), "team/a:1") == "team/a:1"
    assert pinned(FakeBuilder(silent=True), "team/a:1") == "team/a:1"
    without = FakeBuilder(registry={"team/a:1": "sha256:1"})
    without.engine.up = False
    assert pinned(without, "team/a:1") == "team/a:1"
    assert pinned(FakeBuilder(registry={"a@sha256:9": "sha256:1"}), "a@sha256:9") == "a@sha256:9"


def test_a_wheel_of_the_store_comes_into_the_build_and_is_read_from_there_alone() -> None:
    store, builder, data = MemoryStore(), FakeBuilder(registry={"python:3.11-slim": "sha256:1"}), b"a wheel"
    wheel = Wheel("mine-1.0-py3-none-any.whl", digest_of_bytes(data))
    store.put(key_of(wheel), data)
    private = NamedEnvironment("private", EnvironmentSpec(wheels=(wheel,)))
    images(builder, store, FixedLocks(a_lock("mine==1.0"), store=store)).ensure(private, quiet)
    assert builder.context["runner-build/wheels/mine-1.0-py3-none-any.whl"] == data


@pytest.mark.parametrize(
    ("spec", "known", "tag", "what"),
    [
        (EnvironmentSpec(), False, "cp38-cp38-linux_x86_64", "Python 3.11"),
        (EnvironmentSpec(python="3.9"), False, "cp311-cp311-linux_x86_64", "Python 3.9"),
        (EnvironmentSpec(image="team/a:1"), True, "cp38-cp38-linux_x86_64", "Python 3.11"),
        (EnvironmentSpec(image="team/a:1"), True, "cp311-cp311-linux_aarch64", "this platform (x86_64-manylinux_2_28)"),
        (EnvironmentSpec(image="team/a:1"), True, "cp311-cp311-linux_x86_64", ""),
        (EnvironmentSpec(image="team/a:1"), False, "cp38-cp38-linux_x86_64", ""),
        (EnvironmentSpec(dockerfile="FROM team/a:1"), False, "cp38-cp38-linux_x86_64", ""),
    ],
)
def test_a_wheel_that_is_not_for_the_base_is_a_problem_where_the_base_is_known(
    spec: EnvironmentSpec, known: bool, tag: str, what: str
) -> None:
    wheel = Wheel(f"mine-1.0-{tag}.whl", "0")
    builder = FakeBuilder(images={"team/a:1": "sha256:a"} if known else {})
    store = images(builder, MemoryStore(), FixedLocks(LOCK))
    found = store.problems(NamedEnvironment("mine", replace(spec, wheels=(wheel,))))
    assert [problem.what for problem in found] == ([f"the wheel {wheel.name} is not for {what}"] if what else [])


def test_a_secret_without_a_value_is_a_problem_unless_the_registry_has_the_image(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    environment = NamedEnvironment("mine", EnvironmentSpec(pip=("--index-url https://${TOKEN}@127.0.0.1:9/", "six")))
    memory = MemoryStore()
    credentials = Credentials({"TOKEN": SecretSource(env="MY_TOKEN")})
    locks = FixedLocks(LOCK, sources=PackageSources(memory, credentials=credentials))
    store = images(FakeBuilder(registry={"python:3.11-slim": "sha256:1"}), memory, locks)
    monkeypatch.delenv("MY_TOKEN", raising=False)
    (problem,) = store.problems(environment)
    assert problem.what == "secret 'TOKEN' has no value: the environment variable MY_TOKEN is not set"
    monkeypatch.setenv("MY_TOKEN", "s3cr3t")
    assert store.problems(environment) == ()
    store.ensure(environment, quiet)
    monkeypatch.delenv("MY_TOKEN")
    assert store.problems(environment) == ()
