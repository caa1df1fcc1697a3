"""A step on the oldest Python, with the pandas of its time, uses every call of v1 that a step's script can use."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support.projects import ASIDE, Project

PROJECT = Path(__file__).parents[1] / "support/old_python"


def test_a_step_on_python_3_8_uses_every_call_of_v1(tmp_path: Path) -> None:
    project = Project(tmp_path / "july", tmp_path / "cache", entry=ASIDE, bare=True, seconds=300)
    shutil.copytree(PROJECT, project.folder)
    ended = project.run("run", "driver.py", "--", "one")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "  use    succeeded" in ended.stdout
