"""The program of a ParallelRunStep without a run around it: a step folder, files as inputs, and a workspace folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from runner.model.context import STEP_VARIABLE, StagedInput, StepContext, StoreAccess
from runner.model.data import DEFAULT_DATASTORE, DatasetDefinition, Mode
from runner.model.document import to_document
from runner.model.task import OutputBinding, Task, TaskId
from runner.sdk.parallel_run.settings import Settings, Source, command_arguments
from runner.storage.directory import DirectoryStore

PROGRAM = "runner.sdk.parallel_run.program"


@dataclass
class ParallelStep:
    """One step whose programs a test starts."""

    root: Path
    script: str
    """The text of the entry script."""
    items: int = 20
    settings: dict[str, object] = field(default_factory=dict)
    attempt: int = 1
    key: str = "score"
    run: str = "run-1"
    pod: str = ""
    """The folder of this machine's files; the inputs and the store are those of all."""
    in_place: bool = False
    """True: the output is written in place, as in a workspace that is a folder."""

    def __post_init__(self) -> None:
        self.code.mkdir(parents=True, exist_ok=True)
        (self.code / "logs").mkdir(exist_ok=True)
        self.output.mkdir(parents=True, exist_ok=True)
        (self.step / "reports").mkdir(parents=True, exist_ok=True)
        self.inputs.mkdir(exist_ok=True)
        for number in range(self.items):
            (self.inputs / f"{number:05d}.txt").write_text(str(number))
        (self.code / "entry.py").write_text(self.script)
        definition = DatasetDefinition(kind="file", paths=())
        context = StepContext(
            run=self.run,
            key=self.key,
            name=self.key,
            step_run=f"{self.run}.{self.key}",
            attempt=self.attempt,
            inputs={"files": StagedInput(Mode.DOWNLOAD, str(self.inputs), definition)},
            outputs={"out": str(self.output)},
            access=StoreAccess(folder=str(self.root / "store")),
        )
        output = OutputBinding(name="out", datastore=DEFAULT_DATASTORE, key=self.output_key)
        task = Task(
            id=TaskId(self.run, self.key, self.attempt),
            command=(),
            snapshot="",
            environment="",
            target="",
            outputs=(output,),
        )
        self.store.put(task.id.assignment, json.dumps(to_document(task)).encode())
        (self.step / "context.json").write_text(json.dumps(to_document(context)))

    @property
    def code(self) -> Path:
        return self.root / self.pod / f"code-{self.run}-{self.attempt}"

    @property
    def output(self) -> Path:
        in_place = self.root / "store" / self.output_key
        return in_place if self.in_place else self.root / self.pod / f"output-{self.run}-{self.attempt}"

    @property
    def output_key(self) -> str:
        return f"azureml/{self.run}.{self.key}.{self.attempt}/out"

    @property
    def step(self) -> Path:
        return self.root / self.pod / f"step-{self.run}-{self.attempt}"

    @property
    def inputs(self) -> Path:
        return self.root / "inputs"

    @property
    def store(self) -> DirectoryStore:
        return DirectoryStore(self.root / "store")

    @property
    def board(self) -> str:
        return TaskId(self.run, self.key, self.attempt).batches

    def results(self) -> int:
        """The number of claims that have ended."""
        return len(list(self.store.list(f"{self.board}results/")))

    def start(self, *own: str, **variables: str) -> subprocess.Popen[str]:
        """Start the program of one worker; `variables`: those of `runner.model.workers`."""
        chosen: dict[str, object] = {"mini_batch_size": "2", "output": "out", **self.settings}
        settings = Settings(entry_script="entry.py", inputs=(Source("files", "file"),), **chosen)  # type: ignore[arg-type]
        arguments = [str(one) for one in command_arguments(settings, {}, own)]
        root = Path(__file__).resolve().parents[2]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("RUNNER_")}
        return subprocess.Popen(
            [sys.executable, "-m", PROGRAM, *arguments],
            cwd=self.code,
            env={
                **environ,
                STEP_VARIABLE: str(self.step),
                "PYTHONPATH": str(root),
                "PYTHONUNBUFFERED": "1",
                "RUNNER_PROCESSES": "2",
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def go(self, *own: str, **variables: str) -> tuple[int, str]:
        """Run the program of one worker to its end; return the exit code and the output."""
        process = self.start(*own, **variables)
        out, _ = process.communicate(timeout=60)
        return process.returncode, out

    def rows(self, name: str = "parallel_run_step.txt") -> list[str]:
        return (self.output / name).read_text().splitlines()
