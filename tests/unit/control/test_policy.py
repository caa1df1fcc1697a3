"""Which endings get another attempt."""

from __future__ import annotations

import pytest

from runner.control.policy import MAX_LOSSES, may_retry
from runner.model import events as e
from runner.model.record import Failure
from runner.model.state import StepState
from tests.support import builders as b


@pytest.mark.parametrize(
    ("failure", "losses", "again"),
    [
        (Failure.LOST, 0, True),
        (Failure.STORE, MAX_LOSSES - 1, True),
        (Failure.LOST, MAX_LOSSES, False),
        (Failure.USER, 0, False),
        (Failure.OOM, 0, False),
        (Failure.UNSTARTED, MAX_LOSSES, True),
    ],
)
def test_may_retry(failure: Failure, losses: int, again: bool) -> None:
    assert may_retry(StepState(losses=losses), failure) is again


def test_an_attempt_that_never_began_is_no_loss() -> None:
    """However often controllers are killed before they have started it."""
    plan, events = b.plan(b.step("a")), list[e.Event]()
    for attempt in range(1, 9):
        events += [b.started("a", attempt), e.TaskLost("a", attempt, Failure.UNSTARTED, "its controller ended")]
    assert b.state(plan, *events).steps["a"].losses == 0
