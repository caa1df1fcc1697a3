"""Environments on a target that images cannot be brought to: only ready ones."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Problem
from ..model.environment import NamedEnvironment
from . import context
from .failure import refused


class ReadyImages:
    """An `EnvironmentStore` that makes nothing: every image must exist where nodes pull from."""

    def __init__(self, target: str) -> None:
        self._target = target

    def find(self, environment: NamedEnvironment) -> str | None:
        """The image, if none has to be built."""
        return context.ready_image(environment.spec) or None

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """That an image has to be built, and the two ways out."""
        if self.find(environment):
            return ()
        what = f"environment {environment.name!r} needs an image built, and target {self._target!r} has no place for it"
        remedy = (
            "add `registry: host/path` to the target, which images are then pushed to; "
            "or give the environment a ready image (image: name:tag, with nothing to install)"
        )
        return (Problem(what, f"targets.{self._target}", remedy),)

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:  # noqa: ARG002 - ready images are as they are
        """Nothing: a ready image is used as it is."""
        return ()

    def ensure(self, environment: NamedEnvironment, say: Callable[[str], None]) -> str:  # noqa: ARG002 - nothing to say
        """The ready image. Raises EnvironmentFailed if there is none."""
        image = self.find(environment)
        if image is None:
            raise refused(self.problems(environment))
        return image
