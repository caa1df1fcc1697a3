"""How long the short commands take: `runner --help`, `import runner`, v1's imports, `runner status RUN`.

python benchmarks/start.py [--steps 100] [--rounds 15]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from measure import RUNNER, bare_environ, run, table, wall
from project import write_chain

V1_IMPORTS = (
    "from runner.azureml import install; install(); import azureml.core, azureml.pipeline.core, azureml.pipeline.steps"
)
V1_NAMES = (
    "from runner.azureml import install; install()\n"
    "from azureml.core import Dataset, Datastore, Environment, Experiment, Workspace\n"
    "from azureml.core.compute import AmlCompute, ComputeTarget\n"
    "from azureml.core.runconfig import RunConfiguration\n"
    "from azureml.pipeline.core import Pipeline, PipelineData, PipelineParameter\n"
    "from azureml.pipeline.steps import PythonScriptStep\n"
)
"""What a driver imports at its top."""
BARS_MS = {
    "runner --help, over a bare interpreter": 50,
    "import runner, over a bare interpreter": 30,
    "import azureml, over a bare interpreter": 100,
    "runner status RUN": 150,
}


def installed(environ: Mapping[str, str], bytecode: Path) -> Mapping[str, str]:
    """With compiled modules, as an installation has them, whatever this shell says of them."""
    kept = {name: value for name, value in environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(bytecode)}


def newest_run(folder: Path) -> str:
    """The id of the workspace's newest run."""
    listed = json.loads(run([RUNNER, "list", "--json"], cwd=folder, environ=bare_environ()))
    runs = listed["runs"] if isinstance(listed, dict) else listed
    return str(runs[0]["run"])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder, environ = Path(name), installed(bare_environ(), Path(name) / "bytecode")
        driver = write_chain(folder, options.steps)
        run([RUNNER, "run", driver.name], cwd=folder, environ=environ)
        commands = {
            "bare interpreter": [sys.executable, "-c", "pass"],
            "import runner": [sys.executable, "-c", "import runner"],
            "import azureml": [sys.executable, "-c", V1_IMPORTS],
            "import a driver's names": [sys.executable, "-c", V1_NAMES],
            "runner --help": [RUNNER, "--help"],
            "runner status RUN": [RUNNER, "status", newest_run(folder)],
        }
        for command in commands.values():
            wall(command, cwd=folder, environ=environ)  # compiles what it imports
        times: dict[str, list[float]] = {what: [] for what in commands}
        for _ in range(options.rounds):
            for what, command in commands.items():
                times[what].append(1000 * wall(command, cwd=folder, environ=environ))
    columns = dict(times)
    for what in ("runner --help", "import runner", "import azureml", "import a driver's names"):
        over = [a - b for a, b in zip(times[what], times["bare interpreter"], strict=True)]
        columns[f"{what}, over a bare interpreter"] = over
    table(f"start, the run has {options.steps} steps", "ms", columns)
    for what, bar in BARS_MS.items():
        value = median(columns[what])
        print(f"{what}: {value:.0f} ms (bar: {bar}; {'met' if value <= bar else 'MISSED'})")


if __name__ == "__main__":
    main()
