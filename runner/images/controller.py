"""The image that a detached controller runs in: this very package on a slim Python, named by its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from ..data.carry import CARRIED
from ..errors import EnvironmentFailed, Problem
from ..model.digest import digest_of_bytes
from .docker import DockerBuilder, archive
from .nodes import KindNodes

REPOSITORY = "runner-controller"
"""The name of the image, wherever it is."""
_PACKAGE = Path(__file__).parents[1]
_PLACE = Path("images", "controller", "Dockerfile")
_NAME = "runner"
"""What the package is called in the image, also when it is loaded under its private name here."""
_LEFT_OUT = ("__pycache__", "_manifests")


class ControllerImage:
    """Builds the image by the local engine and brings it to where a cluster's nodes find it."""

    def __init__(self, builder: DockerBuilder | None = None) -> None:
        self._builder = builder or DockerBuilder()

    def problems(self) -> tuple[Problem, ...]:
        """Why it could not be made here."""
        if self._builder.engine.reachable():
            return ()
        what = "no Docker engine answers here; it is needed to build the image of the detached controller"
        return (Problem(what, "", "start Docker, or name a ready image as controller_image of the target"),)

    def on_kind(self, cluster: str, say: Callable[[str], None]) -> str:
        """The image on every node of a kind cluster. Raises EnvironmentFailed."""
        image, nodes = tag(), KindNodes(cluster, self._builder.engine)
        if nodes.hold(image):
            return image
        if not nodes.names():
            raise EnvironmentFailed(
                f"the Docker engine here runs no kind cluster {cluster!r} to load the controller's image into"
            )
        self._build(image, say)
        nodes.load(image, say)
        return image

    def in_registry(self, registry: str, say: Callable[[str], None]) -> str:
        """The image below a registry's path, by digest. Raises EnvironmentFailed."""
        path, image = registry.rstrip("/"), tag()
        digest = self._builder.published(f"{path}/{image}")
        if not digest:
            self._build(image, say)
            say(f"pushing image {image} to {path}")
            digest = self._builder.push(image, f"{path}/{image}", say)
        return f"{path}/{REPOSITORY}@{digest}"

    def _build(self, image: str, say: Callable[[str], None]) -> None:
        if self._builder.exists(image):
            return
        say(f"building image {image} for the detached controller")
        self._builder.build(image, build_context(), say, what="the image of the detached controller could not be built")


@lru_cache(maxsize=1)
def tag() -> str:
    """``runner-controller:<16 hex digits>`` of all that goes into it."""
    return f"{REPOSITORY}:{digest_of_bytes(archive(build_context()).getvalue())[:16]}"


@lru_cache(maxsize=1)
def build_context() -> Mapping[str, bytes]:
    """The Dockerfile and the package's sources, by name, from wherever the package is installed."""
    found = {"Dockerfile": _dockerfile().read_bytes()}
    for path in sorted(_PACKAGE.rglob("*.*")):
        within = path.relative_to(_PACKAGE)
        if path.suffix in CARRIED and not set(within.parts) & set(_LEFT_OUT):
            found[f"{_NAME}/{within.as_posix()}"] = path.read_bytes()
    return found


def _dockerfile() -> Path:
    """In an installed package below ``_manifests``, in a checkout at the top of the repository."""
    for folder in (_PACKAGE / "_manifests", _PACKAGE.parent):
        if (folder / _PLACE).is_file():
            return folder / _PLACE
    raise EnvironmentFailed(f"{_PLACE} is not part of this installation; name a ready image: controller_image")
