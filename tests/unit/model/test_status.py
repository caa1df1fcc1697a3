from __future__ import annotations

from itertools import product

import pytest

from runner.errors import IllegalTransition
from runner.model.status import (
    DELIVERED,
    RUN_ENDS,
    RUN_TRANSITIONS,
    STEP_ENDS,
    TRANSITIONS,
    RunStatus,
    StepStatus,
    check_run,
    check_step,
)


@pytest.mark.parametrize(("old", "new"), list(product(StepStatus, StepStatus)))
def test_every_move_of_a_step_is_in_the_table_or_refused(old: StepStatus, new: StepStatus) -> None:
    if new in TRANSITIONS[old]:
        check_step(old, new, "a")
    else:
        with pytest.raises(IllegalTransition, match=f"step a: {old.value} → {new.value}"):
            check_step(old, new, "a")


@pytest.mark.parametrize(("old", "new"), list(product(RunStatus, RunStatus)))
def test_every_move_of_a_run_is_in_the_table_or_refused(old: RunStatus, new: RunStatus) -> None:
    if new in RUN_TRANSITIONS[old]:
        check_run(old, new)
    else:
        with pytest.raises(IllegalTransition, match=f"run: {old.value} → {new.value}"):
            check_run(old, new)


def test_the_tables_know_every_status() -> None:
    assert set(TRANSITIONS) == set(StepStatus)
    assert set(RUN_TRANSITIONS) == set(RunStatus)


def test_ends() -> None:
    assert {status.value for status in STEP_ENDS} == {"succeeded", "failed", "canceled", "skipped", "reused"}
    assert {status.value for status in RUN_ENDS} == {"succeeded", "failed", "canceled"}
    assert DELIVERED < STEP_ENDS


def test_every_status_can_be_reached() -> None:
    assert set().union(*TRANSITIONS.values()) == set(StepStatus)
    assert set().union(*RUN_TRANSITIONS.values()) | {RunStatus.RUNNING} == set(RunStatus)
