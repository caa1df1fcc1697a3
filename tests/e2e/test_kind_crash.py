"""The controller of a run on kind is killed by SIGKILL at six instants, and ``runner resume`` goes on.

Each script enters itself in a ledger that runner knows nothing of: a bucket of its own.
"""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.model import events as e
from runner.model.status import RunStatus, StepStatus
from tests.support.gated_store import Gate, gated_store
from tests.support.kind_cluster import KindCluster
from tests.support.kind_ledger import Ledger, open_ledger
from tests.support.kind_runs import IMAGE, Namespace, RunContext, a_desk, finished, name_of, patiently

pytestmark = pytest.mark.kind

ENTER = """
import sys, time, urllib.request, uuid

name, ledger, out = sys.argv[1:]
urllib.request.urlopen(urllib.request.Request(f"{ledger}/{name}/{uuid.uuid4()}", data=b"ran", method="PUT"))
time.sleep(3)
with open(out, "w") as file:
    file.write(name)
"""
DRIVER = """
data, more = PipelineData("data"), PipelineData("more")
{config}
submit(
    step("first", "enter.py", config, arguments=["first", "{ledger}", data], outputs=[data]),
    step("second", "enter.py", config, arguments=["second", "{ledger}", more], inputs=[data], outputs=[more]),
)
"""
BUILD_SECONDS = 6


@pytest.fixture
def ledger(kind_cluster: KindCluster) -> Iterator[Ledger]:
    with open_ledger(kind_cluster) as one:
        yield one


@pytest.fixture
def gate(kind_cluster: KindCluster) -> Iterator[Gate]:
    with gated_store(kind_cluster.endpoint) as one:
        yield one


@pytest.fixture
def desk(tmp_path: Path, kind_cluster: KindCluster, gate: Gate) -> Iterator[RunContext]:
    one = a_desk(tmp_path, kind_cluster).configure(store={"endpoint": gate.endpoint})
    yield one
    one.delete()


def _journals(event: str) -> Callable[[str, bytes], bool]:
    return lambda path, body: "/journal/" in path and f'"{event}"'.encode() in body


def _assigns_second(path: str, _body: bytes) -> bool:
    return path.endswith("/second-1/assignment-1.json")


def _assigns_first_again(path: str, _body: bytes) -> bool:
    return path.endswith("/first-1/assignment-2.json")


HELD = {
    "Job create": _journals("AttemptStarted"),
    "commit": _journals("StepSucceeded"),
    "between steps": _assigns_second,
    "before a retry": _assigns_first_again,
}
"""Instants between two effects: after the first, before the request that is held here."""
INSTANTS = ("image build", *HELD, "step running")
BY_DEFAULT = ("Job create", "between steps")
"""The others take half a minute each. Fakes try every instant: tests/scenario/test_crash_anywhere.py."""


def _config(instant: str) -> str:
    build = f"FROM {IMAGE}\\nRUN echo {secrets.token_hex(8)} && sleep {BUILD_SECONDS}\\n"
    made = f'Environment.from_dockerfile("built", "{build}")' if instant == "image build" else "ready.environment"
    return f"config = RunConfiguration()\nconfig.environment = {made}"


def _await_instant(desk: RunContext, gate: Gate, run: str, instant: str) -> None:
    if instant in HELD:
        assert gate.held.wait(90), f"{instant} never came"
    elif instant == "step running":
        patiently(lambda: desk.view(run).state.steps["first-1"].status is StepStatus.RUNNING, instant, 60)
    else:
        patiently(lambda: f"sleep {BUILD_SECONDS}" in desk.controller_log(run), instant, 90)


def _kill_first_pod(namespace: Namespace, ledger: Ledger, run: str) -> None:
    patiently(ledger.count, "an execution", 60)
    (pod,) = namespace.pods(run)
    namespace.kill_pod(name_of(pod))


def _kill_controller(desk: RunContext, run: str) -> None:
    pid = patiently(lambda: desk.view(run).state.pid, "a controller")
    os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "instant", [pytest.param(one, marks=[] if one in BY_DEFAULT else [pytest.mark.all_data]) for one in INSTANTS]
)
def test_every_step_runs_once_though_the_controller_is_killed(
    desk: RunContext, gate: Gate, ledger: Ledger, kind_cluster: KindCluster, instant: str
) -> None:
    desk.driver(DRIVER.format(ledger=ledger.url, config=_config(instant)), enter=ENTER)
    gate.hold(HELD.get(instant, lambda _path, _body: False))
    process = desk.start("run", "driver.py", "--target", "kind")
    run = desk.await_run(process)
    namespace, attempts = Namespace(kind_cluster), [1, 1]
    if instant == "before a retry":
        _kill_first_pod(namespace, ledger, run)
        attempts = [2, 1]
    _await_instant(desk, gate, run, instant)
    _kill_controller(desk, run)
    gate.open()

    left = finished(process, time.monotonic(), 60)
    assert left.code == 1, left.text
    assert "runner resume" in left.err, left.text
    before = desk.events(run)
    assert not any(isinstance(event, e.RunEnded) for event in before)
    done = desk.runner("resume", "--target", "kind").ok()
    print(f"{instant}: killed after {len(before)} events, resumed and ended in {done.seconds:.1f} s")

    state, uids = desk.view(run).state, desk.uids(run)
    assert state.status is RunStatus.SUCCEEDED
    assert [step.attempt for step in state.steps.values()] == attempts
    assert ledger.count() == dict(zip(("first", "second"), attempts, strict=True))
    assert len(uids) == len(set(uids)) == sum(attempts)
    assert namespace.pods_made(uids) == dict.fromkeys(uids, 1)
    namespace.empties_of(run)
