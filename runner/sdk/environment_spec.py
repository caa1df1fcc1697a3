"""An Environment as a plan carries it, and the stated rules by which old ones are relaxed (pure).

What cannot be met today is relaxed, each time with one line for the user, never silently
(docs/environments.md lists all rules):

* Python older than 3.10 becomes the default Python: step processes need 3.10.
* ``azureml-*`` packages are left out: the step gets its ``azureml`` from runner. One that asks for
  ``[pandas]`` becomes ``pandas``.
* v1's base images (``mcr.microsoft.com/azureml/…``) become runner's own default base, unless they are used as they
  are. v1's default one does so without a line: it stands for "the default base".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..model.environment import EnvironmentSpec, NamedEnvironment
from .conda import CondaDependencies, package_name
from .environment_sections import DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE
from .plain_values import texts

if TYPE_CHECKING:
    from .environment import Environment

_DEFAULT = "default"
_DEFAULT_BASES = ("", DEFAULT_CPU_IMAGE, DEFAULT_GPU_IMAGE)
_V1_BASE = re.compile(r"mcr\.microsoft\.com/azureml/(?!curated/)[^/]+")
"""v1's bases: a Python of their time and MPI, and no packages that a script could want."""


@dataclass(frozen=True)
class Translated:
    """An environment and what was changed on the way, one line each."""

    environment: NamedEnvironment
    notes: tuple[str, ...] = ()


def translate(environment: Environment | None) -> Translated:
    """The environment of a step; None is the default one, which installs nothing."""
    if environment is None:
        return Translated(NamedEnvironment(_DEFAULT, EnvironmentSpec()))
    name = str(environment.name or _DEFAULT)
    conda = _dependencies(environment)
    notes: list[str] = [environment.relaxed] if environment.relaxed else []
    image = _image(environment, name, notes)
    spec = EnvironmentSpec(
        pip=_pip(conda, name, notes),
        conda=tuple(conda.conda_packages),
        channels=tuple(conda.conda_channels),
        python=conda.python,
        image=image,
        ready=environment.python.user_managed_dependencies and bool(image),
        dockerfile=environment.docker.base_dockerfile or "",
        interpreter=_interpreter(environment),
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


def _pip(conda: CondaDependencies, name: str, notes: list[str]) -> tuple[str, ...]:
    kept = [package for package in conda.pip_packages if not package_name(package).startswith("azureml")]
    options = [option for option in conda.pip_options if kept]
    dropped = [package for package in conda.pip_packages if package_name(package).startswith("azureml")]
    if dropped:
        notes.append(f"environment '{name}': {', '.join(dropped)} left out (steps get azureml from runner)")
    names = {package_name(package) for package in (*kept, *conda.conda_packages)}
    if any("pandas" in package for package in dropped) and "pandas" not in names:
        kept.append("pandas")
    return (*options, *kept)


def _interpreter(environment: Environment) -> str:
    path = environment.python.interpreter_path
    return path if environment.python.user_managed_dependencies and path != "python" else ""
