"""Runs on a kind cluster whose steps are made to fail, and what must hold at the end of each of them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from runner.model import events as e
from runner.model.environment import EnvironmentSpec, NamedEnvironment
from runner.model.plan import Plan
from runner.model.policy import StepPolicy
from runner.model.state import StepState
from runner.model.status import RunStatus, StepStatus
from runner.model.step import Interpreter, OutputPath, OutputSpec, StepSpec
from runner.model.task import TaskId
from runner.operations.values import Request
from runner.runs import journal, records
from runner.wiring import open_session
from tests.support.kind_cluster import KindCluster
from tests.support.kind_ledger import Ledger, open_ledger
from tests.support.kind_runs import IMAGE, Namespace, RunContext, a_desk, name_of, patiently

SCRIPT = """\
import os, signal, subprocess, sys, time, urllib.error, urllib.request, uuid

key, what, out = sys.argv[1:4]
ledger = os.environ["LEDGER"]
urllib.request.urlopen(urllib.request.Request(f"{ledger}/{key}/{uuid.uuid4()}", data=b"ran", method="PUT"))
GROW = "held = [bytearray(8 << 20) for _ in range(%s)]; print('held', len(held))"


def released():
    try:
        return urllib.request.urlopen(f"{ledger}/released/{key}", timeout=5).status == 200
    except (OSError, urllib.error.URLError):
        return False


print("doing", what, flush=True)
if what == "waits":
    while not released():
        time.sleep(0.2)
elif what == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(1)
elif what == "grows":
    exec(GROW % 12)
elif what == "grows-a-child":
    subprocess.run([sys.executable, "-c", GROW % 12], check=True)
elif what == "fills":
    with open(out + ".partial", "wb") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
with open(out, "wb") as file:
    file.write(key.encode() * 100_000)
