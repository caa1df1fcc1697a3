"""A step on ``python:3.8-slim``, with the pandas of its time, uses every call of v1 that a step's script can use."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk

pytestmark = pytest.mark.kind
PROJECT = Path(__file__).parents[1] / "support/old_python"


@pytest.mark.all_data
def test_a_step_on_python_3_8_uses_every_call_of_v1(tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    shutil.copytree(PROJECT, desk.folder, dirs_exist_ok=True)
    done = desk.runner("run", "driver.py", "--target", "kind", "--", "one", seconds=600).ok()
    assert "  use    succeeded" in done.out, done.text
    desk.delete()
