"""The sections of an Environment: Python, image, Spark."""

from __future__ import annotations

from collections.abc import Sequence

from ...override import override
from .conda_dependencies import CondaDependencies

DEFAULT_CPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
"""v1's default base. Here the name stands for runner's own default base; nothing is fetched from there."""
DEFAULT_GPU_IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-cuda11.8-cudnn8-ubuntu22.04"
"""The same: what a script needs of CUDA comes with the packages that use it."""


class ContainerRegistry:
    """The registry of a private base image: address, user and password.

    Only the address is used. The credentials are those of Docker and of the cluster.
    """

    def __init__(self) -> None:
        self.address: str | None = None
        self.username: str | None = None
        self.password: str | None = None

    @override
    def __repr__(self) -> str:
        return f"ContainerRegistry(address={self.address!r})"


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
        self.build_context: object = None
        self.arguments: list[str] = []
        self.shm_size: str | None = None
        self.shared_volumes = True
        self.gpu_support = False
        self.platform: object = None


class SparkPackage:
    """v1's name of a Spark package; kept and not used.

    Args:
        group, artifact, version: Kept as in v1. None: none.

    """

    def __init__(self, group: str | None = None, artifact: str | None = None, version: str | None = None) -> None:
        self.group = group
        self.artifact = artifact
        self.version = version


class SparkSection:
    """v1's Spark part of an environment; kept and not used.

    Args:
        repositories, packages, precache_packages: Kept as in v1.

    """

    def __init__(
        self,
        repositories: Sequence[str] | None = None,
        packages: Sequence[object] | None = None,
        precache_packages: bool = True,
    ) -> None:
        self.repositories = list(repositories or ())
        self.packages = list(packages or ())
        self.precache_packages = precache_packages


class RCranPackage:
    """A package of CRAN for an R script.

    Args:
        name: The name. None: it is set later.
        version: The version. None: the newest.
        repository: The address of a repository. None: the one that the image's R is configured with.

    """

    def __init__(self, name: str | None = None, version: str | None = None, repository: str | None = None) -> None:
        self.name = name
        self.version = version
        self.repository = repository


class RGitHubPackage:
    """A package of GitHub for an R script.

    Args:
        repository: ``owner/name``, or ``owner/name@revision``. None: it is set later.
        auth_token: Refused when a step uses it. None: none.

    """

    def __init__(self, repository: str | None = None, auth_token: str | None = None) -> None:
        self.repository = repository
        self.auth_token = auth_token


class RSection:
    """v1's R part of an environment. RScriptStep installs its packages; other steps do not use it."""

    def __init__(self) -> None:
        self.r_version: str | None = None
        self.cran_packages: list[object] = []
        self.github_packages: list[object] = []
        self.custom_url_packages: list[str] = []
        self.user_managed = False
