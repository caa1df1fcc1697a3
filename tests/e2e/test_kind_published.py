"""Published pipelines on a kind cluster: one process publishes, another one runs it without its files."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.support.kind_cluster import KindCluster
from tests.support.kind_runs import a_desk

pytestmark = pytest.mark.kind
DRIVERS = Path(__file__).parents[1] / "support" / "drivers"
PROJECTS = {
    "train_cicd": (("build_train_pipeline.py", "run_train_pipeline.py"), ("training",)),
    "endpoint_versions": (("driver.py",), ()),
    "scoring_shelf": (("publish.py", "score_month.py"), ("scoring", "data")),
    "notebook_shelf": (("publish.py", "run_june.py"), ("notebooks", "data")),
}
"""The files of each project, one process after the other, and the folders that are deleted after the first one."""
WORKSPACES = {"train_cicd": "mlops-ws"}
"""Names that projects state; on a cluster the folder has to state them, too."""


BY_DEFAULT = "train_cicd"
"""The others publish and run in the same way; the image of notebooks takes minutes to build and load."""


def chosen() -> list[ParameterSet]:
    return [pytest.param(name, marks=[] if name == BY_DEFAULT else [pytest.mark.all_data]) for name in PROJECTS]


@pytest.mark.parametrize("name", chosen())
def test_a_project_publishes_and_runs_unchanged(name: str, tmp_path: Path, kind_cluster: KindCluster) -> None:
    desk = a_desk(tmp_path, kind_cluster)
    project = tmp_path / name
    shutil.copytree(DRIVERS / name, project, ignore=shutil.ignore_patterns("__pycache__", ".runner"))
    if name in WORKSPACES:
        (project / "runner.yaml").write_text(f"name: {WORKSPACES[name]}\n", encoding="utf-8")
    files, folders = PROJECTS[name]
    for number, file in enumerate(files):
        done = desk.runner("run", file, "--target", "kind", cwd=project, seconds=300).ok()
        print(f"{name}/{file}: {done.seconds:.1f} s on kind")
        for folder in folders if number == 0 else ():
            shutil.rmtree(project / folder)
    assert not (project / ".runner").exists(), "a run on the cluster leaves nothing in the folder"
    desk.delete()
