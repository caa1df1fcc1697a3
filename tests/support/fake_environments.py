"""Environments that exist as soon as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from runner.errors import EnvironmentFailed, Problem
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.ports import Prepared, StoredEnvironment


class FakeEnvironments:
    """An `EnvironmentStore` in memory; what it had to make is in `made`, in order."""

    def __init__(self, *, broken: Iterable[str] = (), refused: Iterable[str] = ()) -> None:
        """Requirements in `broken` fail to install; conda packages in `refused` are a problem beforehand."""
        self._broken = frozenset(broken)
        self._refused = frozenset(refused)
        self._references: dict[str, Prepared] = {}
        self.made: list[str] = []

    def find(self, environment: NamedEnvironment) -> Prepared | None:
        if environment.spec.ready:
            return Prepared(environment.spec.image)
        return self._references.get(environment.spec.digest)

    def problems(self, environment: NamedEnvironment) -> tuple[Problem, ...]:
        lost = sorted(self._refused.intersection(environment.spec.conda))
        return tuple(Problem(f"{package} cannot be installed", environment.name, "take it out") for package in lost)

    def notes(self, environment: NamedEnvironment) -> tuple[str, ...]:  # noqa: ARG002 - nothing is changed
        return ()

    def ensure(self, environment: NamedEnvironment, notify: Callable[[str], None]) -> Prepared:
        found = self.find(environment)
        if found is not None:
            return found
        failed = sorted(self._broken.intersection(environment.spec.pip))
        if failed:
            raise EnvironmentFailed(f"environment {environment.name!r}: {failed[0]} cannot be installed")
        notify(f"making environment {environment.name!r}")
        self.made.append(environment.name)
        digest = environment.spec.digest
        prepared = self._references[digest] = Prepared(f"fake:{digest[:16]}", lock=self.lock_of(environment.spec))
        return prepared

    def lock_of(self, spec: EnvironmentSpec) -> str:
        """Return the digest of the lock that `ensure` reports."""
        return spec.digest if spec.pip else ""

    def stored(self) -> tuple[StoredEnvironment, ...]:
        return tuple(
            StoredEnvironment(
                reference=made.reference, names=frozenset({made.reference}), place="memory", environment=digest
            )
            for digest, made in self._references.items()
        )

    def remove(self, listed: StoredEnvironment) -> bool:
        kept = {digest: made for digest, made in self._references.items() if made.reference != listed.reference}
        self._references = kept
        return True
