"""A step on this machine with a private wheel and a package of a private index: nothing keeps the secret."""

from __future__ import annotations

from pathlib import Path

from tests.support.leaked import SECRET, leaked, leaks
from tests.support.package_index import serving
from tests.support.projects import ASIDE, Project
from tests.support.wheel_files import wheel_bytes, write_wheel

DRIVER = """
from azureml.core import Environment, Experiment, Workspace
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

ws = Workspace.from_config()
environment = Environment("private")
packages = environment.python.conda_dependencies
packages.set_pip_option("--index-url http://build:${{TOKEN}}@{host}/simple/")
packages.add_pip_package(Environment.add_private_pip_wheel(ws, "dist/privatewheel-1.0-py3-none-any.whl", exist_ok=True))
packages.add_pip_package("privatepackage")
config = RunConfiguration()
config.environment = environment
step = PythonScriptStep("show.py", name="show", compute_target="cpu", source_directory="steps", runconfig=config)
run = Experiment(ws, "private").submit(Pipeline(ws, [step]))
run.wait_for_completion(show_output=True)
print("METRICS", run.find_step_run("show")[0].get_metrics())
"""
CONFIG = """
name: private
target: here
targets: {here: {type: process}}
secrets: {TOKEN: {env: PACKAGES_TOKEN}}
"""
SHOW = """
import os

import privatepackage
import privatewheel
from azureml.core import Run

print("the token of the step is", os.environ.get("PACKAGES_TOKEN"))
Run.get_context().log("both", privatepackage.VALUE + privatewheel.VALUE)
"""


def test_a_step_has_private_packages_and_nothing_keeps_the_secret(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", tmp_path / "cache", entry=ASIDE, bare=True)
    project.environ = {"PIP_CONFIG_FILE": "/dev/null", "UV_CACHE_DIR": str(tmp_path / "uv")}
    project.write("runner.yaml", CONFIG)
    project.write("steps/show.py", SHOW)
    write_wheel(project.folder / "dist", "privatewheel")
    own = {"privatepackage-1.0-py3-none-any.whl": wheel_bytes("privatepackage")}
    with serving(own, SECRET) as index:
        project.write("driver.py", DRIVER.format(host=index.host))
        without = project.run("run", "driver.py")
        asked = list(index.asked)
        project.environ["PACKAGES_TOKEN"] = SECRET
        ended = project.run("run", "driver.py")
    assert without.returncode != 0
    assert "the environment variable PACKAGES_TOKEN is not set" in without.stderr
    assert asked == []
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "METRICS {'both': 2}" in ended.stdout
    logs = project.run("logs", *ended.stdout.rpartition("runner logs ")[2].split())
    assert "the token of the step is None" in logs.stdout
    assert not leaked((without.stderr + ended.stdout + ended.stderr + logs.stdout + logs.stderr).encode())
    assert any(path.name == "lock.txt" for path in tmp_path.rglob("*")), "the venv lies elsewhere"
    assert leaks(tmp_path) == []
