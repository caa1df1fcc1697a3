"""Environments pinned as v1's users pinned them, made on this machine, with a script of their time in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.old_environments import ENVIRONMENTS, check, copy_project
from tests.support.projects import ASIDE, Project

BY_DEFAULT = "taxi"
"""Old pins below Python 3.8. Each of the others takes a minute."""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=[] if one == BY_DEFAULT else [pytest.mark.all_data]) for one in ENVIRONMENTS]
)
def test_an_old_environment_is_the_one_it_was_written_for(name: str, tmp_path: Path, cache: Path) -> None:
    project = Project(tmp_path / name, cache, entry=ASIDE, bare=True, seconds=600)
    copy_project(name, project.folder)
    ended = project.run("run", "driver.py")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    check(name, ended.stdout)
