"""Projects as users of v1 wrote them whose files publish a pipeline and run it in another process, without its code."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.support.needs import cannot_run
from tests.support.projects import Project

DRIVERS = Path(__file__).parents[1] / "support" / "drivers"


def project_of(name: str, folder: Path, **environ: str) -> Project:
    ignored = shutil.ignore_patterns("__pycache__", ".runner")
    copied = Path(shutil.copytree(DRIVERS / name, folder / name, ignore=ignored))
    return Project(copied, folder / "cache", bare=True, environ=environ)


def text_of(ended: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {ended.returncode}\n{ended.stdout[-6000:]}\n{ended.stderr[-6000:]}"


def run(project: Project, file: str) -> str:
    ended = project.run("run", file)
    assert ended.returncode == 0, text_of(ended)
    return ended.stdout


def test_a_ci_job_publishes_and_another_finds_the_build_and_runs_it(tmp_path: Path) -> None:
    project = project_of("train_cicd", tmp_path, BUILD_BUILDID="20261129.4")
    run(project, "build_train_pipeline.py")
    shutil.rmtree(project.folder / "training")
    (project.folder / "build_train_pipeline.py").unlink()
    assert "published pipeline id is" in run(project, "run_train_pipeline.py")

    missing = project_of("train_cicd", tmp_path / "other", BUILD_BUILDID="20261129.5")
    shutil.copytree(project.folder / ".runner", missing.folder / ".runner")
    ended = missing.run("run", "run_train_pipeline.py")
    assert ended.returncode != 0
    assert "Unable to find a published pipeline for this build 20261129.5" in ended.stdout + ended.stderr


def test_another_process_runs_it_with_data_of_every_kind(tmp_path: Path) -> None:
    if find_spec("pandas") is None:
        cannot_run("pandas is not installed")
    project = project_of("scoring_shelf", tmp_path)
    assert "/PipelineSubmit/" in run(project, "publish.py")
    shutil.rmtree(project.folder / "scoring")
    shutil.rmtree(project.folder / "data")
    run(project, "score_month.py")


def test_another_process_runs_a_notebook_with_another_value(tmp_path: Path) -> None:
    project = project_of("notebook_shelf", tmp_path)
    run(project, "publish.py")
    shutil.rmtree(project.folder / "notebooks")
    shutil.rmtree(project.folder / "data")
    run(project, "run_june.py")
