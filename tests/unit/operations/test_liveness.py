from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.state import RunState
from runner.model.status import RunStatus
from runner.operations.liveness import Signs, driver_of, is_detached, pod_host, process_exists, why_stopped
from runner.runs.head import Head
from tests.support import sample_run as sample

DRIVEN = sample.view(8).state
NOW = DRIVEN.last or sample.BEGIN
LATE = NOW + timedelta(seconds=21)


def head(seconds: float, error: str = "", pid: int = 4711) -> Head:
    return Head(1, RunStatus.RUNNING, NOW + timedelta(seconds=seconds), "vm", pid, error=error)


def test_an_ended_run_needs_nobody() -> None:
    assert why_stopped(sample.view().state, Signs(None, LATE, process=False)) == ""


@pytest.mark.parametrize(
    "signs",
    [Signs(None, NOW), Signs(None, LATE, process=True), Signs(head(15), LATE)],
    ids=["wrote just now", "its process is there", "its head is fresh"],
)
def test_driven(signs: Signs) -> None:
    assert why_stopped(DRIVEN, signs) == ""


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        (Signs(None, NOW, process=False), "process 4711"),
        (Signs(head(0, "no permission"), NOW, process=False), "no permission"),
        (Signs(None, LATE), "silent since"),
        (Signs(head(0, "no permission"), LATE), "no permission"),
        (Signs(head(20, "of an earlier one", pid=1), LATE), "silent since"),
    ],
)
def test_not_driven(signs: Signs, said: str) -> None:
    assert said in why_stopped(DRIVEN, signs)


def test_a_run_that_no_controller_has_taken() -> None:
    fresh = RunState(sample.RUN, created=NOW, last=NOW)
    assert why_stopped(fresh, Signs(None, NOW)) == ""
    assert "no controller" in why_stopped(fresh, Signs(None, LATE))
    assert "ended before" in why_stopped(fresh, Signs(None, NOW, process=False))
    assert why_stopped(replace(fresh, created=None, last=None), Signs(None, NOW, process=True)) == ""


def test_processes_are_told_apart_by_their_command_line() -> None:
    command = [sys.executable, "-c", "print(flush=True); input()", "the-mark"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert process_exists(process.pid, "the-mark")
        assert not process_exists(process.pid, "another-mark")
        process.kill()
        process.wait()
        assert not process_exists(process.pid, "the-mark")
    assert not process_exists(2**22 + 1, str(os.getpid()))


IN_A_POD = replace(DRIVEN, host=pod_host("ml", "controller-x-abcde"), pid=1)


@pytest.mark.parametrize(("seconds", "driven"), [(21, True), (119, True), (121, False)])
def test_a_pod_is_given_the_time_that_its_replacement_takes(seconds: float, *, driven: bool) -> None:
    why = why_stopped(IN_A_POD, Signs(None, NOW + timedelta(seconds=seconds)))
    assert (why == "") is driven
    assert driven or "its controller in pod ml/controller-x-abcde has been silent since" in why


def test_the_head_of_a_pod_is_its_sign_of_life() -> None:
    beat = Head(1, RunStatus.RUNNING, NOW + timedelta(seconds=100), IN_A_POD.host, 1)
    assert why_stopped(IN_A_POD, Signs(beat, NOW + timedelta(seconds=200))) == ""


def test_who_drives_a_run() -> None:
    assert driver_of(IN_A_POD) == "pod ml/controller-x-abcde"
    assert is_detached(IN_A_POD)
    assert driver_of(DRIVEN) == "process 4711 on vm"
    assert not is_detached(DRIVEN)
    assert driver_of(RunState(sample.RUN)) == ""
