"""Environments: the packages, the image and the variables of a step's process."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from ..dataclass import dataclass, field
from .digest import digest_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""Splits ``API_KEY``, ``api-key`` and ``apiKey`` into words."""
_SECRET = re.compile(
    r"(^| )("
    r"(API|ACCESS|ACCOUNT|PRIVATE|SECRET|SHARED|STORAGE)?KEYS?|\w*TOKEN|\w*SECRETS?|\w*PASSWORDS?|PASSWD|\w*CREDENTIALS?"
    r"|CONNECTION ?STRING)( |$)"
)
"""Words, in upper case and separated by blanks, each of which marks the value as a secret.

Only whole words count: MONKEY, KEYBOARD, TOKENIZER and TOKENS do not match.
"""
_OWN = ("AZUREML_", "AML_PARAMETER_")
"""Variables with ids and parameters of a step, which are not secret."""


@dataclass(frozen=True)
class Wheel:
    """A wheel that accompanies an environment; it lies in the workspace's store."""

    name: str
    """Its file name, which states project, version and Python (PEP 427)."""
    digest: str
    """Hex SHA-256 of the file."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentSpec:
    """The packages and the base of an environment; its digest is its identity across projects."""

    pip: tuple[str, ...] = ()
    """Requirement strings (PEP 508)."""
    conda: tuple[str, ...] = ()
    """Conda match specifications, without Python itself."""
    channels: tuple[str, ...] = ()
    python: str = ""
    """``3.11`` or ``3.11.4``; empty: the version that the base image has."""
    image: str = ""
    """The base image to build on, or the ready image itself if `ready`."""
    ready: bool = False
    """Use the image as it is: install and build nothing."""
    dockerfile: str = ""
    """The user's own Dockerfile, used in place of a generated one."""
    interpreter: str = ""
    """Path of the Python to use in the image; empty: ``python3``, else ``python``."""
    packages_until: str = ""
    """ISO date: no package that is newer is installed. Empty: none is stated."""
    default: bool = False
    """v1's default environment, of a step that names none."""
    wheels: tuple[Wheel, ...] = ()
    """Wheels that are installed beside the requirements."""
    generation: int = 0
    """Number of times that its lock has been renewed."""

    @cached_property
    def digest(self) -> str:
        """Hex SHA-256 of the specification."""
        return digest_of(self)


@dataclass(frozen=True)
class NamedEnvironment:
    """An environment as a plan carries it."""

    name: str
    spec: EnvironmentSpec
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the step's process; not part of the image."""

    def mapped(self, images: Mapping[str, str]) -> NamedEnvironment:
        """Return the environment with the ready image that `images` maps its name to; local steps use its packages."""
        image = images.get(self.name)
        if not image:
            return self
        return replace(self, spec=replace(self.spec, image=image, ready=True, dockerfile=""))

    def until(self, date: str) -> NamedEnvironment:
        """Return the environment with an ISO date that limits its packages. Empty: as it is; so is a ready image."""
        if not date or self.spec.ready:
            return self
        return replace(self, spec=replace(self.spec, packages_until=date))


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the values of secrets hidden."""
    return {**variables, **dict.fromkeys(secret_names(variables), "***")}


def secret_names(variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables whose names mark their values as secrets. An empty value is none."""
    return tuple(
        name for name, value in variables.items() if value and not name.startswith(_OWN) and _names_a_secret(name)
    )


def _names_a_secret(variable: str) -> bool:
    return _SECRET.search(" ".join(_WORD.findall(variable)).upper()) is not None