"""
QUICK = StepPolicy(backoff=0.2)
"""No long pause before another attempt."""


@dataclass
class FaultBench:
    """A desk, and a ledger in which each execution enters itself."""

    desk: RunContext
    ledger: Ledger
    namespace: Namespace
    runs: set[str] = field(default_factory=set)
    resumed: set[str] = field(default_factory=set)
    """The uids of Jobs that were suspended and resumed, and so had two pods."""

    def submit(self, *steps: StepSpec) -> str:
        """Start a run of these steps; its id."""
        self.desk.write("code/work.py", SCRIPT)
        names = {step.environment for step in steps}
        plan = Plan(
            steps=steps,
            environments={name: NamedEnvironment(name, EnvironmentSpec(image=name, ready=True)) for name in names},
        )
        with patch.dict(os.environ, self.desk.environ):
            session = open_session(self.desk.folder, "kind")
            run = session.submit(
                plan, Request(experiment="faults", continue_on_step_failure=True, regenerate_outputs=True)
            )
        self.runs.add(run)
        return run

    def step(self, key: str, what: str, *after: str, image: str = IMAGE, **changes: object) -> StepSpec:
        """A step ``<key>-1`` that does what `SCRIPT` says."""
        made: dict[str, object] = {
            "source": str(self.desk.folder / "code"),
            "script": "work.py",
            "outputs": (OutputSpec(name="out"),),
            "variables": {"LEDGER": self.ledger.url},
            "after": tuple(f"{one}-1" for one in after),
            "policy": QUICK,
        }
        command = (Interpreter(), "work.py", key, what, OutputPath("out"))
        return StepSpec(key=f"{key}-1", name=key, command=command, environment=image, compute="c", **(made | changes))  # type: ignore[arg-type]  # by name

    def state(self, run: str, key: str) -> StepState:
        return self.desk.view(run).state.steps[f"{key}-1"]

    def await_executions(self, key: str, many: int = 1, seconds: float = 90) -> float:
        """Wait until the step's script has begun so often; the time then."""
        patiently(lambda: self.ledger.count().get(key, 0) >= many, f"execution {many} of {key}", seconds, 0.2)
        return time.time()

    def await_reason(self, run: str, key: str, words: str, seconds: float = 60) -> str:
        """The reason that the journal has for the step, once it says `words`."""

        def said() -> str:
            reasons = [str(reason) for event in self.of_step(run, key) if (reason := getattr(event, "reason", ""))]
            return next((reason for reason in reasons if re.search(words, reason)), "")

        try:
            return patiently(said, f"{words!r} of {key}", seconds, 0.2)
        except AssertionError:
            raise AssertionError(f"{key} is never told {words!r}: {self.of_step(run, key)}") from None

    def of_step(self, run: str, key: str) -> list[e.Event]:
        """The journal's events of one step."""
        return [event for event in self.desk.events(run) if getattr(event, "key", "") == f"{key}-1"]

    def told_at(self, run: str, key: str, kind: type[e.Event]) -> float:
        """When the journal first told such an event of the step, once it has."""

        def found() -> float:
            entries = journal.read(self.desk.store, run)
            reported = (entry.time.timestamp() for entry in entries if any(_is(one, kind, key) for one in entry.events))
            return next(reported, 0.0)

        return patiently(found, f"{kind.__name__} of {key}", 60, 0.2)

    def pod_of(self, run: str, key: str, attempt: int = 1) -> str:
        """The name of the attempt's pod, once there is one."""
        labels = f"runner/run={run},runner/step={key}-1,runner/attempt={attempt}"
        return name_of(patiently(lambda: self.namespace.items("pods", labels), f"a pod of {key}", 60)[0])

    def await_end(self, run: str, seconds: float = 120) -> None:
        try:
            patiently(lambda: self.desk.view(run).state.over, f"the end of run {run}", seconds, 0.5)
        except AssertionError as error:
            raise AssertionError(f"{error}; last events: {self.desk.events(run)[-6:]}") from None

    def check_end(self, run: str, status: RunStatus) -> None:
        """What must hold at the end of every run, whatever has befallen it."""
        state, events = self.desk.view(run).state, self.desk.events(run)
        assert state.status is status, {key: (step.status, step.reason) for key, step in state.steps.items()}
        assert [isinstance(event, e.RunEnded) for event in events].count(True) == 1
        assert isinstance(events[-1], e.RunEnded), "a terminal run never goes on"
        for key, step in state.steps.items():
            self._check_commit(run, key, step)
        uids = self.desk.uids(run)
        assert len(uids) == len(set(uids)) == sum(step.attempt for step in state.steps.values())
        made = self.namespace.pods_made(uids)
        assert all(many <= 1 + (uid in self.resumed) for uid, many in made.items()), "no other Job made two pods"
        self.namespace.empties_of(run)
        self._check_words(run)

    def _check_commit(self, run: str, key: str, step: StepState) -> None:
        """Each step's outputs are committed once, or not at all; what is committed is there and whole."""
        store, reported = self.desk.store, [one for one in self.desk.events(run) if isinstance(one, e.StepSucceeded)]
        committed = records.committed(store, TaskId(run, key))
        assert (committed is not None) == (step.status is StepStatus.SUCCEEDED), (key, step.status)
        assert sum(one.key == key for one in reported) == (committed is not None)
        if committed is not None:
            assert committed.outputs == step.outputs
            name = key.removesuffix("-1")
            assert store.get(committed.outputs["out"].key) == name.encode() * 100_000

    def _check_words(self, run: str) -> None:
        """The user sees why each step failed, and what to do."""
        shown = _flat(self.desk.runner("status", run, "--target", "kind").ok().out)
        for key, step in self.desk.view(run).state.steps.items():
            if step.status is StepStatus.FAILED:
                assert step.reason, key
                assert _flat(step.reason) in shown, (key, step.reason, shown)
                assert _flat(step.remedy) in shown, (key, step.remedy, shown)

    def close(self) -> None:
        """Cancel what is left, and remove all."""
        open_ones = [run for run in self.runs if not self.desk.view(run).state.over]
        for run in open_ones:
            self.desk.runner("cancel", run, "--target", "kind")
        for run in open_ones:
            self.await_end(run)
        self.desk.delete()


def _is(event: e.Event, kind: type[e.Event], key: str) -> bool:
    return isinstance(event, kind) and getattr(event, "key", "") == f"{key}-1"


def _flat(text: str) -> str:
    """Without line breaks and what a table draws."""
    return re.sub(r"[\s│┃|]+", "", text)


@contextmanager
def fault_bench(cluster: KindCluster, folder: Path) -> Iterator[FaultBench]:
    """A bench whose desk has room for many steps at a time."""
    with open_ledger(cluster) as ledger:
        bench = FaultBench(a_desk(folder, cluster).configure(capacity=20), ledger, Namespace(cluster))
        try:
            yield bench
        finally:
            bench.close()
