"""Images of environments in the Docker engine: what is listed, and what may be deleted."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from runner.images.build_context import REPOSITORY
from runner.images.docker import archive
from runner.images.engine import DockerEngine
from runner.images.image_inventory import ENGINE, ImageInventory
from runner.ports import StoredEnvironment

pytestmark = pytest.mark.docker


@pytest.fixture
def engine() -> DockerEngine:
    return DockerEngine()


@pytest.fixture
def image(engine: DockerEngine) -> Iterator[str]:
    """Return the name of a small image that looks like one of an environment."""
    name = f"{REPOSITORY}:test-{uuid.uuid4().hex[:12]}"
    labels = {"runner.environment": f"spec-{name}", "runner.lock": "lock"}
    files = {"Dockerfile": b"FROM scratch\nCOPY name /\n", "name": name.encode()}
    engine.client.images.build(fileobj=archive(files), custom_context=True, tag=name, labels=labels, rm=True)
    yield name
    if engine.client.images.list(name):
        engine.client.images.remove(name, force=True)


def _found(engine: DockerEngine, image: str) -> StoredEnvironment | None:
    return next((each for each in ImageInventory(engine).stored() if each.reference == image), None)


def test_an_image_is_listed_with_its_labels_and_deleted_with_all_its_names(engine: DockerEngine, image: str) -> None:
    again = f"registry.example.org/team/{image}"
    engine.client.images.get(image).tag(again)
    found = _found(engine, image)
    assert found is not None
    assert (found.environment, found.lock, found.place, found.busy) == (f"spec-{image}", "lock", ENGINE, "")
    assert found.names >= {image, again}
    assert found.made is not None
    assert ImageInventory(engine).remove(found)
    assert _found(engine, image) is None
    assert not engine.client.images.list(again)


def test_an_image_that_a_container_uses_stays(engine: DockerEngine, image: str) -> None:
    container = engine.client.containers.create(image, command=["/name"])
    try:
        found = _found(engine, image)
        assert found is not None
        assert found.busy == "a container of Docker engine uses it"
        assert not ImageInventory(engine).remove(found)
    finally:
        container.remove()
    assert _found(engine, image) is not None
