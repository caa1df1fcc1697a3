"""Environments: the first one against pip, one that exists, and the inventory as it grows.

- first: from nothing to a script that ran. `runner run` with an environment of its own, against `python -m venv`,
  `pip install` and the script. With empty caches of downloads, with full ones, and with a lock in the store as well.
- again: `runner run` where the environment exists and the step is reused, against `runner --help`, and with --before
  against another checkout of runner.
- inventory: `runner environment list` and `gc` with 10 and 1,000 virtual environments, against `runner --help`.

Runs take turns. `first` needs a package index.

    python benchmarks/environments.py [--parts first again inventory] [--rounds 3] [--before CHECKOUT]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from measure import bare_environ, ratio, table, wall

PACKAGES = ("numpy==1.26.4", "pandas==2.1.4", "scikit-learn==1.3.2", "requests", "pyarrow==14.0.2")
SCRIPT = "import numpy, pandas, pyarrow, requests, sklearn\n"
DRIVER = """\
from azureml.core import Environment, Experiment, Workspace
from azureml.core.conda_dependencies import CondaDependencies
from azureml.core.runconfig import RunConfiguration
from azureml.pipeline.core import Pipeline
from azureml.pipeline.steps import PythonScriptStep

workspace = Workspace.from_config()
configuration = RunConfiguration()
configuration.environment = Environment("benchmark")
configuration.environment.python.conda_dependencies = CondaDependencies.create(
    python_version="{python}", pip_packages={packages}
)
step = PythonScriptStep(
    "step.py", name="step", source_directory="steps", compute_target="cluster", runconfig=configuration
)
Experiment(workspace, "benchmark").submit(Pipeline(workspace, steps=[step])).wait_for_completion(show_output=False)
"""
ENTRY = "import sys; del sys.path[0]; from runner.cli.main import main; sys.exit(main())"
REPOSITORY = Path(__file__).resolve().parents[1]
PIP_BAR, AGAIN_BAR, PER_ENVIRONMENT_BAR = 0.7, 1.05, 1.0


class Place:
    """A project and the folders that its environments come from and lie in."""

    def __init__(self, root: Path, checkout: Path = REPOSITORY, downloads: Path | None = None) -> None:
        self.folder, self._cache = root / "project", root / "cache"
        self._checkout, self._downloads = checkout, downloads or root / "downloads"
        write_project(self.folder)

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables of a command: no configuration, the checkout's code, and caches of its own."""
        caches = {"UV_CACHE_DIR": str(self._downloads / "uv"), "PIP_CACHE_DIR": str(self._downloads / "pip")}
        return {**bare_environ(), **caches, "XDG_CACHE_HOME": str(self._cache), "PYTHONPATH": str(self._checkout)}

    def runner(self, *arguments: str) -> float:
        """Seconds of a command of runner."""
        return wall([sys.executable, "-c", ENTRY, *arguments], cwd=self.folder, environ=self.environ)

    def pip(self) -> float:
        """Seconds of the same without runner: make a virtual environment, install, run the script."""
        venv, environ = self.folder / "venv", {**self.environ, "PYTHONPATH": ""}
        python = str(venv / "bin" / "python")
        make = wall([sys.executable, "-m", "venv", str(venv)], cwd=self.folder, environ=environ)
        install = wall([python, "-m", "pip", "install", "--quiet", *PACKAGES], cwd=self.folder, environ=environ)
        return make + install + wall([python, "steps/step.py"], cwd=self.folder, environ=environ)

    def forget_environments(self) -> None:
        """Delete the virtual environments, as on a machine that has none."""
        shutil.rmtree(self._cache / "runner" / "envs")
        shutil.rmtree(self.folder / "venv", ignore_errors=True)

    def forget_runs(self) -> None:
        """Delete the store of the project, with its locks."""
        shutil.rmtree(self.folder / ".runner", ignore_errors=True)


def write_project(folder: Path) -> None:
    """Write a driver of one step with packages of its own, and its script."""
    (folder / "steps").mkdir(parents=True)
    (folder / "steps" / "step.py").write_text(SCRIPT)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (folder / "driver.py").write_text(DRIVER.format(python=python, packages=list(PACKAGES)))


