"""Environments of a target that cannot receive built images: only existing images work."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import EnvironmentFailed, Problem
from ..model.environment import NamedEnvironment
from ..ports import Notify, Prepared, StoredEnvironment
from . import build_context
from .build_failure import refused
from .default_image import bare, bare_note
from .docker import DockerBuilder
from .image_reference import by_digest, reference_problem

_WAYS = (
    "add `registry: host/path` to the target, which images are then pushed to; "
    "or give the environment a ready image (image: name:tag, with nothing to install)"
)


class ReadyImages:
    """An `EnvironmentStore` that builds nothing, and its empty `EnvironmentInventory`.

    Every image must exist where the nodes pull from.
    """

    def __init__(
        self,
        target: str,
        builder: DockerBuilder | None = None,
        prepared: Callable[[NamedEnvironment], Prepared | None] = lambda _environment: None,
    ) -> None:
        """Remember the target's name, and the images that exist.

        Args:
            target: The target's name.
            builder: The engine that can ask registries. Default: that of this machine.
            prepared: Returns the image that a publication has made of an environment. Default: none has.

        """
        self._target = target
        self._builder = builder or DockerBuilder()
        self._prepared = prepared

    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Return the image if none has to be built, by digest if the local engine can ask its registry."""
        known = self._prepared(environment)
        if known is not None:
            return known
        image = build_context.ready_image(environment.spec)
        if image:
            return Prepared(pinned(self._builder, image))
        return bare(environment)

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the problem of a text that cannot name an image, or of an image that has to be built."""
        image = environment.spec.image
        unusable = reference_problem(image, f"environment {environment.name!r}") if image else None
        if unusable:
            return (unusable,)
        if build_context.ready_image(environment.spec) or environment.spec.default or self._prepared(environment):
            return ()
        what = f"environment {environment.name!r} needs an image built, and target {self._target!r} has no place for it"
        return (Problem(what, f"targets.{self._target}", _WAYS),)

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """Return a warning about the default environment. A ready image is used unchanged."""
        if build_context.ready_image(environment.spec) or not environment.spec.default or self._prepared(environment):
            return ()
        return (bare_note(environment, f"target {self._target!r} has no place for built images", _WAYS),)

    def ensure(self, environment: NamedEnvironment, notify: Notify) -> Prepared:  # noqa: ARG002 - nothing to report
        """Return the ready image. Raises EnvironmentFailed if there is none."""
        found = self.find(environment)
        if found is None:
            raise refused(self.problems(environment))
        return found

    def stored(self) -> tuple[StoredEnvironment, ...]:
        """Return nothing: runner has made none of these images."""
        return ()

    def remove(self, listed: StoredEnvironment) -> bool:  # noqa: ARG002 - there is none
        """Return True: nothing is stored."""
        return True


def pinned(builder: DockerBuilder, image: str) -> str:
    """Return an image by the digest that its registry has now.

    It is returned by name if no engine is here to ask the registry, or if the registry does not name a digest.
    """
    if "@" in image or not builder.engine.reachable():
        return image
    try:
        digest = builder.published(image)
    except EnvironmentFailed:
        return image
    return by_digest(image, digest) if digest else image
