"""Bad input on this machine: one clear message each, exit code 2, nothing started, nothing changed."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import ASIDE, BOTH, Project


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path) -> Project:
    return Project(tmp_path / "project", cache)


CYCLE = 'a, b = data("a"), data("b")\nsubmit(step("s", inputs=[a], outputs=[b]), step("t", inputs=[b], outputs=[a]))'
BAD = {
    "cycle": (CYCLE, "wait for each other|cycle"),
    "missing script": ('submit(step("s", "nowhere.py", outputs=[data("a")]))', "nowhere.py"),
    "missing folder": ('submit(step("s", outputs=[data("a")], folder="nowhere"))', "nowhere"),
    "unknown datastore": ('submit(step("s", outputs=[PipelineData("a", datastore=Datastore.get(ws, "nowhere"))]))',
                          "nowhere"),
    "unknown dataset": ('Dataset.get_by_name(ws, "nowhere")', "nowhere"),
    "invalid output name": ('submit(step("s", outputs=[data("not a name!")]))', "not a name!"),
    "invalid experiment": ('Experiment(ws, "no/slash").submit(Pipeline(ws, [step("s", outputs=[data("a")])]))',
                           "no/slash"),
    "data in arguments only": ('submit(step("s", outputs=[data("b")], extra=[data("a")]))', "'?a'?"),
    "no step writes its input": ('submit(step("s", inputs=[data("a")], outputs=[data("b")]))', "'?a'?"),
    "two producers": ('a = data("a")\nsubmit(step("s", outputs=[a]), step("t", outputs=[a]))', "'?a'?"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_starts_and_changes_nothing(name: str, project: Project) -> None:
    text, said = BAD[name]
    project.write("pipeline.py", "")
    project.driver("")
    with (project.folder / "pipeline.py").open("a") as file:
        file.write(text + "\n")
    before = project.files
    for command in ("run", "validate", "plan"):
        ended = project.run(command, "pipeline.py")
        assert ended.returncode == 2, (command, ended.stdout, ended.stderr)
        assert "error: " in ended.stderr
        assert re.search(said, ended.stderr), ended.stderr
        assert "Traceback" not in ended.stderr
    assert project.files == before


def test_a_file_without_a_pipeline_may_run_and_cannot_be_planned(project: Project) -> None:
    """It may be a step's script that is tried by itself, or a driver that only registers data."""
    project.driver("")
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0
    assert "has submitted no pipeline" in ended.stderr
    for command in ("validate", "plan"):
        ended = project.run(command, "pipeline.py")
        assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)
        assert "submits nothing" in ended.stderr


def test_bad_input_leaves_a_used_store_as_it_was(project: Project) -> None:
    project.driver(BOTH)
    assert project.run("run", "pipeline.py").returncode == 0
    project.driver('submit(step("s", "nowhere.py", outputs=[data("a")]))')
    before = project.files
    assert project.run("run", "pipeline.py").returncode == 2
    assert project.files == before


def test_an_unknown_compute_target(project: Project) -> None:
    project.driver(BOTH)
    project.write("runner.yaml", "targets:\n  laptop: {type: process}\n")
    before = project.files
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 2
    assert "aml-cluster" in ended.stderr
    assert "laptop" in ended.stderr
    assert project.files == before
    assert project.run("run", "pipeline.py", "--target", "laptop").returncode == 0


def test_every_problem_is_told_at_once(project: Project) -> None:
    project.driver('submit(step("s", "no1.py", outputs=[data("a")]), step("t", "no2.py", outputs=[data("b")]))')
    ended = project.run("validate", "pipeline.py")
    assert ended.returncode == 2
    assert ended.stderr.startswith("2 problems\n")
    assert "no1.py" in ended.stderr
    assert "no2.py" in ended.stderr


UNREACHABLE = """
targets:
  far:
    type: kubernetes
    kubeconfig: {folder}/kubeconfig
    registry: localhost:1/images
    store: {{bucket: bkt, endpoint: "http://127.0.0.1:1", credentials: {folder}/keys.json}}
"""
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
"""


def test_an_unreachable_cluster_and_bucket(project: Project) -> None:
    project.driver(BOTH)
    project.write("runner.yaml", UNREACHABLE.format(folder=project.folder))
    project.write("kubeconfig", KUBECONFIG)
    project.write("keys.json", '{"access_key": "a", "secret_key": "hidden-word"}').chmod(0o600)
    before = project.files
    for command in ("run", "validate", "plan"):
        ended = project.run(command, "pipeline.py", "--target", "far")
        assert ended.returncode == 2, ended.stderr
        assert "127.0.0.1:1" in ended.stderr
        assert "runner doctor" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert "hidden-word" not in ended.stderr
    for command in ("status", "list"):
        ended = project.run(command, "--target", "far")
        assert (ended.returncode, ended.stderr[:7]) == (1, "error: ")
    assert project.files == before


def test_a_run_without_a_home_folder_succeeds_and_names_its_cache(project: Project, tmp_path: Path) -> None:
    project.driver(BOTH)
    project.environ = {"HOME": "/dev/null", "XDG_CACHE_HOME": "", "RUNNER_CONFIG": "", "TMPDIR": str(tmp_path)}
    ended = project.run("run", "pipeline.py")
    assert ended.returncode == 0, ended.stderr
    assert "/dev/null/.cache cannot be written" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_deleted_current_folder_is_one_message(project: Project, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {sys.executable} {' '.join(map(shlex.quote, ASIDE))} status"
    ended = subprocess.run(
        ["sh", "-c", script],
        cwd=project.folder,
        env={**project.environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: the current folder no longer exists")
    assert "Traceback" not in ended.stderr
