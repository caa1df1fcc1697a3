"""The common part of environments as built images, on kind or in a registry."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ..environments.lock import Lock
from ..errors import EnvironmentFailed, Problem
from ..model.environment import NamedEnvironment
from ..ports import Notify, Prepared
from . import build_context
from .default_image import bare, bare_note
from .recipes import Recipes


class BuiltImages(ABC):
    """The part of an `EnvironmentStore` that kind clusters and registries share."""

    def __init__(self, recipes: Recipes) -> None:
        """Remember the maker of images."""
        self._recipes = recipes
        self._builder = recipes.builder

    @abstractmethod
    def find(self, environment: NamedEnvironment) -> Prepared | None:
        """Return the image if nothing has to be made. Raises EnvironmentFailed."""

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the reasons why the environment cannot be made here."""
        found = self._recipes.problems(environment)
        if found or environment.spec.default or build_context.ready_image(environment.spec):
            return found
        missing = self._no_place(environment)
        if missing:
            return missing
        found = self._recipes.secret_problems(environment)
        return () if found and self.find(environment) else found

    def ensure(self, environment: NamedEnvironment, notify: Notify) -> Prepared:
        """Make the image unless it can be used already. Raises EnvironmentFailed."""
        try:
            return self.find(environment) or self._made(environment, notify)
        except EnvironmentFailed as error:
            found = bare(environment)
            if found is None:
                raise
            notify(bare_note(environment, str(error), "repair this, and run it again"))
            return found

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        """Return the environment's lock for this target if it is stored; nothing is resolved."""
        return self._recipes.known_lock(environment)

    def obtain_lock(self, environment: NamedEnvironment, notify: Notify) -> Lock | None:
        """Return the environment's lock for this target; resolve it unless it is stored. Raises EnvironmentFailed."""
        return self._recipes.obtain(environment, notify).lock

    def _no_place(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the reasons why no image can be built here."""
        return self._builder.engine.no_engine_problem(environment.name)

    @abstractmethod
    def _made(self, environment: NamedEnvironment, notify: Notify) -> Prepared:
        """Build the image and bring it to where the nodes find it. Raises EnvironmentFailed."""
