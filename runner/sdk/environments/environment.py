"""Environment: a named set of packages, an image, variables."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ...model.environment import without_secrets
from ...override import override
from ..base.caller import caller
from ..base.plain_values import texts
from ..base.refused import refusing
from .conda_dependencies import CondaDependencies
from .docker_build import DockerBuildContext, ImageBuildDetails, dockerfile_text
from .sections import ContainerRegistry, DockerSection, PythonSection, RSection, SparkSection

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace


class Environment:
    """The packages, image and environment variables of a step's process, under a name.

    Example:
        >>> env = Environment("train")
        >>> env.python.conda_dependencies = CondaDependencies.create(pip_packages=["scikit-learn==1.5.2"])
        >>> config = RunConfiguration(); config.environment = env

    Args:
        name: The name. None: none; it is needed only to register it.
        packages_until: An ISO date such as ``"2021-06-01"``: no package that is newer is installed. It is an attribute
            too, and runner's own: v1 has none. Default: none.

    """

    def __init__(self, name: str | None = None, *, packages_until: str = "") -> None:
        self.where = caller()
        self.name = name or ""
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.r: RSection | None = None
        self.environment_variables: dict[str, str] = {}
        self.inferencing_stack_version: str | None = None
        self.packages_until = packages_until
        self.relaxed = ""
        """A line for the user at submit, on how packages replace a curated environment."""

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | None = None, label: str | None = None) -> Environment:
        """Return an environment by name.

        Looked up in this order: the image that ``environments:`` of the configuration maps the name to, the
        environments registered in the workspace, v1's curated names (their packages are installed; a line at submit
        names them).

        Args:
            workspace: The workspace.
            name: The environment's name.
            version: A registered version. None: the newest.
            label: ``"latest"``, or one that `Environment.label` has given. It counts only without `version`. None:
                none.

        Raises:
            UserErrorException: There is no such name, version or label.

        """
        from .registry import fetch, labelled

        if version is None and label is not None:
            version = labelled(workspace.session.store, name, label)
        return fetch(workspace.session, name, version)

    @staticmethod
    def label(workspace: Workspace, name: str, version: str, labels: Iterable[str]) -> None:
        """Give labels to a registered version. Each label is taken from the version that had it.

        Args:
            workspace: The workspace.
            name: The environment's name.
            version: The version.
            labels: The labels.

        Raises:
            UserErrorException: There is no such version.

        """
        from .registry import give_labels

        give_labels(workspace.session.store, name, version, labels)

    @staticmethod
    def list(workspace: Workspace) -> dict[str, Environment]:
        """Return the environments of the configuration, the newest registered ones, and v1's curated ones, by name.

        Args:
            workspace: The workspace.

        """
        from .registry import listed

        return listed(workspace.session)

    @staticmethod
    def add_private_pip_wheel(workspace: Workspace, file_path: str, exist_ok: bool = False) -> str:
        """Store a wheel in the workspace and return its address, which is then added as a pip package.

        The address names the content, so an environment always gets the wheel that was added. A run needs no such
        call for a wheel of this machine: add its path as a pip package.

        Args:
            workspace: The workspace.
            file_path: The wheel.
            exist_ok: True: a wheel of this name may be in the workspace. Default: False.

        Returns:
            The address: ``runner://environments/wheels/<digest>/<file name>``.

        Raises:
            UserErrorException: There is no such file, it is no wheel, the workspace has a wheel of this name, or
                the caller is a step.

        """
        from .private_wheels import add

        return add(workspace.session, file_path, exist_ok=exist_ok)

    def register(self, workspace: Workspace) -> Environment:
        """Store the environment in the workspace.

        Args:
            workspace: The workspace.

        Returns:
            The environment, with its version. The same content again is the same version.

        Raises:
            UserErrorException: It has no name, or would be stored with a secret in clear text.

        """
        from .registry import register

        return register(workspace.session, self)

    def clone(self, new_name: str) -> Environment:
        """Return an independent copy under another name.

        Args:
            new_name: The name of the copy.

        """
        made = copy.deepcopy(self)
        made.name, made.version = new_name, None
        return made

    @staticmethod
    def from_conda_specification(name: str, file_path: str) -> Environment:
        """Return an environment with the packages of a ``conda.yml``.

        Args:
            name: The environment's name.
            file_path: The file.

        Raises:
            UserErrorException: The file cannot be read.

        """
        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies(file_path)
        return made

    @staticmethod
    def from_pip_requirements(name: str, file_path: str, pip_version: str | None = None) -> Environment:
        """Return an environment with the packages of a ``requirements.txt``.

        Args:
            name: The environment's name.
            file_path: The file.
            pip_version: Accepted as in v1 and ignored.

        Raises:
            UserErrorException: The file cannot be read.

        """
        from .requirements_file import read_requirements

        made = Environment(name)
        lines = read_requirements(Path(file_path))
        made.python.conda_dependencies = CondaDependencies.create(pip_packages=lines)
        return made

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: ContainerRegistry | None = None,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """Return an environment of a base image. Without packages the image is used as it is.

        Args:
            name: The environment's name.
            image: The image's name, with its registry where it has one.
            container_registry: Address of the image's registry. None: that of `image`.
            conda_specification: A ``conda.yml`` to install. None: none.
            pip_requirements: A ``requirements.txt`` to install, without `conda_specification`. None: none.

        Raises:
            UserErrorException: A file cannot be read.

        """
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_image = image
        made.docker.base_image_registry = container_registry or ContainerRegistry()
        return made

    @staticmethod
    def from_dockerfile(
        name: str, dockerfile: str, conda_specification: str | None = None, pip_requirements: str | None = None
    ) -> Environment:
        """Return an environment whose image is built from a Dockerfile.

        Args:
            name: The environment's name.
            dockerfile: The Dockerfile's text, or its path.
            conda_specification: A ``conda.yml`` to install. None: none.
            pip_requirements: A ``requirements.txt`` to install, without `conda_specification`. None: none.

        Raises:
            UserErrorException: A file cannot be read.

        """
        made = _with_packages(name, conda_specification, pip_requirements)
        made.docker.base_image = None
        made.docker.base_dockerfile = dockerfile_text(dockerfile)
        return made

    @staticmethod
    def from_docker_build_context(
        name: str,
        docker_build_context: DockerBuildContext,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """Return an environment of the Dockerfile of a folder.

        The Dockerfile cannot read the folder's other files: COPY is refused at submit.

        Args:
            name: The environment's name.
            docker_build_context: The folder.
            conda_specification: A ``conda.yml`` to install. None: none.
            pip_requirements: A ``requirements.txt`` to install, without `conda_specification`. None: none.

        """
        return Environment.from_dockerfile(name, docker_build_context.dockerfile, conda_specification, pip_requirements)

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> Environment:
        """Return an environment with the packages that a conda environment of this machine was made from.

        Args:
            name: The environment's name.
            conda_environment_name: The name of the conda environment.

        Raises:
            UserErrorException: conda is not installed, or has no such environment.

        """
        from .conda_export import exported

        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies(_underlying_structure=exported(conda_environment_name))
        return made

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write v1's ``azureml_environment.json`` and the files beside it.

        Args:
            path: The folder; it is made.
            overwrite: True: write into a folder that exists. Default: False.

        Raises:
            UserErrorException: The folder exists.

        """
        from .files import save

        save(self, path, overwrite=overwrite)

    @staticmethod
    def load_from_directory(path: str) -> Environment:
        """Return the environment of a folder that `save_to_directory` or v1 has written.

        Args:
            path: The folder.

        Raises:
            UserErrorException: A file is missing or cannot be read.

        """
        from .files import load

        return load(path)

    def build(self, workspace: Workspace, image_build_compute: object = None) -> ImageBuildDetails:
        """Make the environment now, for the compute target in use. Otherwise it is made when a run first needs it.

        Args:
            workspace: The workspace.
            image_build_compute: Accepted as in v1 and ignored.

        Returns:
            The build, which has ended.

        Raises:
            EnvironmentFailed: It cannot be made.

        """
        from .specification import translate

        translated = translate(self)
        for note in translated.notes:
            print(note)
        return ImageBuildDetails(self, workspace.session.make_environment(translated.environment))

    def build_local(self, workspace: Workspace, platform: object = None, **options: object) -> ImageBuildDetails:
        """Make the environment now, for the compute target in use; see `build`.

        Args:
            workspace: The workspace.
            platform, **options: Accepted as in v1 and ignored.

        Returns:
            The build, which has ended.

        """
        return self.build(workspace)

    get_image_details = refusing(
        "Environment.get_image_details", "images belong to a compute target, not to a workspace",
        "see: runner environment list",
    )  # fmt: skip

    def validate(self) -> None:
        """Do nothing: everything is checked at submit."""

    @override
    def __repr__(self) -> str:
        return f"Environment({self.name!r})"

    @override
    def __str__(self) -> str:
        """Return v1's JSON of the environment, without the values of variables whose names mark them as secrets."""
        import json

        from .files import document_of

        shown = without_secrets(texts(self.environment_variables))
        return json.dumps({**document_of(self), "environmentVariables": shown}, indent=4)


def _with_packages(name: str, conda_specification: str | None, pip_requirements: str | None) -> Environment:
    if conda_specification is not None:
        return Environment.from_conda_specification(name, conda_specification)
    if pip_requirements is not None:
        return Environment.from_pip_requirements(name, pip_requirements)
    made = Environment(name)
    made.python.user_managed_dependencies = True
    return made


EnvironmentDefinition = Environment
"""v1's earlier name."""
