"""Real processes: a run whose controller is killed with SIGKILL at random instants ends as if nothing had been."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.events import StepSucceeded
from runner.model.names import step_run_id
from runner.model.plan import Plan
from runner.model.status import RunStatus, StepStatus
from runner.model.step import InputPath, InputSpec, Interpreter, OutputOf, OutputPath, OutputSpec, StepSpec
from runner.model.task import TaskId
from runner.operations.values import Request, RunView
from runner.runs import journal, records
from runner.wiring import OpenWorkspace, open_session

KILLS = 20
KILLS_PER_RUN = 5
SEED = int(os.environ.get("RUNNER_TEST_SEED", "20260102"))
PATIENCE = 60.0
SCRIPT = """\
import json, os, sys, time
pause, out, *inputs = sys.argv[1:]
def tell(what):
    with open(os.environ["LEDGER"], "a") as ledger:
        ledger.write(json.dumps([what, os.environ["AZUREML_RUN_ID"]]) + "\\n")
tell("start")
time.sleep(float(pause))
read = [open(path).read() for path in inputs]
with open(out, "w") as file:
    file.write("+".join(read) + os.environ["AZUREML_RUN_ID"].rpartition(".")[2])
tell("end")
"""
NEEDS = {"a": "", "b": "a", "c": "a", "d": "a", "e": "bcd", "f": "e"}
"""A chain, a fan, and their meeting."""


@dataclass
class Bench:
    """A workspace of its own, whose scripts tell a ledger outside it that they ran."""

    folder: Path
    chance: random.Random
    known: int = 1
    """The journal entry at which the last controller was killed."""

    def __post_init__(self) -> None:
        self.code = self.folder / "code"
        self.code.mkdir()
        (self.code / "script.py").write_text(SCRIPT)
        self.ledger = self.folder / "ledger.jsonl"
        self.ledger.touch()
        workspace = self.folder / "workspace"
        (workspace / ".runner").mkdir(parents=True)
        self.session: OpenWorkspace = open_session(workspace)

    def plan(self) -> Plan:
        return Plan(
            steps=tuple(map(self._step, NEEDS)), environments={"env": NamedEnvironment("env", EnvironmentSpec())}
        )

    def _step(self, key: str) -> StepSpec:
        needs = NEEDS[key]
        pause = f"{self.chance.uniform(0.1, 0.3):.3f}"
        return StepSpec(
            key=key,
            name=key,
            command=(
                Interpreter(),
                "script.py",
                pause,
                OutputPath("out"),
                *(InputPath(f"from_{need}") for need in needs),
            ),
            environment="env",
            compute="",
            source=str(self.code),
            script="script.py",
            inputs=tuple(InputSpec(name=f"from_{need}", source=OutputOf(need, "out")) for need in needs),
            outputs=(OutputSpec(name="out"),),
            variables={"LEDGER": str(self.ledger)},
        )

    def told(self, run: str) -> Counter[tuple[str, ...]]:
        lines = map(json.loads, self.ledger.read_text().splitlines())
        return Counter((what, step.removeprefix(f"{run}.")) for what, step in lines if step.startswith(run))

    def taken(self, run: str) -> None:
        """Wait until the newest controller has journaled something; one that was killed may have ended the run."""
        deadline = time.monotonic() + PATIENCE
        while (state := self.session.view(run).state).number <= self.known and not state.over:
            assert time.monotonic() < deadline
            time.sleep(0.005)

    def finish(self, run: str) -> RunView:
        deadline = time.monotonic() + PATIENCE
        view = self.session.view(run)
        while not view.state.over:
            assert time.monotonic() < deadline, view.state
            view = self.session.wait(run, after=view.state.number, seconds=1)
        return view


def controllers(workspace: Path) -> Iterator[int]:
    """Process ids of the controllers: children of ours that name their workspace and have not ended."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(workspace).encode() in words and b"-c" in words:
            yield int(path.parent.name)


def kill_controllers(workspace: Path) -> int:
    killed = 0
    for pid in controllers(workspace):
        os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):  # it is our child; the subprocess module may have waited for it
            os.waitpid(pid, 0)
        killed += 1
    return killed


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RUNNER_CONFIG", str(tmp_path / "none.yaml"))
    return tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="finds controllers by /proc")
def test_killed_at_random_instants_runs_end_as_if_nothing_had_been(cache: Path) -> None:
    chance = random.Random(SEED)
    bench, kills, runs = Bench(cache, chance), 0, 0
    while kills < KILLS:
        run = bench.session.submit(bench.plan(), Request(experiment="crash", regenerate_outputs=True))
        runs, bench.known = runs + 1, 1
        for _ in range(min(KILLS_PER_RUN, KILLS - kills)):
            pause = chance.uniform(0.0, 0.5)
            if chance.random() < 0.8:
                bench.taken(run)
            time.sleep(pause)
            if not kill_controllers(bench.session.config.root):
                break
            kills += 1
            taken = bench.session.view(run).state.number
            print(f"seed {SEED}, run {runs}, kill {kills}: after {pause:.3f} s, at journal entry {taken}")
            bench.known = taken
            bench.session.start_controller(run)
        check(bench, run, bench.finish(run))


def check(bench: Bench, run: str, view: RunView) -> None:
    assert view.state.status is RunStatus.SUCCEEDED, {key: one.reason for key, one in view.state.steps.items()}
    told = bench.told(run)
    assert told == {(what, key): 1 for what in ("start", "end") for key in NEEDS}, "each step ran once"
    contents = {}
    for key, one in view.state.steps.items():
        assert one.status is StepStatus.SUCCEEDED
        commit = records.committed(bench.session.store, TaskId(run, key))
        assert commit is not None
        assert (commit.attempt, commit.outputs) == (one.attempt, one.outputs)
        contents[key] = bench.session.store.get(one.outputs["out"].key).decode()
    assert contents["f"] == "ab+ac+adef"
    committed = [
        event.key
        for entry in journal.read(bench.session.store, run)
        for event in entry.events
        if isinstance(event, StepSucceeded)
    ]
    assert sorted(committed) == sorted(NEEDS)
    deadline = time.monotonic() + 5
    while list(controllers(bench.session.config.root)) and time.monotonic() < deadline:
        reap()
        time.sleep(0.05)
    assert not (bench.session.config.folder / "work" / run).exists()
    assert step_run_id(run, "a") in bench.ledger.read_text()


def reap() -> None:
    """Let ended children go."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return
