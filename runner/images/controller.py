"""The image of a detached controller: this package on a slim Python, named by its content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from ..data.step_bundle import SUFFIXES
from ..errors import EnvironmentFailed, Problem
from ..model.digest import digest_of_bytes
from .docker import DockerBuilder, archive
from .kind_nodes import KindNodes

REPOSITORY = "runner-controller"
"""The name of the image in every registry."""
_PACKAGE = Path(__file__).parents[1]
_PLACE = Path("images", "controller", "Dockerfile")
_NAME = "runner"
"""The package's name in the image. Here it may be loaded under its private name."""
_SUFFIXES = (*SUFFIXES, ".css", ".html", ".js", ".svg")
"""The files of the package that count here: with those of the web pages."""
_LEFT_OUT = ("__pycache__", "_manifests")


class ControllerImage:
    """Build of the controller's image by the local engine, and its transfer to where a cluster's nodes find it."""

    def __init__(self, builder: DockerBuilder | None = None) -> None:
        self._builder = builder or DockerBuilder()

    def problems(self) -> tuple[Problem, ...]:
        """Return the reasons why the image cannot be made here."""
        if self._builder.engine.reachable():
            return ()
        what = "no Docker engine answers here; it is needed to build the image of the detached controller"
        return (Problem(what, "", "start Docker, or name a ready image as controller_image of the target"),)

    def on_kind(self, cluster: str, notify: Callable[[str], None]) -> str:
        """Return the image after loading it to every node of a kind cluster. Raises EnvironmentFailed."""
        image, nodes = tag(), KindNodes(cluster, self._builder.engine)
        if nodes.hold(image):
            return image
        if not nodes.names():
            raise EnvironmentFailed(
                f"the Docker engine here runs no kind cluster {cluster!r} to load the controller's image into"
            )
        self._build(image, notify)
        nodes.load(image, notify)
        return image

    def in_registry(self, registry: str, notify: Callable[[str], None]) -> str:
        """Return the image in a registry, by digest. Raises EnvironmentFailed."""
        path, image = registry.rstrip("/"), tag()
        digest = self._builder.published(f"{path}/{image}")
        if not digest:
            self._build(image, notify)
            notify(f"pushing image {image} to {path}")
            digest = self._builder.push(image, f"{path}/{image}", notify)
        return f"{path}/{REPOSITORY}@{digest}"

    def _build(self, image: str, notify: Callable[[str], None]) -> None:
        if self._builder.exists(image):
            return
        notify(f"building image {image} for the detached controller")
        self._builder.build(
            image, build_context(), notify, what="the image of the detached controller could not be built"
        )


@lru_cache(maxsize=1)
def tag() -> str:
    """Return ``runner-controller:<16 hex digits>``, a digest of its content."""
    return f"{REPOSITORY}:{digest_of_bytes(archive(build_context()).getvalue())[:16]}"


@lru_cache(maxsize=1)
def build_context() -> Mapping[str, bytes]:
    """Return the Dockerfile and the package's sources, by name, from the installed package."""
    found = {"Dockerfile": _dockerfile().read_bytes()}
    for path in sorted(_PACKAGE.rglob("*.*")):
        within = path.relative_to(_PACKAGE)
        if path.suffix in _SUFFIXES and not set(within.parts) & set(_LEFT_OUT):
            found[f"{_NAME}/{within.as_posix()}"] = path.read_bytes()
    return found


def _dockerfile() -> Path:
    """Return the Dockerfile. It is below ``_manifests`` in an installed package, else at the top of the repository."""
    for folder in (_PACKAGE / "_manifests", _PACKAGE.parent):
        if (folder / _PLACE).is_file():
            return folder / _PLACE
    raise EnvironmentFailed(f"{_PLACE} is not part of this installation; name a ready image: controller_image")
