"""Disk for the images that kind tests build: each lies in the engine and on both nodes of the test cluster."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from runner.images.engine import DockerEngine
from runner.images.image_inventory import ImageInventory
from runner.images.kind_nodes import KindNodes
from runner.ports import StoredEnvironment

LEAST_FREE = 15 << 30
"""Bytes. The largest environment of a test takes about 5 GB in all places together, while kind copies it."""


def make_room(cluster: str) -> None:
    """Delete images of environments, the oldest first, until the disk has room for the next test.

    Nothing happens on a disk with room: tests reuse the images of earlier ones.
    """
    if _free() >= LEAST_FREE:
        return
    engine = DockerEngine()
    inventory = ImageInventory(engine, KindNodes(cluster, engine))
    for image in oldest_first(inventory.stored()):
        if _free() >= LEAST_FREE:
            return
        inventory.remove(image)
        engine.client.images.prune(filters={"dangling": True})


def oldest_first(images: Sequence[StoredEnvironment]) -> list[StoredEnvironment]:
    """Sort images by the time at which they were made; those of an unknown time come first."""
    return sorted(images, key=lambda image: image.made.timestamp() if image.made else 0.0)


def _free() -> int:
    """Return the free bytes of the disk with Docker's files, or of this one's if Docker is elsewhere."""
    docker = Path("/var/lib/docker")
    return shutil.disk_usage(docker if docker.is_dir() else Path("/")).free
