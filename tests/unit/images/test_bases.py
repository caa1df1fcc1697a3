"""Base images: what is asked of engine and registry, and what is remembered for everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner.images.bases import Bases
from runner.model.environment import EnvironmentSpec
from tests.support.fake_builder import FakeBuilder
from tests.support.memory_store import MemoryStore

Make = Callable[[FakeBuilder, Callable[[], MemoryStore]], Bases]
SPEC = EnvironmentSpec(pip=("six",))
NAME = "python:3.11-slim"


@pytest.fixture
def bases(tmp_path: Path) -> Make:
    """Makes `Bases` of one machine."""
    return lambda builder, store: Bases(builder, store, tmp_path)


def quiet(_: str) -> None:
    """Ignore a line of progress."""


def test_a_base_that_is_not_here_is_pulled_and_looked_at_once(bases: Make) -> None:
    store, builder = MemoryStore(), FakeBuilder(registry={NAME: "sha256:1"})
    seen = bases(builder, lambda: store).obtain(SPEC, NAME, NAME, quiet)
    assert (seen.digest, seen.published, seen.python) == ("sha256:1", True, "3.11.2")
    assert builder.done == [f"pull {NAME}", f"look {NAME}"]
    assert bases(builder, lambda: store).obtain(SPEC, NAME, NAME, quiet) == seen
    assert len(builder.done) == 2


def test_a_colleague_builds_on_the_image_that_the_first_one_used(bases: Make) -> None:
    store = MemoryStore()
    first = bases(FakeBuilder(registry={NAME: "sha256:1"}), lambda: store).obtain(SPEC, NAME, NAME, quiet)
    other = FakeBuilder(registry={NAME: "sha256:2"})
    assert bases(other, lambda: store).obtain(SPEC, NAME, NAME, quiet) == first
    assert other.done == []
    assert first.reference == f"{NAME}@sha256:1"


def test_two_who_look_at_once_use_the_image_that_was_remembered_first(bases: Make) -> None:
    store = MemoryStore()
    first = bases(FakeBuilder(registry={NAME: "sha256:1"}), lambda: store).obtain(SPEC, NAME, NAME, quiet)
    late = FakeBuilder(images={NAME: "sha256:id"}, pulled={NAME: "sha256:2"}, registry={NAME: "sha256:2"})
    assert bases(late, lambda: store).look(SPEC, NAME, NAME) == first


def test_another_generation_takes_the_image_of_its_own_time(bases: Make) -> None:
    store = MemoryStore()
    bases(FakeBuilder(registry={NAME: "sha256:1"}), lambda: store).obtain(SPEC, NAME, NAME, quiet)
    raised = replace(SPEC, generation=1)
    found = bases(FakeBuilder(registry={NAME: "sha256:2"}), lambda: store).obtain(raised, NAME, NAME, quiet)
    assert found.digest == "sha256:2"


def test_an_image_of_this_machine_alone_is_known_by_its_id_and_looked_at_again_when_that_changes(bases: Make) -> None:
    store, builder = MemoryStore(), FakeBuilder(images={NAME: "sha256:a"})
    found = bases(builder, lambda: store)
    seen = found.obtain(SPEC, NAME, NAME, quiet)
    assert (seen.digest, seen.published, seen.reference) == ("sha256:a", False, NAME)
    assert found.known(SPEC, NAME) == seen
    builder.images[NAME] = "sha256:b"
    assert found.known(SPEC, NAME) is None
    assert found.obtain(SPEC, NAME, NAME, quiet).digest == "sha256:b"


def test_a_digest_that_no_registry_confirms_is_not_pinned(bases: Make) -> None:
    store = MemoryStore()
    builder = FakeBuilder(images={NAME: "sha256:a"}, pulled={NAME: "sha256:1"})
    assert not bases(builder, lambda: store).obtain(SPEC, NAME, NAME, quiet).published
    silent = FakeBuilder(images={NAME: "sha256:a"}, pulled={NAME: "sha256:1"}, silent=True)
    assert not bases(silent, MemoryStore).obtain(SPEC, NAME, NAME, quiet).published


def test_a_base_of_another_processor_is_another_one(bases: Make) -> None:
    store, builder = MemoryStore(), FakeBuilder(registry={NAME: "sha256:1"})
    bases(builder, lambda: store).obtain(SPEC, NAME, NAME, quiet)
    builder.engine.architecture = "arm64"
    assert bases(builder, lambda: store).known(SPEC, NAME) is None


def test_a_base_that_cannot_run_a_step_is_not_remembered(bases: Make) -> None:
    store, builder = MemoryStore(), FakeBuilder(images={NAME: "sha256:a"}, python="none")
    assert bases(builder, lambda: store).look(SPEC, NAME, NAME).problem("e") is not None
    assert store.objects == {}


def test_the_image_of_a_dockerfile_is_known_by_its_text_on_every_machine(bases: Make) -> None:
    store, builder = MemoryStore(), FakeBuilder(images={"runner-env:x-base": "sha256:a"})
    spec = EnvironmentSpec(pip=("six",), dockerfile="FROM a")
    seen = bases(builder, lambda: store).obtain(spec, "", "runner-env:x-base", quiet)
    assert (seen.name, seen.digest) == ("", "")
    elsewhere = FakeBuilder()
    assert bases(elsewhere, lambda: store).known(spec, "") == seen
    assert elsewhere.done == []


def test_an_image_is_looked_at_once_on_a_machine_and_again_when_it_changes(bases: Make) -> None:
    store, builder = MemoryStore(), FakeBuilder(images={NAME: "sha256:a"})
    for _ in range(2):
        seen = bases(builder, lambda: store).here(SPEC, NAME)
        assert seen is not None
        assert seen.python == "3.11.2"
    assert builder.done == [f"look {NAME}"]
    builder.images[NAME] = "sha256:b"
    bases(builder, lambda: store).here(SPEC, NAME)
    assert builder.done == [f"look {NAME}"] * 2
    assert store.objects == {}


def test_an_image_that_the_engine_does_not_have_is_not_looked_at(bases: Make) -> None:
    builder = FakeBuilder(registry={NAME: "sha256:1"})
    assert bases(builder, MemoryStore).here(SPEC, NAME) is None
    assert builder.done == []
