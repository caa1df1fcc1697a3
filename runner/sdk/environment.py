"""Environment: a named set of packages, an image, variables."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.environment import without_secrets
from ..override import override
from .caller import caller
from .conda import CondaDependencies
from .environment_sections import ContainerRegistry, DockerSection, PythonSection, RSection, SparkSection
from .exceptions import NotOffered
from .plain_values import texts
from .text_file import text_file

if TYPE_CHECKING:
    from .workspace import Workspace


class Environment:
    """Packages, image and variables of a step's process, under a name."""

    def __init__(self, name: str | None = None) -> None:
        self.where = caller()
        self.name = name or ""
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.spark = SparkSection()
        self.r: RSection | None = None
        self.environment_variables: dict[str, str] = {}
        self.inferencing_stack_version: str | None = None
        self.relaxed = ""
        """What the user is to be told at submit of how it came about."""

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | None = None, label: str | None = None) -> Environment:
        """The image that ``environments:`` of the configuration maps the name to, else a registered environment.

        A curated name of v1 that is neither becomes packages, which the user is told at submit. `label` is
        ``latest`` or one that `label` has given. Raises UserErrorException for any other name, version or label.
        """
        from .environment_registry import fetch, labelled

        if version is None and label is not None:
            version = labelled(workspace.session.store, name, label)
        return fetch(workspace.session, name, version)

    @staticmethod
    def label(workspace: Workspace, name: str, version: str, labels: Iterable[str]) -> None:
        """Give a registered version labels, which no other version keeps. Raises UserErrorException."""
        from .environment_registry import give_labels

        give_labels(workspace.session.store, name, version, labels)

    @staticmethod
    def list(workspace: Workspace) -> dict[str, Environment]:
        """Return the environments of the configuration, the newest registered ones, and v1's curated ones, by name."""
        from .environment_registry import listed

        return listed(workspace.session)

    @staticmethod
    def add_private_pip_wheel(workspace: Workspace, file_path: str, exist_ok: bool = False) -> str:
        """Refuse: an environment is made where the workspace's store cannot be read."""
        raise NotOffered(
            "Environment.add_private_pip_wheel is not offered: where an environment is made, pip does not reach the "
            "workspace's store",
            where=caller(),
            remedy="put the package's source into the step's source_directory, or the wheel into a package index that "
            "pip is configured with (set_pip_option('--extra-index-url …')), or into a base image",
        )

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
    def from_docker_build_context(
        name: str,
        docker_build_context: DockerBuildContext,
        conda_specification: str | None = None,
        pip_requirements: str | None = None,
    ) -> Environment:
        """The Dockerfile of a folder. The folder's other files are not in reach of it: COPY is refused at submit."""
        return Environment.from_dockerfile(name, docker_build_context.dockerfile, conda_specification, pip_requirements)

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> Environment:
        """What was asked for when this machine's conda environment was made. Raises UserErrorException."""
        from .conda_export import exported

        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies(_underlying_structure=exported(conda_environment_name))
        return made

    def save_to_directory(self, path: str, overwrite: bool = False) -> None:
        """Write v1's ``azureml_environment.json`` and the files beside it. Raises UserErrorException."""
        from .environment_files import save

        save(self, path, overwrite=overwrite)

    @staticmethod
    def load_from_directory(path: str) -> Environment:
        """Read what `save_to_directory`, or v1's, has written. Raises UserErrorException."""
        from .environment_files import load

        return load(path)

    def build(self, workspace: Workspace, image_build_compute: object = None) -> ImageBuildDetails:
        """Make it now for the target in force; otherwise it is made when a run first needs it.

        Raises EnvironmentFailed.
        """
        from .environment_spec import translate

        translated = translate(self)
        for note in translated.notes:
            print(note)
        return ImageBuildDetails(self, workspace.session.make_environment(translated.environment))

    def build_local(self, workspace: Workspace, platform: object = None, **options: object) -> ImageBuildDetails:
        """Make it now for the target in force. Raises EnvironmentFailed."""
        return self.build(workspace)

    def validate(self) -> None:
        """Without effect: everything is checked at submit."""

    @override
    def __repr__(self) -> str:
        return f"Environment({self.name!r})"

    @override
    def __str__(self) -> str:
        """v1's words: a script's ``print(environment)``. Values that their names call secrets are left out."""
        import json

        from .environment_files import document_of

        shown = without_secrets(texts(self.environment_variables))
        return json.dumps({**document_of(self), "environmentVariables": shown}, indent=4)


class ImageBuildDetails:
    """v1's handle on a build; here it has ended when there is one."""

    status = "Succeeded"

    def __init__(self, environment: Environment, reference: str) -> None:
        self.environment_name = environment.name
        self.reference = reference
        """The image, or the interpreter on this machine."""

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Return at once."""
        if show_output:
            print(f"environment {self.environment_name!r}: {self.reference}")
        return self


class DockerBuildContext:
    """A folder with a Dockerfile."""

    def __init__(self, dockerfile: str) -> None:
        self.dockerfile = dockerfile
        """Its text."""

    @staticmethod
    def from_local_directory(
        workspace: Workspace | None, path: str, dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """The Dockerfile below `path`. Raises UserErrorException."""
        return DockerBuildContext(dockerfile_text(str(Path(path) / dockerfile_path)))


def dockerfile_text(dockerfile: str) -> str:
    """The text of a Dockerfile given as text or as a path. Raises UserErrorException."""
    if "\n" in dockerfile or dockerfile.lstrip().upper().startswith("FROM "):
        return dockerfile
    return text_file(Path(dockerfile), "Dockerfile")


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
