"""Environments as files: v1's ``azureml_environment.json``, ``conda_dependencies.yml`` and ``BaseDockerfile``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..base.exceptions import UserErrorException
from ..base.json_access import mapping, text
from ..base.plain_values import texts
from ..base.text_file import text_file
from .conda_dependencies import CondaDependencies
from .docker_build import dockerfile_text
from .environment import Environment

DEFINITION = "azureml_environment.json"
CONDA = "conda_dependencies.yml"
DOCKERFILE = "BaseDockerfile"


def document_of(environment: Environment) -> dict[str, object]:
    """Return v1's written form of an environment: the fields that have a meaning here.

    Args:
        environment: The environment.

    """
    python, docker = environment.python, environment.docker
    return {
        "name": environment.name or None,
        "version": environment.version,
        "environmentVariables": texts(environment.environment_variables),
        **({"packagesUntil": environment.packages_until} if environment.packages_until else {}),
        "python": {
            "userManagedDependencies": python.user_managed_dependencies,
            "interpreterPath": python.interpreter_path,
            "condaDependenciesFile": python.conda_dependencies_file,
            "condaDependencies": (python.conda_dependencies or CondaDependencies()).as_dict(),
        },
        "docker": {
            "enabled": docker.enabled,
            "baseImage": docker.base_image,
            "baseDockerfile": docker.base_dockerfile,
            "shmSize": docker.shm_size,
            "arguments": list(docker.arguments),
        },
    }


def environment_of(document: Mapping[str, object]) -> Environment:
    """Return the environment of v1's written form.

    Args:
        document: The written form.

    """
    made = Environment(text(document.get("name")), packages_until=text(document.get("packagesUntil")))
    python, docker = mapping(document.get("python")), mapping(document.get("docker"))
    variables = mapping(document.get("environmentVariables"))
    made.environment_variables = {name: text(value) for name, value in variables.items()}
    made.python.user_managed_dependencies = bool(python.get("userManagedDependencies", False))
    made.python.interpreter_path = text(python.get("interpreterPath")) or "python"
    made.python.conda_dependencies_file = text(python.get("condaDependenciesFile")) or None
    made.python.conda_dependencies = CondaDependencies(_underlying_structure=mapping(python.get("condaDependencies")))
    made.docker.enabled = bool(docker.get("enabled", False))
    made.docker.base_dockerfile = text(docker.get("baseDockerfile")) or None
    made.docker.shm_size = text(docker.get("shmSize")) or None
    if "baseImage" in docker:
        made.docker.base_image = text(docker["baseImage"]) or None
    return made


def save(environment: Environment, path: str, *, overwrite: bool) -> None:
    """Write an environment to a folder.

    Args:
        environment: The environment.
        path: The folder; it is made.
        overwrite: True: write into a folder that exists.

    Raises:
        UserErrorException: The folder exists.

    """
    folder = Path(path)
    if folder.exists() and not overwrite:
        raise UserErrorException(
            "there is something already", where=str(folder), remedy="say overwrite=True, or name another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    document = document_of(environment)
    (folder / DEFINITION).write_text(json.dumps(document, indent=4) + "\n", encoding="utf-8")
    (environment.python.conda_dependencies or CondaDependencies()).save_to_file(path, CONDA)
    if environment.docker.base_dockerfile:
        (folder / DOCKERFILE).write_text(environment.docker.base_dockerfile, encoding="utf-8")


def load(path: str) -> Environment:
    """Return the environment of a folder.

    Args:
        path: The folder.

    Raises:
        UserErrorException: A file is missing or cannot be read.

    """
    folder = Path(path)
    written = text_file(folder / DEFINITION, "environment definition")
    try:
        document = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise UserErrorException(f"{DEFINITION} is not JSON: {error}", error, where=path) from error
    made = environment_of(mapping(document))
    if (folder / CONDA).is_file():
        made.python.conda_dependencies = CondaDependencies(str(folder / CONDA))
    if (folder / DOCKERFILE).is_file():
        made.docker.base_dockerfile = dockerfile_text(str(folder / DOCKERFILE))
    return made
