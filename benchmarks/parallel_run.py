"""ParallelRunStep on this machine: against `multiprocessing.Pool`, with one slow worker, and as the items grow.

1. 10,000 files in batches of 10, 0.1 ms each, two processes: the program of the step (the script phase), and the whole
   step as `runner run` does it (from the start of the attempt to its commit), each divided by a script with
   `multiprocessing.Pool` that calls the same function on the same files and writes the same rows.
2. Four workers, one of which is ten times slower, divided by the ideal: all items over the sum of the speeds. The items
   sleep, so that four workers fit on two cores.
3. 100, 1,000 and 10,000 items: objects and bytes of the board, bytes of the run's journal, the greatest memory of a
   supervisor.

    nice -n -10 python benchmarks/parallel_run.py [--rounds 5] [--items 10000]
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import RUNNER, bare_environ, ratio, run, table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.support.parallel_steps import ParallelStep

POOL_BAR, SLOW_BAR = 1.3, 1.2
WORK = """\
import time


def run(batch):
    rows = []
    for path in batch:
        until = time.perf_counter() + 0.0001
        while time.perf_counter() < until:
            pass
        rows.append(path[-9:])
    return rows
"""
POOL = """\
import glob, multiprocessing, sys
from entry import run

if __name__ == "__main__":
    files = sorted(glob.glob(sys.argv[1] + "/*"))
    batches = [files[first : first + 10] for first in range(0, len(files), 10)]
    with multiprocessing.Pool(2) as pool, open(sys.argv[2], "w") as out:
        for rows in pool.imap(run, batches):
            out.writelines(row + "\\n" for row in rows)
"""
SLEEPS = """\
import os, time


def run(batch):
    time.sleep({seconds} * (10 if os.environ["RUNNER_WORKER"] == "3" else 1))
    return batch
"""
DRIVER = """\
from azureml.core import Dataset, Environment, Experiment, Workspace
from azureml.pipeline.core import Pipeline, PipelineData
from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep

workspace = Workspace.from_config()
store = workspace.get_default_datastore()
environment = Environment("benchmark")
environment.python.user_managed_dependencies = True
config = ParallelRunConfig(
    source_directory="code", entry_script="entry.py", mini_batch_size="10", error_threshold=0,
    output_action="append_row", environment=environment, compute_target="cluster", node_count=1,
    process_count_per_node=2,
)
files = Dataset.File.from_files(store.path("files")).as_named_input("files")
step = ParallelRunStep(
    name="score", parallel_run_config=config, inputs=[files], output=PipelineData("out", datastore=store),
    allow_reuse=False,
)
run = Experiment(workspace, "benchmark").submit(Pipeline(workspace, [step]))
run.wait_for_completion()
"""


def timed(step: ParallelStep, **variables: str) -> float:
    """Seconds of the step's program, on a board that is empty."""
    shutil.rmtree(step.root / "store" / step.board, ignore_errors=True)
    begun = time.perf_counter()
    code, out = step.go(**variables)
    if code:
        sys.exit(out)
    return time.perf_counter() - begun


def beside_a_pool(items: int, rounds: int) -> None:
    """The first figure."""
    with tempfile.TemporaryDirectory() as name:
        step = ParallelStep(Path(name), WORK, items=items, settings={"mini_batch_size": "10"})
        (step.code / "pool.py").write_text(POOL)
        rows = Path(name, "rows.txt")
        ours, theirs = [], []
        for _ in range(rounds):
            begun = time.perf_counter()
            subprocess.run([sys.executable, "pool.py", str(step.inputs), str(rows)], cwd=step.code, check=True)
            theirs.append(time.perf_counter() - begun)
            ours.append(timed(step))
            if step.rows() != rows.read_text().splitlines():
                sys.exit("the rows differ")
        whole = [whole_step(Path(name), step) for _ in range(rounds)]
    columns = {"the step's program": ours, "multiprocessing.Pool": theirs}
    columns.update({"whole step": [one[0] for one in whole], "its script phase": [one[1] for one in whole]})
    table(f"{items:,} items of 0.1 ms in batches of 10, two processes", "s", columns)
    ratio(ours, theirs, POOL_BAR)
    ratio([one[0] for one in whole], theirs, POOL_BAR)


def whole_step(root: Path, step: ParallelStep) -> tuple[float, float]:
    """Seconds of the attempt from its start to its commit in a run of its own, and those of its script."""
    folder = root / "project"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "code").mkdir(parents=True)
    (folder / "code/entry.py").write_text(step.script)
    (folder / "driver.py").write_text(DRIVER)
    (folder / "runner.yaml").write_text("targets:\n  cluster: {type: process}\n")
    shutil.copytree(step.inputs, folder / ".runner/files")
    environ = bare_environ()
    run([RUNNER, "run", "driver.py"], cwd=folder, environ=environ)
    listed = json.loads(run([RUNNER, "list", "--json"], cwd=folder, environ=environ))
    number = (listed["runs"] if isinstance(listed, dict) else listed)[0]["run"]
    shown = json.loads(run([RUNNER, "show", number, "score", "--json"], cwd=folder, environ=environ))
    return shown["step"]["seconds"], shown["attempts"][0]["phases"]["script"]


def one_slow_worker(batches: int, seconds: float) -> None:
    """The second figure."""
    with tempfile.TemporaryDirectory() as name:
        step = ParallelStep(
            Path(name), SLEEPS.format(seconds=seconds), items=batches, settings={"mini_batch_size": "1"}
        )
        begun = time.perf_counter()
        variables = {"RUNNER_WORKERS": "4", "RUNNER_PROCESSES": "1"}
        workers = [step.start(**variables, RUNNER_WORKER=str(index)) for index in range(4)]
        for worker in workers:
            out, _ = worker.communicate()
            if worker.returncode:
                sys.exit(out)
        took = time.perf_counter() - begun
    ideal = batches * seconds / 3.1
    table(f"{batches:,} batches of {seconds} s, four workers, one ten times slower", "s", {"step": [took]})
    ratio([took], [ideal], SLOW_BAR)


def growth() -> None:
    """The third figure."""
    print("\n| items | batches | objects of the board | bytes | memory of the largest process |")
    print("| --- | --- | --- | --- | --- |")
    for items in (100, 1_000, 10_000):
        with tempfile.TemporaryDirectory() as name:
            step = ParallelStep(Path(name), WORK, items=items, settings={"mini_batch_size": "10"})
            timed(step)
            found = list(step.store.list(step.board))
            size = sum(info.size for info in found)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            print(f"| {items:,} | {items // 10:,} | {len(found)} | {size:,} | {peak / 1024:.1f} MiB |")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--items", type=int, default=10_000)
    options = parser.parse_args()
    growth()
    one_slow_worker(2_000, 0.05)
    beside_a_pool(options.items, options.rounds)


if __name__ == "__main__":
    main()
