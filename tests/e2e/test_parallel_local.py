"""Real processes: a step of 1,000 items whose controller, supervisor and processes are killed, and its retry."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from runner.model.batches import BatchProgress
from runner.model.data import DEFAULT_DATASTORE, DatastorePath
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.status import RunStatus
from runner.model.step import InputSpec, Interpreter, OutputSpec, StepSpec
from runner.model.task import TaskId
from runner.model.workers import WorkerKind, Workers
from runner.operations.batch_progress import with_progress
from runner.operations.retry_selection import Part
from runner.operations.values import Request, RunView
from runner.processes import table
from runner.runs.batch_board import read_progress
from runner.sdk.parallel_run.settings import PROGRAM, Settings, Source, command_arguments
from runner.wiring import OpenWorkspace, open_session
from runner.wiring.retrying import plan_retry, retry

ITEMS = 1000
PATIENCE = 120.0
SCRIPT = """\
import os, time
def run(batch):
    found = []
    for path in batch:
        item = open(path).read()
        if item == "500" and os.path.exists(os.environ["POISON"]):
            raise ValueError("no image")
        with open(os.environ["LEDGER"], "a") as ledger:
            ledger.write(item + "\\n")
        time.sleep(0.004)
        found.append(item)
    return found
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")


@dataclass
class Bench:
    """A workspace of its own with a parallel step, whose script tells a ledger outside it what it has seen."""

    folder: Path
    settings: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.code = self.folder / "code"
        self.code.mkdir()
        (self.code / "entry.py").write_text(SCRIPT)
        self.ledger, self.poison = self.folder / "ledger.txt", self.folder / "poison"
        workspace = self.folder / "workspace"
        (workspace / ".runner").mkdir(parents=True)
        self.session: OpenWorkspace = open_session(workspace)
        files = workspace / ".runner" / "files"
        files.mkdir()
        for number in range(ITEMS):
            (files / f"{number:05d}.txt").write_text(str(number))

    def submit(self) -> str:
        settings = Settings(
            entry_script="entry.py",
            inputs=(Source("files", "file"),),
            output="out",
            mini_batch_size="5",
            error_threshold=0,
            run_max_try=1,
        )
        arguments = [str(one) for one in command_arguments(settings, {}, ())]
        step = StepSpec(
            key="score",
            name="score",
            command=(Interpreter(), "-m", PROGRAM, *arguments),
            environment="env",
            compute="",
            source=str(self.code),
            script="entry.py",
            inputs=(InputSpec(name="files", source=DatastorePath(DEFAULT_DATASTORE, "files")),),
            outputs=(OutputSpec(name="out"),),
            variables={"LEDGER": str(self.ledger), "POISON": str(self.poison)},
            workers=Workers(kind=WorkerKind.POOL, nodes=1, processes=2),
        )
        plan = Plan(steps=(step,), environments={"env": NamedEnvironment("env", EnvironmentSpec())})
        return self.session.submit(plan, Request(experiment="parallel", regenerate_outputs=True))

    def told(self) -> list[int]:
        return sorted(map(int, self.ledger.read_text().split())) if self.ledger.exists() else []

    def rows(self, view: RunView) -> list[int]:
        key = view.state.steps["score"].outputs["out"].key
        return [int(line) for line in self.session.store.get(f"{key}/parallel_run_step.txt").decode().splitlines()]

    def finish(self, run: str) -> RunView:
        until = time.monotonic() + PATIENCE
        view = self.session.view(run)
        while not view.state.over:
            assert time.monotonic() < until, view.state
            view = self.session.wait(run, after=view.state.number, seconds=1)
        return view

    def progress(self, run: str, attempt: int = 1) -> BatchProgress:
        shown = read_progress(self.session.store, TaskId(run, "score", attempt).batches)
        assert shown is not None
        return shown


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    return Bench(tmp_path)


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


def of_command(*words: str) -> list[int]:
    """The processes whose command lines have these words as arguments."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            line = path.read_bytes().split(b"\0")
            if all(word.encode() in line for word in words):
                found.append(int(path.parent.name))
    return found


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):  # it may be our child
        os.waitpid(pid, 0)


def supervisors(bench: Bench) -> list[int]:
    """The programs of the step: those of its processes whose parents are no such processes."""
    parents = {one.pid: one.parent for one in table.every() if not one.ended}
    found = [pid for pid in of_command(PROGRAM) if str(bench.folder).encode() in b"".join(table.environment(pid))]
    programs = [pid for pid in found if Path(f"/proc/{pid}/comm").read_text().strip() != "sh"]
    return [pid for pid in programs if parents.get(pid) not in programs]


def test_a_step_goes_on_while_its_controller_is_killed_twice(bench: Bench) -> None:
    run = bench.submit()
    for count in (200, 500):
        wait_for(lambda count=count: len(bench.told()) > count)  # type: ignore[misc]
        (controller,) = of_command(str(bench.session.config.root), "-c")
        kill(controller)
        bench.session.start_controller(run)
    view = bench.finish(run)
    assert view.state.status is RunStatus.SUCCEEDED, view.state.steps["score"]
    assert view.state.steps["score"].attempt == 1
    assert bench.rows(view) == bench.told() == list(range(ITEMS))


def test_an_attempt_continues_the_batches_of_the_one_that_was_killed(bench: Bench) -> None:
    run = bench.submit()
    for attempt in (1, 2):
        wait_for(lambda attempt=attempt: bench.session.view(run).state.steps["score"].attempt == attempt)  # type: ignore[misc]
        results = f"{TaskId(run, 'score', attempt).batches}results/"
        wait_for(lambda results=results: len(list(bench.session.store.list(results))) >= 4)  # type: ignore[misc]
        seen = with_progress(bench.session.store, bench.session.view(run))
        assert not seen.batches or seen.batches["score"].total == ITEMS // 5
        (program,) = supervisors(bench)
        kill(program)
    view = bench.finish(run)
    assert view.state.status is RunStatus.SUCCEEDED, view.state.steps["score"]
    assert view.state.steps["score"].attempt == 3
    assert bench.rows(view) == list(range(ITEMS))
    assert set(bench.told()) == set(range(ITEMS))
    assert bench.progress(run, 3).carried > 0


def test_a_retry_runs_only_batches_that_did_not_succeed(bench: Bench) -> None:
    bench.poison.touch()
    run = bench.submit()
    view = bench.finish(run)
    step = view.state.steps["score"]
    assert view.state.status is RunStatus.FAILED
    assert "ParallelRunFailed: 5 items failed, more than error_threshold=0 allows; first: batch 100" in step.reason
    assert "ValueError: no image" in step.reason
    assert "entry.py" in step.tail
    before = bench.told()
    bench.ledger.unlink()
    bench.poison.unlink()

    again = retry(bench.session, plan_retry(bench.session, run, Part()))
    bench.session.start_controller(again)
    view = bench.finish(again)
    assert view.state.status is RunStatus.SUCCEEDED, view.state.steps["score"]
    assert bench.rows(view) == list(range(ITEMS))
    progress = bench.progress(again)
    assert progress.carried > 0
    assert (progress.done, progress.total, progress.items) == (200, 200, ITEMS)
    assert len(bench.told()) == ITEMS - 5 * progress.carried, "carried batches were not run again"
    assert set(before) | set(bench.told()) == set(range(ITEMS))
