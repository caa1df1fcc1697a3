"""Searches over the hyperparameters of a noisy quadratic, 40 trials each, as local processes.

- sampling: random, a grid, and Bayesian (with optuna): the distance of the best trial from the optimum, and the time
  per trial over that of the same scripts in a pool of as many processes.
- stopping: the same random search with each policy: the part of the trials' epochs that is saved, and whether the best
  trial is the same.

    python benchmarks/search.py [--parts sampling stopping] [--trials 40] [--epochs 20] [--pause 0.4] [--at-once 4]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from measure import bare_environ, wall

REPOSITORY = Path(__file__).resolve().parents[1]
ENTRY = "import sys; del sys.path[0]; from runner.cli.main import main; sys.exit(main())"
SAVED_BAR = 0.3
"""The part of the epochs that early stopping is to save."""
SCRIPT = """\
import argparse
import math
import random
import time

from azureml.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--pause", type=float)
parser.add_argument("--x", type=float)
parser.add_argument("--y", type=float)
args = parser.parse_args()
run = Run.get_context()
noise = random.Random(f"{args.x} {args.y}").gauss(0, 0.005)
least = (args.x - 0.3) ** 2 + (args.y + 0.2) ** 2 + noise
for epoch in range(args.epochs):
    time.sleep(args.pause)
    run.log("loss", least + 0.5 * math.exp(-(epoch + 1) / 3))
"""
DRIVER = """\
import json
import sys

from azureml.core import Experiment, ScriptRunConfig, Workspace
from azureml.train.hyperdrive import *

_, name, trials, at_once, epochs, pause = sys.argv
trials, at_once = int(trials), int(at_once)
space = {"--x": uniform(-1, 1), "--y": uniform(-1, 1)}
side = [-1 + 2 * (at + 0.5) / 8 for at in range(8)]
grid = {"--x": choice(*side), "--y": choice(*[-1 + 2 * (at + 0.5) / 5 for at in range(5)])}
policies = {
    "bandit": BanditPolicy(slack_factor=0.2, evaluation_interval=1, delay_evaluation=2),
    "median": MedianStoppingPolicy(evaluation_interval=1, delay_evaluation=2),
    "truncation": TruncationSelectionPolicy(truncation_percentage=40, evaluation_interval=2, delay_evaluation=2),
}
sampling = {"grid": GridParameterSampling(grid)}.get(name) or (
    BayesianParameterSampling(space, seed=1) if name == "bayesian" else RandomParameterSampling(space, seed=1)
)
script = ScriptRunConfig("steps", "train.py", ["--epochs", epochs, "--pause", pause])
config = HyperDriveConfig(
    sampling, "loss", PrimaryMetricGoal.MINIMIZE, trials, max_concurrent_runs=at_once, policy=policies.get(name),
    run_config=script,
)
run = Experiment(Workspace.from_config(), name).submit(config)
run.wait_for_completion()
best = run.get_best_run_by_primary_metric(include_canceled=False)
values = {key: json.loads(text) for key, text in run.get_hyperparameters().items()}
metrics = run.get_metrics()
logged = {key: len(found["loss"]) if isinstance(found["loss"], list) else 1 for key, found in metrics.items() if found}
with open(f"{name}.json", "w") as file:
    json.dump({"best": values[best.id], "logged": logged, "trials": len(values),
               "stopped": sum(child.get_status() == "Canceled" for child in run.get_children())}, file)
"""


class Project:
    """A folder with the driver and the script."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.folder, self.options = folder, options
        (folder / "steps").mkdir(parents=True)
        (folder / "steps" / "train.py").write_text(SCRIPT)
        (folder / "driver.py").write_text(DRIVER)
        self.environ = {**bare_environ(), "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(REPOSITORY)}

    def search(self, name: str, epochs: int, pause: float) -> tuple[float, dict[str, Any]]:
        """Return the seconds of one search, and its results."""
        given = [name, self.options.trials, self.options.at_once, epochs, pause]
        command = [sys.executable, "-c", ENTRY, "run", "driver.py", "--", *map(str, given)]
        spent = wall(command, cwd=self.folder, environ=self.environ)
        found: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return spent, found

    def bare(self) -> float:
        """Return the seconds of the same scripts in a pool, without runner: offline runs that print their metrics."""
        code = "import runner.azureml; runner.azureml.install(); import runpy; runpy.run_path('steps/train.py')"

        def one(number: int) -> None:
            values = ["--epochs", "1", "--pause", "0", "--x", str(number / 40), "--y", "0"]
            wall([sys.executable, "-c", code, *values], cwd=self.folder, environ=self.environ)

        begun = time.monotonic()
        with ThreadPoolExecutor(self.options.at_once) as pool:
            list(pool.map(one, range(self.options.trials)))
        return time.monotonic() - begun


def distance(best: Mapping[str, float]) -> float:
    """Return the distance of the best trial from the optimum."""
    return math.hypot(best["--x"] - 0.3, best["--y"] + 0.2)


def main() -> None:
    """Run the parts and print their figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", default=["sampling", "stopping"], choices=["sampling", "stopping"])
    parser.add_argument("--samplings", nargs="+", default=["random", "grid", "bayesian"])
    parser.add_argument("--policies", nargs="+", default=["bandit", "median", "truncation"])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.4)
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder) / "project", options)
        rows: list[Sequence[str]] = []
        if "sampling" in options.parts:
            project.search("warm", 1, 0.0)
            bare = project.bare()
            rows.append(["the scripts in a pool", f"{bare:.1f} s", "", ""])
            for name in options.samplings:
                spent, found = project.search(name, 1, 0.0)
                rows.append(
                    [name, f"{spent:.1f} s", f"{spent / bare:.2f} of it", f"distance {distance(found['best']):.3f}"]
                )
        if "stopping" in options.parts:
            whole, plain = project.search("random", options.epochs, options.pause)
            rows.append(["no policy", f"{whole:.1f} s", f"{sum(plain['logged'].values())} epochs", ""])
            for name in options.policies:
                spent, found = project.search(name, options.epochs, options.pause)
                saved = 1 - sum(found["logged"].values()) / sum(plain["logged"].values())
                same = "the same best" if found["best"] == plain["best"] else f"best {found['best']}"
                kept = f"saves {saved:.0%} (aim {SAVED_BAR:.0%}), {found['stopped']} stopped"
                rows.append([name, f"{spent:.1f} s", kept, same])
        print("| search | time | | |\n| --- | --- | --- | --- |")
        for row in rows:
            print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
