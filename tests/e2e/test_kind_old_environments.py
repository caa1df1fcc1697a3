"""Environments pinned as v1's users pinned them, as images on a cluster, with a script of their time in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk
from tests.support.old_environments import check, copy_project

pytestmark = pytest.mark.kind
NAMES = ("course", "taxi")
"""No pins at all, and pins below Python 3.8 with a package that needs a library of the system."""


@pytest.mark.all_data
@pytest.mark.parametrize("name", NAMES)
def test_an_old_environment_runs_on_a_cluster(name: str, tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    copy_project(name, tmp_path / name)
    done = desk.runner("run", "driver.py", "--target", "kind", cwd=tmp_path / name, seconds=900)
    assert done.code == 0, done.text
    check(name, done.out)
    desk.delete()
