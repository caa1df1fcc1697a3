"""Environments as images on the nodes of a kind cluster."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Problem
from ..model.environment import NamedEnvironment
from . import context
from .build import build
from .docker import DockerBuilder
from .failure import refused
from .nodes import KindNodes
from .packages import read


class KindImages:
    """An `EnvironmentStore`: images are built by the local engine and loaded into the nodes.

    A built image is named by its content, so a node that has the tag has the image and nothing
    is built or loaded. A ready image goes by its name: what the local engine holds under it is
    loaded where the nodes have another or none; what it does not hold is the kubelet's to pull.
    """

    def __init__(self, cluster: str, builder: DockerBuilder | None = None) -> None:
        self._builder = builder or DockerBuilder()
        self._nodes = KindNodes(cluster, self._builder.engine)

    def find(self, environment: NamedEnvironment) -> str | None:
        """The image, if nothing has to be built or loaded."""
        image = context.ready_image(environment.spec)
        if image:
            return image if self._settled(image) else None
        image = context.tag(environment.spec)
        return image if self._builder.engine.reachable() and self._nodes.hold(image) else None

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Why the environment could not be made here."""
        found = context.problems(environment, read(environment))
        if found or context.ready_image(environment.spec):
            return found
        missing = self._builder.engine.missing(environment.name)
        return missing or self._cluster_problems()

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """How the image will differ from what was asked for."""
        return () if environment.spec.ready else context.notes(environment, read(environment))

    def ensure(self, environment: NamedEnvironment, say: Callable[[str], None]) -> str:
        """Build and load what the nodes lack; the image's name. Raises EnvironmentFailed."""
        found = self.find(environment)
        if found:
            return found
        image = context.ready_image(environment.spec) or build(self._builder, environment, say)
        self._load(image, say)
        return image

    def _settled(self, image: str) -> bool:
        """Whether a ready image is as it should be, or out of our hands."""
        if not self._builder.engine.reachable():
            return True
        here = self._builder.identities(image)
        return not here or not self._nodes.names() or self._nodes.hold(image, here)

    def _load(self, image: str, say: Callable[[str], None]) -> None:
        if not self._nodes.names():
            raise refused(self._cluster_problems())
        self._nodes.load(image, say)

    def _cluster_problems(self) -> tuple[Problem, ...]:
        if self._nodes.names():
            return ()
        what = f"the Docker engine here runs no kind cluster {self._nodes.cluster!r} to load images into"
        remedy = "`runner cluster up` makes it; or name the right one as kind_cluster of the target"
        return (Problem(what, "", remedy),)
