"""What a step's process needs around it: packages, an image, variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from ..dataclass import dataclass, field
from .digest import digest_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""The words of ``API_KEY``, ``api-key`` and ``apiKey``."""
_SECRET = re.compile(
    r"(^| )("
    r"(API|ACCESS|ACCOUNT|PRIVATE|SECRET|SHARED|STORAGE)?KEYS?|\w*TOKEN|\w*SECRETS?|\w*PASSWORDS?|PASSWD|\w*CREDENTIALS?"
    r"|CONNECTION ?STRING)( |$)"
)
"""Words, in upper case with blanks between them, of which one says that the value is a secret.

Whole words: a MONKEY, a KEYBOARD, a TOKENIZER and a number of TOKENS are none.
"""
_OWN = ("AZUREML_", "AML_PARAMETER_")
"""Variables that carry ids and the parameters of a step, both of which everybody may read."""


@dataclass(frozen=True)
class EnvironmentSpec:
    """The packages and the base of an environment; its digest is its identity across projects."""

    pip: tuple[str, ...] = ()
    """Requirement strings (PEP 508)."""
    conda: tuple[str, ...] = ()
    """Conda match specifications, without Python itself."""
    channels: tuple[str, ...] = ()
    python: str = ""
    """``3.11`` or ``3.11.4``; empty: whatever the base brings."""
    image: str = ""
    """A base image to build on, or the ready image itself when `ready`."""
    ready: bool = False
    """The image is used as it is: nothing is installed and nothing is built."""
    dockerfile: str = ""
    """The user's own Dockerfile, instead of a rendered one."""
    interpreter: str = ""
    """Path of the Python to use inside it; empty: ``python3``, else ``python``."""

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
        """With the ready image its name is mapped to in place of its own; its packages stay known, for local steps."""
        image = images.get(self.name)
        if not image:
            return self
        return replace(self, spec=replace(self.spec, image=image, ready=True, dockerfile=""))


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables as they may be shown."""
    return {**variables, **dict.fromkeys(secret_names(variables), "***")}


def secret_names(variables: Mapping[str, str]) -> tuple[str, ...]:
    """The variables whose names say that their values are secrets; an empty value is none."""
    return tuple(
        name for name, value in variables.items() if value and not name.startswith(_OWN) and _names_a_secret(name)
    )


def _names_a_secret(variable: str) -> bool:
    return _SECRET.search(" ".join(_WORD.findall(variable)).upper()) is not None
