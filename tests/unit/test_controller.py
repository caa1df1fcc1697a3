from __future__ import annotations

from dataclasses import dataclass, field
from typing import cast

import pytest

from runner.controller import drive, patiently
from runner.errors import StoreDenied, StoreError, StoreUnreachable
from runner.model import events as e
from runner.model.status import RunStatus
from runner.operations.values import RunView
from runner.runs import head
from runner.wiring import OpenWorkspace
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


@dataclass
class Trouble:
    """Answers after as many errors as it is given."""

    errors: list[StoreError]
    asked: int = 0

    def __call__(self) -> str:
        self.asked += 1
        if self.errors:
            raise self.errors.pop(0)
        return "here"


def test_a_store_that_does_not_answer_is_asked_again() -> None:
    trouble = Trouble([StoreUnreachable("no answer"), StoreUnreachable("no answer")])
    assert patiently(trouble, (0.0, 0.0)) == "here"
    assert trouble.asked == 3


@pytest.mark.parametrize(("error", "asked"), [(StoreUnreachable, 3), (StoreDenied, 1)])
def test_not_for_ever_and_not_after_a_refusal(error: type[StoreError], asked: int) -> None:
    trouble = Trouble([error("no")] * 9)
    with pytest.raises(error):
        patiently(trouble, (0.0, 0.0))
    assert trouble.asked == asked


@dataclass
class Desk:
    """As much of an open workspace as a run that has ended needs."""

    known: RunView
    store: MemoryStore = field(default_factory=MemoryStore)

    def view(self, _run: str) -> RunView:
        return self.known


def test_the_head_of_a_run_that_has_ended_is_corrected() -> None:
    plan = b.plan(b.step("a"))
    over = b.state(plan, b.started("a"), b.succeeded("a"), e.RunEnded(RunStatus.SUCCEEDED))
    desk = Desk(RunView(over, plan))
    head.write(desk.store, b.state(plan), b.at(1))
    assert drive(cast("OpenWorkspace", desk), b.RUN) is over
    shown = head.read(desk.store, b.RUN)
    assert shown is not None
    assert shown.status is RunStatus.SUCCEEDED
