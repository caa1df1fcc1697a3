"""Environment: a named set of packages, an image, variables."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING

from ..override import override
from .caller import caller
from .conda import CondaDependencies
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from .workspace import Workspace

DEFAULT_CPU_IMAGE = ""
"""v1's constant names a Microsoft image; here the default base is runner's own."""
DEFAULT_GPU_IMAGE = ""


class ContainerRegistry:
    """Where a private base image lies. The credentials stay with Docker and the cluster."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.username: str | None = None
        self.password: str | None = None


class PythonSection:
    """The Python part of an environment."""

    def __init__(self) -> None:
        self.user_managed_dependencies = False
        """The base has everything: nothing is installed."""
        self.interpreter_path = "python"
        self.conda_dependencies: CondaDependencies | None = CondaDependencies()
        self.conda_dependencies_file: str | None = None
        self.base_conda_environment: str | None = None


class DockerSection:
    """The image part of an environment."""

    def __init__(self) -> None:
        self.enabled = False
        self.use_docker = False
        self.base_image: str | None = DEFAULT_CPU_IMAGE
        self.base_dockerfile: str | None = None
        self.base_image_registry = ContainerRegistry()
        self.arguments: list[str] = []
        self.shm_size: str | None = None
        self.shared_volumes = True
        self.gpu_support = False
        self.platform: object = None


class SparkSection:
    """v1's Spark part; kept and not used."""

    def __init__(self) -> None:
        self.repositories: list[str] = []
        self.packages: list[object] = []
        self.precache_packages = True


class Environment:
    """Packages, image and variables of a step's process, under a name."""

    def __init__(self, name: str | None = None) -> None:
        self.where = caller()
        self.name = name or ""
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.environment_variables: dict[str, str] = {}
        self.inferencing_stack_version: str | None = None

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | None = None, label: str | None = None) -> Environment:
        """The image that ``environments:`` of the configuration maps the name to, else a registered environment."""
        from .environment_registry import fetch

        return fetch(workspace.session, name, version)

    @staticmethod
    def list(workspace: Workspace) -> dict[str, Environment]:
        """Every registered environment's newest version, by name."""
        from .environment_registry import fetch, names

        return {name: fetch(workspace.session, name, None) for name in names(workspace.session.store)}

    def register(self, workspace: Workspace) -> Environment:
        """Keep it in the workspace; the same content again is the same version."""
        from .environment_registry import register

        return register(workspace.session.store, self)

    def clone(self, new_name: str) -> Environment:
        """An independent copy under another name."""
        made = copy.deepcopy(self)
        made.name, made.version = new_name, None
        return made

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> Environment:
        """Packages from a ``conda.yml``."""
        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies(file_path)
        return made

    @staticmethod
    def from_pip_requirements(name: str, file_path: str, pip_version: str | None = None) -> Environment:
        """Packages from a ``requirements.txt``."""
        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies.create(pip_packages=_requirements(file_path))
        return made

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: ContainerRegistry | None = None,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """A base image; with no packages given it is used as it is."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_image = image
        made.docker.base_image_registry = container_registry or ContainerRegistry()
        return made

    @staticmethod
    def from_dockerfile(
        name: str, dockerfile: str, conda_specification: str | None = None, pip_requirements: str | None = None
    ) -> Environment:
        """The user's own Dockerfile: its text, or the path of one."""
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_image = None
        made.docker.base_dockerfile = dockerfile_text(dockerfile)
        return made

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> Environment:
        """Refuse: what a machine happens to have installed is not a definition."""
        raise UserErrorException(
            f"environment {name!r} cannot be taken from conda environment {conda_environment_name!r}",
            remedy="write it down (conda env export --from-history) and use Environment.from_conda_specification",
        )

    @override
    def __repr__(self) -> str:
        return f"Environment({self.name!r})"


def dockerfile_text(dockerfile: str) -> str:
    """The text of a Dockerfile given as text or as a path. Raises UserErrorException."""
    if "\n" in dockerfile or dockerfile.lstrip().upper().startswith("FROM "):
        return dockerfile
    try:
        return Path(dockerfile).read_text(encoding="utf-8")
    except OSError as error:
        raise UserErrorException(f"Dockerfile {dockerfile!r} cannot be read: {error.strerror}", error) from error


def _with_packages(name: str, conda_specification: str | None, pip_requirements: str | None) -> Environment:
    if conda_specification is not None:
        return Environment.from_conda_specification(name, conda_specification)
    if pip_requirements is not None:
        return Environment.from_pip_requirements(name, pip_requirements)
    made = Environment(name)
    made.python.user_managed_dependencies = True
    return made


def _requirements(file_path: str) -> list[str]:
    try:
        lines = Path(file_path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UserErrorException(f"requirements {file_path!r} cannot be read: {error.strerror}", error) from error
    plain = (line.partition(" #")[0].strip() for line in lines)
    return [line for line in plain if line and not line.startswith("#")]