def take_turns(calls: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, in turn."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(call())
    return times


def first(root: Path, rounds: int) -> None:
    """Measure the first run of an environment."""
    counted = iter(range(1000))

    def fresh() -> Place:
        return Place(root / f"first{next(counted)}")

    cold = take_turns({"runner": lambda: fresh().runner("run", "driver.py"), "pip": lambda: fresh().pip()}, rounds)
    table("first environment, no downloads there", "s", cold)
    ratio(cold["runner"], cold["pip"], PIP_BAR)
    place = fresh()
    place.runner("run", "driver.py")
    place.pip()

    def again(*, locked: bool) -> float:
        place.forget_environments()
        if not locked:
            place.forget_runs()
        with (place.folder / "steps" / "step.py").open("a") as script:
            script.write("\n")  # an edited step is not reused
        return place.runner("run", "driver.py")

    def by_pip() -> float:
        shutil.rmtree(place.folder / "venv", ignore_errors=True)
        return place.pip()

    calls = {"runner": lambda: again(locked=False), "runner, lock in the store": lambda: again(locked=True)}
    warm = take_turns({**calls, "pip": by_pip}, rounds)
    table("first environment, all downloads there", "s", warm)
    for name in calls:
        print(f"\n{name}:", end="")
        ratio(warm[name], warm["pip"], PIP_BAR)


def again(root: Path, rounds: int, before: Path | None) -> None:
    """Measure a run that has nothing to do and whose environment exists."""
    places = {"runner run": Place(root / "again")}
    if before:
        places["runner run, before"] = Place(root / "before", before)
    for place in places.values():
        place.runner("run", "driver.py")
    calls = {name: partial(place.runner, "run", "driver.py") for name, place in places.items()}
    least = places["runner run"]
    times = take_turns({**calls, "runner --help": partial(least.runner, "--help")}, rounds)
    table("the environment exists, nothing to do", "s", times)
    if before:
        ratio(times["runner run"], times["runner run, before"], AGAIN_BAR)


def inventory(root: Path, rounds: int, counts: Sequence[int]) -> None:
    """Measure the listing and the search for what no run needs."""
    growth: dict[str, list[float]] = {}
    for count in counts:
        place = Place(root / f"inventory{count}")
        place.runner("--help")
        envs, names = (
            Path(place.environ["XDG_CACHE_HOME"], "runner", "envs"),
            [f"{number:016x}" for number in range(count)],
        )
        for name in names:
            write_environment(envs / name)
        calls = {name: partial(place.runner, "environment", name) for name in ("list", "gc")}
        times = take_turns({**calls, "runner --help": partial(place.runner, "--help")}, rounds)
        times["gc --yes"] = [place.runner("environment", "gc", "--yes")]
        assert not any((envs / name).exists() for name in names), "gc --yes has left what no run needs"
        table(f"{count} virtual environments", "s", times)
        for name in ("list", "gc", "gc --yes"):
            growth.setdefault(name, []).append(median(times[name]))
    for name, (few, many) in growth.items():
        each = 1000 * (many - few) / (counts[1] - counts[0])
        met = "met" if each <= PER_ENVIRONMENT_BAR else "MISSED"
        print(f"\n{name}: {each:.2f} ms per environment more (bar: {PER_ENVIRONMENT_BAR}; {met})")


def write_environment(folder: Path) -> None:
    """Write what the inventory sees of a virtual environment that was made long ago."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / "about.json").write_text(json.dumps({"environment": folder.name, "lock": ""}))
    (folder / "ready").write_text(str(folder))
    for name in ("about.json", "ready"):
        os.utime(folder / name, (1e9, 1e9))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = ("first", "again", "inventory")
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="another checkout of runner")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        if "first" in options.parts:
            first(root, options.rounds)
        if "again" in options.parts:
            again(root, options.rounds, options.before)
        if "inventory" in options.parts:
            inventory(root, options.rounds, (10, 1000))


if __name__ == "__main__":
    main()
