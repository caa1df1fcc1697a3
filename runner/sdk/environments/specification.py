"""Conversion of an Environment to its form in a plan (pure).

Packages, Python and date stay as the author wrote them; `runner.environments.requirements` says what is installed for
them. v1's base images (``mcr.microsoft.com/azureml/…``) become runner's own default base with a line for the user,
unless they are used as they are. v1's default one is replaced without a line: it stands for "the default base".
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ...dataclass import dataclass
from ...model.environment import EnvironmentSpec, NamedEnvironment
from ...model.pip_line import anchored
from ..base.plain_values import texts
from .conda_dependencies import CondaDependencies
from .sections import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE

if TYPE_CHECKING:
    from .environment import Environment

_DEFAULT = "default"
_DEFAULT_PACKAGES = ("azureml-defaults", "pandas", "psutil")
"""v1's default environment. psutil came with it too, by a package that only sends telemetry to Azure."""
_DEFAULT_BASES = ("", DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE)
_V1_BASE = re.compile(r"mcr\.microsoft\.com/azureml/(?!curated/)[^/]+")
"""v1's bases: a Python of their time and MPI, and no packages that a script could want."""


@dataclass(frozen=True)
class Translated:
    """An environment as a plan has it, and a line for each change."""

    environment: NamedEnvironment
    notes: tuple[str, ...] = ()


def translate(environment: Environment | None) -> Translated:
    """Return the environment of a step as a plan has it.

    Args:
        environment: The environment. None: v1's default one, which has what azureml-defaults brought, and pandas.

    """
    if environment is None:
        return Translated(NamedEnvironment(_DEFAULT, EnvironmentSpec(pip=_DEFAULT_PACKAGES, default=True)))
    name = str(environment.name or _DEFAULT)
    conda = _dependencies(environment)
    notes: list[str] = [environment.relaxed] if environment.relaxed else []
    image = _image(environment, name, notes)
    spec = EnvironmentSpec(
        pip=(*conda.pip_options, *(anchored(line, os.getcwd()) for line in conda.pip_packages)),  # noqa: PTH109 - text is wanted
        conda=tuple(conda.conda_packages),
        channels=tuple(conda.conda_channels),
        python=conda.python,
        image=image,
        ready=environment.python.user_managed_dependencies and bool(image),
        dockerfile=environment.docker.base_dockerfile or "",
        interpreter=_interpreter(environment),
        packages_until=environment.packages_until,
    )
    return Translated(NamedEnvironment(name, spec, texts(environment.environment_variables)), tuple(notes))


def _image(environment: Environment, name: str, notes: list[str]) -> str:
    image = environment.docker.base_image or ""
    if environment.docker.base_dockerfile or image in _DEFAULT_BASES:
        return ""
    plain = image.partition("@")[0].rpartition(":")[0] or image.partition("@")[0]
    ready = environment.python.user_managed_dependencies
    if ready or not _V1_BASE.fullmatch(plain):
        address = environment.docker.base_image_registry.address
        return f"{address}/{image}" if address and not image.startswith(f"{address}/") else image
    notes.append(f"environment '{name}': v1's base image {image} is not used; the default base is")
    return ""


def _dependencies(environment: Environment) -> CondaDependencies:
    python = environment.python
    if python.user_managed_dependencies:
        return CondaDependencies()
    if python.conda_dependencies_file:
        return CondaDependencies(python.conda_dependencies_file)
    return python.conda_dependencies or CondaDependencies()


def _interpreter(environment: Environment) -> str:
    path = environment.python.interpreter_path
    return path if environment.python.user_managed_dependencies and path != "python" else ""
