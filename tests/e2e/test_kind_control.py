"""Who drives a run, who ends it, and what the namespace admits."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.model import events as e
from runner.model.record import Failure
from runner.model.resources import Resources
from runner.model.status import RunStatus, StepStatus
from tests.support.kind_cluster import KindCluster
from tests.support.kind_faults import FaultBench, fault_bench
from tests.support.kind_hands import Hands
from tests.support.kind_runs import REPOSITORY, finished, patiently

pytestmark = pytest.mark.kind
ELSEWHERE = "another-machine"
STOPPED_FOR = float(os.environ.get("RUNNER_TEST_STOPPED", "0"))
"""Seconds that the first controller stays stopped at the least; its silence of 20 s is waited for in any case."""


def _note(text: str) -> None:
    sys.stderr.write(f"\n    {text}")


@pytest.fixture
def bench(kind_cluster: KindCluster, tmp_path: Path) -> Iterator[FaultBench]:
    with fault_bench(kind_cluster, tmp_path / "desk") as one:
        yield one


@pytest.fixture
def hands(kind_cluster: KindCluster) -> Hands:
    return Hands(kind_cluster)


@pytest.mark.all_data
def test_a_controller_that_was_stopped_leaves_the_run_to_the_one_that_took_it(
    bench: FaultBench, tmp_path: Path
) -> None:
    run = bench.submit(bench.step("first", "waits"), bench.step("second", "waits", "first"))
    bench.await_executions("first")
    pid, stopped = bench.desk.view(run).state.pid, time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    bench.ledger.release("first")

    # Another machine: its own folder, and a host name of its own.
    there = bench.desk.moved(tmp_path / "elsewhere", bench.desk.variables).configure()
    site = there.write("site/sitecustomize.py", f"import socket\nsocket.gethostname = lambda: {ELSEWHERE!r}\n").parent
    there = replace(there, variables={"PYTHONPATH": f"{site}{os.pathsep}{REPOSITORY}"})
    host = socket.gethostname()
    patiently(lambda: "silent since" in there.runner("status", run, "--target", "kind").text, "silence told", 60, 2)
    begun = time.monotonic()
    resumed = there.start("resume", run, "--target", "kind")
    bench.await_executions("second")
    time.sleep(max(0.0, STOPPED_FOR - (time.monotonic() - stopped)))
    os.kill(pid, signal.SIGCONT)
    awake = time.monotonic()

    words = f"run {run} is now driven by {ELSEWHERE}"
    patiently(lambda: words in bench.desk.controller_log(run), words, 30)
    _note(f"stopped for {awake - stopped:.0f} s; gave up {time.monotonic() - awake:.1f} s after it went on")
    patiently(lambda: not _lives(pid), "the first controller's end", 30)
    bench.ledger.release("second")
    done = finished(resumed, begun).ok()
    assert f"its controller on {host} has been silent" in done.out
    bench.check_end(run, RunStatus.SUCCEEDED)
    assert bench.ledger.count() == {"first": 1, "second": 1}
    assert len(bench.desk.uids(run)) == 2, "as many Jobs as steps"


def _lives(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.all_data
def test_cancel_ends_a_script_that_will_not_hear_of_it(bench: FaultBench) -> None:
    run = bench.submit(bench.step("deaf", "deaf"), bench.step("after", "waits", "deaf"))
    bench.await_executions("deaf")
    begun = time.time()
    bench.desk.runner("cancel", run, "--target", "kind").ok()
    bench.await_end(run, 90)
    _note(f"canceled within {time.time() - begun:.1f} s, though its script ignores SIGTERM")
    bench.check_end(run, RunStatus.CANCELED)
    states = {key: step.status for key, step in bench.desk.view(run).state.steps.items()}
    assert states == {"deaf-1": StepStatus.CANCELED, "after-1": StepStatus.CANCELED}
    assert bench.ledger.count() == {"deaf": 1}


def test_a_quota_makes_a_step_wait_or_fail_and_says_so(bench: FaultBench, hands: Hands) -> None:
    with hands.quota(**{"requests.cpu": "150m"}):
        begun = time.time()
        run = bench.submit(bench.step("one", "waits"), bench.step("big", "waits", resources=Resources(cpu="200m")))
        bench.await_executions("one")
        late = bench.submit(bench.step("two", "waits"))
        reason = bench.await_reason(late, "two", "quota")
        _note(f"waits: {reason}")
        reason = bench.await_reason(run, "big", "quota")
        _note(f"never: told {bench.told_at(run, 'big', e.StepFailed) - begun:.1f} s after submit: {reason}")
        bench.ledger.release("one")
        begun = time.time()
        bench.await_executions("two")
        _note(f"admitted {time.time() - begun:.1f} s after there was room")
    bench.ledger.release("two")
    for each in (run, late):
        bench.await_end(each)
    assert bench.state(run, "big").failure is Failure.REFUSED
    bench.check_end(run, RunStatus.FAILED)
    bench.check_end(late, RunStatus.SUCCEEDED)
