"""Drivers as users of v1 wrote them, run unchanged on this machine: each checks its own results."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.needs import cannot_run
from tests.support.projects import Project

DRIVERS = Path(__file__).parents[2] / "support" / "drivers"
NAMES = sorted(path.parent.name for path in DRIVERS.glob("*/driver.py"))
NEEDS = {"energy_parquet": "pyarrow"}
"""What a driver's own packages are, beside pandas."""
PROGRAMS = {"r_report": DRIVERS.parent / "fake_programs"}
"""Where a driver's programs lie that this machine need not have."""
FAILING = {"brittle_branch", "iris_notebook", "many_sizes", "pytorch_ranks", "retrain_gate", "spoken_words"}
"""Drivers that expect one of their runs to fail or to be canceled: the command's exit code says that it did."""
NOTEBOOK = """
import runner.azureml

runner.azureml.install()

from azureml.core import Experiment, Run, Workspace
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep
from azureml.widgets import RunDetails

ws = Workspace.from_config()
assert Run.get_context().id.startswith("OfflineRun")
step = PythonScriptStep("train.py", arguments=["--rate", 0.5], compute_target="cpu", source_directory="training")
run = Experiment(ws, "notebook").submit(Pipeline(ws, [step]))
RunDetails(run).show()
assert run.wait_for_completion(show_output=True) == "Finished"
assert run.find_step_run("train.py")[0].get_metrics()["loss"] == 0.5
print("the notebook is done")
"""
"""The cells of a notebook, one after the other."""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def copy_of(name: str, folder: Path, cache: Path) -> Project:
    """The driver's project in `folder`, as its user has it, and no file beside its own."""
    ignored = shutil.ignore_patterns("__pycache__", ".runner")
    path = {"PATH": f"{PROGRAMS[name]}:{os.environ['PATH']}"} if name in PROGRAMS else {}
    return Project(Path(shutil.copytree(DRIVERS / name, folder / name, ignore=ignored)), cache, path, bare=True)


def text_of(ended: subprocess.CompletedProcess[str]) -> str:
    return f"exit code {ended.returncode}\n{ended.stdout[-6000:]}\n{ended.stderr[-6000:]}"


@pytest.mark.parametrize("name", NAMES)
def test_a_driver_runs_unchanged(name: str, tmp_path: Path, cache: Path) -> None:
    if find_spec(NEEDS.get(name, "pandas")) is None:
        cannot_run(f"{NEEDS[name]} is not installed")
    ended = copy_of(name, tmp_path, cache).run("run", "driver.py")
    assert ended.returncode == (name in FAILING), text_of(ended)
    assert name not in FAILING or "\nchecked\n" in ended.stdout, text_of(ended)


def test_an_r_script_without_r_is_refused_before_anything_runs(tmp_path: Path, cache: Path) -> None:
    project = copy_of("r_report", tmp_path, cache)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "uv", "unshare", "mount"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    project.environ["PATH"] = str(tools)
    ended = project.run("run", "driver.py")
    assert ended.returncode == 2, text_of(ended)
    assert "there is no program 'Rscript' on the PATH of this machine" in ended.stdout + ended.stderr
    assert "step 'fit.R'" in ended.stdout + ended.stderr


def test_drivers_know_v1_alone() -> None:
    assert len(NAMES) >= 18
    for path in DRIVERS.rglob("*.py"):
        lines = path.read_text(encoding="utf-8").splitlines()
        ours = [line for line in lines if line.strip().startswith(("import runner", "from runner"))]
        assert ours == [], path


def test_the_cells_of_a_notebook(tmp_path: Path, cache: Path) -> None:
    project = copy_of("offline_debug", tmp_path, cache)
    project.write("cells.py", NOTEBOOK)
    ended = subprocess.run(
        [sys.executable, "cells.py"],
        cwd=project.folder,
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, text_of(ended)
    assert ended.stdout.endswith("the notebook is done\n")


def test_a_step_script_tried_by_itself(tmp_path: Path, cache: Path) -> None:
    project = copy_of("offline_debug", tmp_path, cache)
    ended = project.run("run", "training/train.py", "--", "--rate", "0.25", "--out", "tried")
    assert ended.returncode == 0, text_of(ended)
    assert (project.folder / "tried" / "where.txt").read_text() == "offline-ws True"
