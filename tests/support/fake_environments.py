"""Environments that exist as soon as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runner.errors import EnvironmentFailed, Problem
from runner.model.environment import NamedEnvironment


class FakeEnvironments:
    """An `EnvironmentStore` in memory; what it had to make is in `made`, in order."""

    def __init__(self, *, broken: Iterable[str] = (), refused: Iterable[str] = ()) -> None:
        """Requirements in `broken` fail to install; conda packages in `refused` are a problem beforehand."""
        self._broken = frozenset(broken)
        self._refused = frozenset(refused)
        self._references: dict[str, str] = {}
        self.made: list[str] = []

    def find(self, environment: NamedEnvironment) -> str | None:
        if environment.spec.ready:
            return environment.spec.image
        return self._references.get(environment.spec.digest)

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        lost = sorted(self._refused.intersection(environment.spec.conda))
        return tuple(Problem(f"{package} cannot be installed", environment.name, "take it out") for package in lost)

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:  # noqa: ARG002 - nothing is changed
        return ()

    def ensure(self, environment: NamedEnvironment, say: Callable[[str], None]) -> str:
        found = self.find(environment)
        if found is not None:
            return found
        failed = sorted(self._broken.intersection(environment.spec.pip))
        if failed:
            raise EnvironmentFailed(f"environment {environment.name!r}: {failed[0]} cannot be installed")
        say(f"making environment {environment.name!r}")
        self.made.append(environment.name)
        reference = f"fake:{environment.spec.digest[:16]}"
        self._references[environment.spec.digest] = reference
        return reference
