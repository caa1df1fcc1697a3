"""Environments as images on the nodes of a kind cluster."""

from __future__ import annotations

from ..environments.requirements import read
from ..errors import Problem
from ..model.environment import NamedEnvironment
from ..override import override
from ..ports import Notify, Prepared
from . import build_context
from .build_context import Recipe
from .build_failure import refused
from .built_images import BuiltImages
from .default_image import bare, bare_note
from .image_reference import by_digest
from .kind_nodes import KindNodes
from .ready_images import pinned
from .recipes import Recipes


class KindImages(BuiltImages):
    """An `EnvironmentStore` whose images the local engine builds and kind loads into the nodes.

    A built image is named by its content, so a node with the tag needs neither build nor load. A ready image that the
    engine has is loaded if the nodes have another one of that name or none; a loaded image has no registry's digest,
    so it is used by name. Any other ready image is used by the digest that the nodes or its registry report.
    """

    def __init__(self, cluster: str, recipes: Recipes) -> None:
        """Remember the cluster's name, and the maker of images."""
        super().__init__(recipes)
        self._nodes = KindNodes(cluster, self._builder.engine)

    @override
    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Return the image if nothing has to be built or loaded."""
        image = build_context.ready_image(environment.spec)
        if not self._builder.engine.reachable():
            return Prepared(image) if image else bare(environment)
        if image:
            return self._ready(image)
        if environment.spec.default and not self._nodes.names():
            return bare(environment)
        recipe = self._recipes.known(environment)
        return _prepared(recipe) if recipe and self._nodes.hold(recipe.tag) else None

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """Return the differences between the image and the specification."""
        missing = self._no_place(environment) if environment.spec.default else ()
        if missing:
            return tuple(bare_note(environment, problem.what, problem.remedy) for problem in missing)
        return build_context.notes(environment, read(environment))

    def _ready(self, image: str) -> Prepared | None:
        """Return a ready image unless it has to be loaded."""
        here = self._builder.identities(image)
        if here and self._nodes.names():
            return Prepared(image) if self._nodes.hold(image, here) else None
        if self._nodes.hold(image):
            digest = self._nodes.digest(image)
            return Prepared(by_digest(image, digest) if digest else image)
        return Prepared(pinned(self._builder, image))

    @override
    def _made(self, environment: NamedEnvironment, notify: Notify) -> Prepared:
        image = build_context.ready_image(environment.spec)
        if image:
            self._load(image, notify)
            return Prepared(image)
        recipe = self._recipes.build(environment, notify)
        self._load(recipe.tag, notify)
        return _prepared(recipe)

    def _load(self, image: str, notify: Notify) -> None:
        if not self._nodes.names():
            raise refused(self._cluster_problems())
        self._nodes.load(image, notify)

    @override
    def _no_place(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        return self._builder.engine.no_engine_problem(environment.name) or self._cluster_problems()

    def _cluster_problems(self) -> tuple[Problem, ...]:
        if self._nodes.names():
            return ()
        what = f"the Docker engine here runs no kind cluster {self._nodes.cluster!r} to load images into"
        remedy = "`runner cluster up` makes it; or name the right one as kind_cluster of the target"
        return (Problem(what, "", remedy),)


def _prepared(recipe: Recipe) -> Prepared:
    return Prepared(recipe.tag, recipe.lock.digest if recipe.lock else "")
