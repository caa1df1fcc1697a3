"""From an environment to the recipe of its image, which needs a look at its base and its lock; and to the image."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..environments.credentials import Opened
from ..environments.index_order import ordered
from ..environments.lock import Lock
from ..environments.lock_notes import notes_with_lock
from ..environments.locks import Locks
from ..environments.private_files import private_files
from ..environments.requirements import installs, python_minor, read
from ..environments.wheel_tags import misfits
from ..errors import EnvironmentFailed, Problem
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.redaction import references
from ..ports import Notify
from . import build_context
from .base_image import BaseImage
from .bases import Bases
from .build_context import Recipe
from .build_failure import refused
from .docker import DockerBuilder
from .source_builds import source_builds


class Recipes:
    """The recipes of images, and their builds by the engine of this machine."""

    def __init__(self, builder: DockerBuilder, bases: Bases, locks: Callable[[], Locks]) -> None:
        """Remember the collaborators. `locks` opens the workspace's store, so it is called when a lock is needed."""
        self.builder = builder
        self._bases = bases
        self._locks = locks

    def known(self, environment: NamedEnvironment) -> Recipe | None:
        """Return the recipe if base and lock are known. Nothing is pulled, resolved or built."""
        spec = environment.spec
        own = build_context.own_dockerfile(spec)
        if not installs(spec):
            return Recipe(BaseImage(), None, own)
        base = self._bases.known(spec, build_context.base_name(spec))
        lock = base and self._locks().known(environment, base.minor, base.platform)
        return Recipe(base, lock, own) if base and lock else None

    def obtain(self, environment: NamedEnvironment, notify: Notify) -> Recipe:
        """Return the recipe; look at the base and resolve the lock unless they are known. Raises EnvironmentFailed."""
        found = self.known(environment)
        if found:
            return found
        base = self._base(environment, notify)
        lock = self._locks().obtain(environment, base.minor, base.platform, notify)
        return Recipe(base, lock, build_context.own_dockerfile(environment.spec))

    def known_lock(self, environment: NamedEnvironment) -> Lock | None:
        """Return the lock that the image of the environment has or will have, if it is stored."""
        found = self.known(environment)
        return found.lock if found else None

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the reasons why the image could not be built or cannot run a step, as far as they are known now."""
        buildkit = bool(environment.spec.dockerfile) and self.builder.buildkit
        found = build_context.problems(environment, read(environment), buildkit=buildkit)
        base = () if found else self._base_problems(environment)
        return (*found, *base)

    def secret_problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return a problem for each secret without a value that a build needs. Raises StoreError."""
        spec = environment.spec
        if not references(spec.pip):
            return ()
        return self._locks().sources.credentials.without_value(spec.pip, f"environment {environment.name!r}")

    def build(self, environment: NamedEnvironment, notify: Notify) -> Recipe:
        """Build the image of the environment unless the engine has it. Return its recipe. Raises EnvironmentFailed."""
        problems = self.problems(environment)
        if problems:
            raise refused(problems)
        recipe, wanted = self.obtain(environment, notify), read(environment)
        for note in notes_with_lock(
            environment.name, build_context.notes(environment, wanted), wanted.date, recipe.lock
        ):
            notify(note)
        if not self.builder.exists(recipe.tag):
            notify(f"building image {recipe.tag} for environment {environment.name!r}")
            wheels = self._files(environment.spec, recipe.lock)
            context = build_context.context_files(recipe, buildkit=self.builder.buildkit, wheels=wheels)
            labels = build_context.labels(environment.spec, recipe)
            with source_builds(recipe.lock, self._opened, notify) as hear:
                self.builder.build(recipe.tag, context, hear, what=_what(environment), labels=labels)
        if recipe.lock is None:
            _check(self._bases.look(environment.spec, "", recipe.tag), environment)
        return recipe

    def _opened(self, lock: Lock) -> Opened:
        """Return the lines of the lock with the secrets that they name. Raises EnvironmentFailed."""
        return self._locks().sources.credentials.open(ordered(lock.lines()))

    def _files(self, spec: EnvironmentSpec, lock: Lock | None) -> Mapping[str, bytes]:
        """Return the files that no public index has, by file name. Raises EnvironmentFailed, StoreError."""
        if lock is None:
            return {}
        sources = self._locks().sources
        own = {path.name: path.read_bytes() for path in sources.wheels(spec).values()}
        return {**private_files(lock, sources), **own}

    def _base(self, environment: NamedEnvironment, notify: Notify) -> BaseImage:
        """Return the base image with a Python that can run a step. Raises EnvironmentFailed."""
        spec = environment.spec
        name = build_context.base_name(spec)
        local = name or self._made_by_dockerfile(environment, notify)
        return _check(self._bases.obtain(spec, name, local, notify), environment)

    def _made_by_dockerfile(self, environment: NamedEnvironment, notify: Notify) -> str:
        """Return the image of `own_dockerfile` alone, which the engine has then. Raises EnvironmentFailed."""
        image = build_context.user_tag(environment.spec)
        if not self.builder.exists(image):
            notify(f"building the base image {image} of environment {environment.name!r}")
            context = {"Dockerfile": build_context.own_dockerfile(environment.spec).encode()}
            labels = build_context.labels(environment.spec, Recipe(BaseImage()))
            self.builder.build(image, context, notify, what=_what(environment), labels=labels)
        return image

    def _base_problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        """Return the problem of a base image that the engine has, and those of wheels that are not for the base."""
        spec = environment.spec
        name = build_context.base_name(spec)
        if not (name or spec.wheels) or not self.builder.engine.reachable():
            return ()
        seen = self._bases.here(spec, name) if name else None
        found = seen and seen.problem(environment.name)
        if found:
            return (found,)
        return self._wheel_problems(environment, seen) if spec.wheels and not spec.ready else ()

    def _wheel_problems(self, environment: NamedEnvironment, seen: BaseImage | None) -> tuple[Problem, ...]:
        """Return a problem for each wheel that is not for the base image, as far as that is known without a pull."""
        spec = environment.spec
        base = seen or self._bases.known(spec, build_context.base_name(spec))
        version = base.python if base else "" if spec.image or spec.dockerfile else build_context.default_minor(spec)
        platform = base.platform if base else ""
        return tuple(misfits(spec.wheels, python_minor(version), platform, f"environment {environment.name!r}"))


def _what(environment: NamedEnvironment) -> str:
    return f"the image of environment {environment.name!r} could not be built"


def _check(base: BaseImage, environment: NamedEnvironment) -> BaseImage:
    """Return the image. Raises EnvironmentFailed if its Python cannot run a step."""
    found = base.problem(environment.name)
    if found:
        raise EnvironmentFailed(str(found))
    return base
