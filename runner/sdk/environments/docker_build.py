"""Dockerfiles of environments, and v1's object for the build of an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..base.text_file import text_file

if TYPE_CHECKING:
    from ..workspaces.workspace import Workspace
    from .environment import Environment


class ImageBuildDetails:
    """v1's object for the build of an environment. The build has always ended.

    Args:
        environment: The environment.
        reference: The image, or the interpreter on this machine.

    """

    status = "Succeeded"

    def __init__(self, environment: Environment, reference: str) -> None:
        self.environment_name = environment.name
        self.reference = reference
        """The image, or the interpreter on this machine."""

    def wait_for_completion(self, show_output: bool = True) -> ImageBuildDetails:
        """Return at once: the build has ended.

        Args:
            show_output: True: print the image or interpreter. Default: True.

        """
        if show_output:
            print(f"environment {self.environment_name!r}: {self.reference}")
        return self


class DockerBuildContext:
    """A folder with a Dockerfile.

    Args:
        dockerfile: The Dockerfile's text.

    """

    def __init__(self, dockerfile: str) -> None:
        self.dockerfile = dockerfile
        """Its text."""

    @staticmethod
    def from_local_directory(
        workspace: Workspace | None, path: str, dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """Return the context of a folder of this machine.

        Args:
            workspace: Accepted as in v1 and ignored.
            path: The folder.
            dockerfile_path: The Dockerfile, as a path in the folder. Default: ``"Dockerfile"``.

        Raises:
            UserErrorException: The Dockerfile cannot be read.

        """
        return DockerBuildContext(dockerfile_text(str(Path(path) / dockerfile_path)))


def dockerfile_text(dockerfile: str) -> str:
    """Return the text of a Dockerfile.

    Args:
        dockerfile: Its text, or its path.

    Raises:
        UserErrorException: The file cannot be read.

    """
    if "\n" in dockerfile or dockerfile.lstrip().upper().startswith("FROM "):
        return dockerfile
    return text_file(Path(dockerfile), "Dockerfile")
