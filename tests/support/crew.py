"""A script for steps with workers, and the tasks that run it: each worker writes its part, or one plays all."""

from __future__ import annotations

from dataclasses import replace

from runner.model.resources import Resources
from runner.model.step import Interpreter, OutputPath
from runner.model.task import Task
from runner.model.workers import PROCESSES, WORKERS, WorkerKind, Workers

SCRIPT = """\
import os, sys, time
what, out = sys.argv[1:3]
mine = os.environ.get("RUNNER_WORKER")
for index in range(int(os.environ["RUNNER_WORKERS"])) if mine is None else [int(mine)]:
    print("here is worker", index, flush=True)
    if what == "fails" and index == 1:
        sys.exit("no luck for worker 1")
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, f"part-{index}.txt"), "w") as file:
        file.write(f"part {index}")
    with open(os.path.join("outputs", "told.txt"), "w") as file:
        file.write(f"told by {index}")
if what == "fails":
    time.sleep(60)
"""


def crew(task: Task, snapshot: str, what: str, nodes: int) -> Task:
    """Return a task whose gang of this many workers succeeds or fails.

    Args:
        task: A task of the target.
        snapshot: The digest of the snapshot with `SCRIPT` as ``script.py``.
        what: ``succeeds``, or ``fails`` at worker 1.
        nodes: The number of workers.
    """
    return replace(
        task,
        command=(Interpreter(), "script.py", what, OutputPath("out")),
        snapshot=snapshot,
        workers=Workers(kind=WorkerKind.GANG, nodes=nodes, processes=1),
        variables={**task.variables, WORKERS: str(nodes), PROCESSES: "1"},
        resources=Resources(cpu="100m"),
        fingerprint="",
    )
