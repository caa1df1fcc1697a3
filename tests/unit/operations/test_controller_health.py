from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runner.model.state import RunState
from runner.model.status import RunStatus
from runner.operations.controller_health import ControllerFacts, driver_of, is_detached, pod_host, why_stopped
from runner.runs.head import Head
from tests.support import sample_run as sample

DRIVEN = sample.view(8).state
NOW = DRIVEN.last or sample.BEGIN
LATE = NOW + timedelta(seconds=21)


def head(seconds: float, error: str = "", pid: int = 4711) -> Head:
    return Head(
        number=1, status=RunStatus.RUNNING, time=NOW + timedelta(seconds=seconds), host="vm", pid=pid, error=error
    )


def test_an_ended_run_needs_nobody() -> None:
    assert why_stopped(sample.view().state, ControllerFacts(None, LATE, process=False)) == ""


@pytest.mark.parametrize(
    "signs",
    [ControllerFacts(None, NOW), ControllerFacts(None, LATE, process=True), ControllerFacts(head(15), LATE)],
    ids=["wrote just now", "its process is there", "its head is fresh"],
)
def test_driven(signs: ControllerFacts) -> None:
    assert why_stopped(DRIVEN, signs) == ""


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        (ControllerFacts(None, NOW, process=False), "process 4711"),
        (ControllerFacts(head(0, "no permission"), NOW, process=False), "no permission"),
        (ControllerFacts(None, LATE), "silent since"),
        (ControllerFacts(head(0, "no permission"), LATE), "no permission"),
        (ControllerFacts(head(20, "of an earlier one", pid=1), LATE), "silent since"),
    ],
)
def test_not_driven(signs: ControllerFacts, said: str) -> None:
    assert said in why_stopped(DRIVEN, signs)


def test_a_run_that_no_controller_has_taken() -> None:
    fresh = RunState(run=sample.RUN, created=NOW, last=NOW)
    assert why_stopped(fresh, ControllerFacts(None, NOW)) == ""
    assert "no controller" in why_stopped(fresh, ControllerFacts(None, LATE))
    assert "ended before" in why_stopped(fresh, ControllerFacts(None, NOW, process=False))
    assert why_stopped(replace(fresh, created=None, last=None), ControllerFacts(None, NOW, process=True)) == ""


IN_A_POD = replace(DRIVEN, host=pod_host("ml", "controller-x-abcde"), pid=1)


@pytest.mark.parametrize(("seconds", "driven"), [(21, True), (119, True), (121, False)])
def test_a_pod_is_given_the_time_that_its_replacement_takes(seconds: float, *, driven: bool) -> None:
    why = why_stopped(IN_A_POD, ControllerFacts(None, NOW + timedelta(seconds=seconds)))
    assert (why == "") is driven
    assert driven or "its controller in pod ml/controller-x-abcde has been silent since" in why


def test_the_head_of_a_pod_is_its_sign_of_life() -> None:
    beat = Head(number=1, status=RunStatus.RUNNING, time=NOW + timedelta(seconds=100), host=IN_A_POD.host, pid=1)
    assert why_stopped(IN_A_POD, ControllerFacts(beat, NOW + timedelta(seconds=200))) == ""


def test_who_drives_a_run() -> None:
    assert driver_of(IN_A_POD) == "pod ml/controller-x-abcde"
    assert is_detached(IN_A_POD)
    assert driver_of(DRIVEN) == "process 4711 on vm"
    assert not is_detached(DRIVEN)
    assert driver_of(RunState(run=sample.RUN)) == ""
