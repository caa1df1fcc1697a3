"""Environments as images in a registry that the target's nodes pull from."""

from __future__ import annotations

from ..environments.requirements import read
from ..model.environment import NamedEnvironment
from ..override import override
from ..ports import Notify, Prepared
from . import build_context
from .build_context import Recipe
from .built_images import BuiltImages
from .default_image import bare, bare_note
from .ready_images import pinned
from .recipes import Recipes

_START = "start Docker here"


class RegistryImages(BuiltImages):
    """An `EnvironmentStore` whose images the local engine builds and pushes. They are named by digest."""

    def __init__(self, registry: str, recipes: Recipes) -> None:
        """Remember the registry's path, and the maker of images."""
        self._registry = registry.rstrip("/")
        super().__init__(recipes)

    @override
    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Return the ready image, or the built one if the registry has it. Raises EnvironmentFailed."""
        image = build_context.ready_image(environment.spec)
        if image:
            return Prepared(pinned(self._builder, image))
        if not self._builder.engine.reachable():
            return bare(environment)
        recipe = self._recipes.known(environment)
        digest = recipe and self._builder.published(f"{self._registry}/{recipe.tag}")
        return self._by_digest(recipe, digest) if recipe and digest else None

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:
        """Return the differences between the image and the specification."""
        if environment.spec.default and not self._builder.engine.reachable():
            return (bare_note(environment, "no Docker engine answers here", _START),)
        return build_context.notes(environment, read(environment))

    @override
    def _made(self, environment: NamedEnvironment, notify: Notify) -> Prepared:
        recipe = self._recipes.obtain(environment, notify)
        name = f"{self._registry}/{recipe.tag}"
        digest = self._builder.published(name)
        if not digest:
            self._recipes.build(environment, notify)
            notify(f"pushing image {recipe.tag} to {self._registry}")
            digest = self._builder.push(recipe.tag, name, notify)
        return self._by_digest(recipe, digest)

    def _by_digest(self, recipe: Recipe, digest: str) -> Prepared:
        lock = recipe.lock.digest if recipe.lock else ""
        return Prepared(f"{self._registry}/{build_context.REPOSITORY}@{digest}", lock)
