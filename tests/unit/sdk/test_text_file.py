from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.sdk import CondaDependencies, Environment
from runner.sdk.base.exceptions import UserErrorException
from runner.sdk.environments.docker_build import dockerfile_text
from runner.sdk.environments.requirements_file import read_requirements
from runner.sdk.workspaces.config_file import read

OPENERS: dict[str, Callable[[str], object]] = {
    "conda file": CondaDependencies,
    "requirements": lambda path: read_requirements(Path(path)),
    "Dockerfile": dockerfile_text,
    "workspace configuration": lambda path: read(Path(path)),
    "conda file ": lambda path: Environment.from_conda_specification("e", path),
}


@pytest.mark.parametrize("what", OPENERS)
def test_a_pipe_in_a_files_place_is_refused_without_waiting(tmp_path: Path, what: str) -> None:
    os.mkfifo(tmp_path / "file")
    with pytest.raises(UserErrorException, match="cannot be read: it is a pipe"):
        OPENERS[what](str(tmp_path / "file"))


def test_a_conda_file_with_all_that_is_wrong_in_it(tmp_path: Path) -> None:
    path = tmp_path / "conda.yml"
    path.write_text("dependencies: [a]\nname: !x b\ndependencies: [b]\n")
    with pytest.raises(UserErrorException, match="is not YAML") as refused:
        CondaDependencies(str(path))
    for word in ("'dependencies' is there twice, first in line 1", f"{path}:3", "the tag !x", f"{path}:2: name"):
        assert word in str(refused.value)
