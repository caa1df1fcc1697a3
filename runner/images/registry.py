"""Environments as images in a registry that the target's nodes pull from."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Problem
from ..model.environment import NamedEnvironment
from . import context
from .build import build
from .docker import DockerBuilder
from .packages import read


class RegistryImages:
    """An `EnvironmentStore`: images are built by the local engine, pushed, and named by digest."""

    def __init__(self, registry: str, builder: DockerBuilder | None = None) -> None:
        self._registry = registry.rstrip("/")
        self._builder = builder or DockerBuilder()

    def find(self, environment: NamedEnvironment) -> str | None:
        """The ready image, or the built one by digest if the registry holds it."""
        image = context.ready_image(environment.spec)
        if image:
            return image
        if not self._builder.engine.reachable():
            return None
        name = f"{self._registry}/{context.tag(environment.spec)}"
        return self._by_digest(self._builder.published(name))

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Why the environment could not be made here."""
        found = context.problems(environment, read(environment))
        if found or context.ready_image(environment.spec):
            return found
        return self._builder.engine.missing(environment.name)

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """How the image will differ from what was asked for."""
        return () if environment.spec.ready else context.notes(environment, read(environment))

    def ensure(self, environment: NamedEnvironment, say: Callable[[str], None]) -> str:
        """Build and push what the registry lacks; the image by digest. Raises EnvironmentFailed."""
        found = self.find(environment)
        if found:
            return found
        image = build(self._builder, environment, say)
        say(f"pushing image {image} to {self._registry}")
        digest = self._builder.push(image, f"{self._registry}/{image}", say)
        return self._by_digest(digest) or ""

    def _by_digest(self, digest: str | None) -> str | None:
        return f"{self._registry}/{context.REPOSITORY}@{digest}" if digest else None
