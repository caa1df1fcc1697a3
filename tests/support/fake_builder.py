"""A Docker engine and a registry in memory, as `DockerBuilder` shows them."""

# ruff: noqa: ARG002 - a fake takes what the real one takes

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.errors import EnvironmentFailed, Problem
from runner.images.docker import DockerBuilder
from runner.images.image_reference import split_tag
from runner.override import override
from runner.ports import Notify

PYTHON = "3.11.2 x86_64 2.36 /usr/local/bin/python3\n"


@dataclass
class FakeEngine:
    """The engine itself."""

    architecture: str = "amd64"
    up: bool = True

    def reachable(self) -> bool:
        return self.up

    def no_engine_problem(self, environment: str) -> tuple[Problem, ...]:
        return () if self.up else (Problem(f"no Docker engine answers here for {environment}"),)


@dataclass
class FakeBuilder(DockerBuilder):
    """What the engine has, what registries have, and what was done."""

    images: dict[str, str] = field(default_factory=dict)
    """The ID of each image of the engine."""
    pulled: dict[str, str] = field(default_factory=dict)
    """The digest of each image of the engine that it has from a registry."""
    registry: dict[str, str] = field(default_factory=dict)
    """The digest of each image of a registry."""
    python: str = PYTHON
    """The report of every image."""
    silent: bool = False
    """True: registries do not answer."""
    done: list[str] = field(default_factory=list)
    context: dict[str, bytes] = field(default_factory=dict)
    """The files of the last build."""
    engine: FakeEngine = field(default_factory=FakeEngine)  # type: ignore[assignment] # the part that is used
    buildkit: bool = False

    @override
    def image_id(self, image: str) -> str | None:
        return self.images.get(image)

    @override
    def identities(self, image: str) -> frozenset[str]:
        return frozenset(filter(None, (self.images.get(image), self.pulled.get(image))))

    @override
    def repository_digest(self, image: str) -> str:
        return self.pulled.get(image, "")

    @override
    def published(self, name: str) -> str | None:
        if self.silent:
            raise EnvironmentFailed("registry does not answer")
        repository, digest = name.partition("@")[::2]
        if digest:
            known = {value for key, value in self.registry.items() if split_tag(key)[0] == repository}
            return digest if digest in known else None
        return self.registry.get(name)

    @override
    def pull(self, image: str, notify: Notify) -> None:
        self.done.append(f"pull {image}")
        self.images[image] = f"sha256:id-of-{image}"
        self.pulled[image] = self.registry[image]

    @override
    def report(self, image: str, interpreter: str) -> str:
        self.done.append(f"look {image}")
        return self.python

    @override
    def build(
        self,
        image: str,
        context: Mapping[str, bytes],
        notify: Notify,
        *,
        what: str,
        labels: Mapping[str, str] = {},
    ) -> None:
        self.done.append(f"build {image}")
        self.context = dict(context)
        self.images[image] = f"sha256:id-of-{image}"

    @override
    def push(self, image: str, name: str, notify: Notify) -> str:
        self.done.append(f"push {name}")
        return self.registry.setdefault(name, f"sha256:{name.rpartition(':')[2]}")
