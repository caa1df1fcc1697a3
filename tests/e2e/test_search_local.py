"""Searches over hyperparameters as local processes: a trial that is canceled, one that is stopped, and 40 at once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.needs import cannot_run
from tests.support.projects import Project

TRAIN = """
import argparse
import time

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--seconds", type=float)
parser.add_argument("--loss", type=float)
args = parser.parse_args()
run = Run.get_context()
for _ in range(max(int(args.seconds), 1)):
    run.log("loss", args.loss)
    time.sleep(min(args.seconds, 1))
"""
STOPPED = """
import time

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import *

config = HyperDriveConfig(
    GridParameterSampling({"--loss": choice(1, 9, 2), "--seconds": choice(100)}), "loss", PrimaryMetricGoal.MINIMIZE, 3,
    policy=BanditPolicy(slack_amount=3), run_config=ScriptRunConfig("steps", "train.py"),
)
run = Experiment(Workspace.from_config(), "stopped").submit(config)
while len([child for child in run.get_children() if child.get_status() in ("Running", "Canceled")]) < 3:
    time.sleep(0.2)
last, worse, first = run.get_children()
last.cancel()
assert last.wait_for_completion()["status"] == "Canceled"
assert worse.wait_for_completion()["status"] == "Canceled"
assert first.get_status() == "Running" and run.get_status() == "Running"
print("worse:", worse.get_detailed_status()["details"])
print("last:", last.get_detailed_status()["details"])
first.cancel()
run.wait_for_completion(raise_on_error=False)
assert run.get_status() == "Failed", "no trial has succeeded"
assert run.get_best_run_by_primary_metric().id == first.id
assert run.get_best_run_by_primary_metric(include_canceled=False) is None
print("checked")
"""
QUADRATIC = """
import argparse
import random

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--x", type=float)
parser.add_argument("--y", type=float)
args = parser.parse_args()
noise = random.Random(f"{args.x} {args.y}").gauss(0, 0.005)
Run.get_context().log("loss", (args.x - 0.3) ** 2 + (args.y + 0.2) ** 2 + noise)
"""
FORTY = """
import json
import random
import sys

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import *

space = {"--x": uniform(-1, 1), "--y": uniform(-1, 1)}
grid = {"--x": choice(*range(-4, 4)), "--y": choice(*range(-2, 3))}
sampling = {
    "random": lambda: RandomParameterSampling(space, seed=1), "grid": lambda: GridParameterSampling(grid),
    "bayesian": lambda: BayesianParameterSampling(space, seed=1),
}[sys.argv[1]]()
config = HyperDriveConfig(sampling, "loss", PrimaryMetricGoal.MINIMIZE, 40, 4,
                          run_config=ScriptRunConfig("steps", "quadratic.py"))
run = Experiment(Workspace.from_config(), "forty").submit(config)
run.wait_for_completion()


def loss(values):
    x, y = values["--x"], values["--y"]
    return (float(x) - 0.3) ** 2 + (float(y) + 0.2) ** 2 + random.Random(f"{float(x)} {float(y)}").gauss(0, 0.005)


values = {child: json.loads(text) for child, text in run.get_hyperparameters().items()}
assert len(values) == 40 and len({json.dumps(one) for one in values.values()}) == 40
assert all(child.get_status() == "Completed" for child in run.get_children())
ranked = run.get_children_sorted_by_primary_metric()
assert [each["run_id"] for each in ranked] == sorted(values, key=lambda child: loss(values[child]))
assert all(abs(each["best_primary_metric"] - loss(values[each["run_id"]])) < 1e-12 for each in ranked)
assert run.get_best_run_by_primary_metric().id == ranked[0]["run_id"]
print("checked", ranked[0]["best_primary_metric"])
"""


@pytest.fixture
def searching(tmp_path: Path) -> Project:
    project = Project(tmp_path / "project", tmp_path / "cache")
    project.write("steps/train.py", TRAIN)
    project.write("steps/quadratic.py", QUADRATIC)
    return project


def test_a_trial_is_canceled_alone_and_a_worse_one_is_stopped_early(searching: Project) -> None:
    searching.write("driver.py", STOPPED)
    done = searching.run("run", "driver.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "\nchecked\n" in done.stdout, done.stdout + done.stderr
    assert "worse: early termination (bandit): its best loss of " in done.stdout
    assert "last: it was canceled" in done.stdout
    assert "none of its 3 trials succeeded" in done.stdout


@pytest.mark.all_data
@pytest.mark.parametrize("sampling", ["random", "grid", "bayesian"])
def test_forty_trials_of_a_noisy_quadratic(sampling: str, searching: Project) -> None:
    if sampling == "bayesian" and find_spec("optuna") is None:
        cannot_run("optuna is not installed")
    searching.write("driver.py", FORTY)
    done = searching.run("run", "driver.py", "--", sampling)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "checked " in done.stdout
