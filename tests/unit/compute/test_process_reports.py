from __future__ import annotations

from pathlib import Path
from typing import cast

from runner.compute.process.ending import REPORTS, Attempt, Conclusion
from runner.compute.process.files import AttemptFiles
from runner.compute.process.staging import LocalStaging
from runner.errors import StoreError
from runner.model.observation import Observation, Phase
from runner.override import override
from tests.support import builders as b
from tests.support.memory_store import MemoryStore


class Counted(Conclusion):
    """Counts how often reports are stored; each time takes `takes` seconds of `now`."""

    now, kept, takes = 0.0, 0, 0.0
    fails = False

    @override
    def keep_reports(self, attempt: Attempt) -> None:  # noqa: ARG002 - it is counted only
        Counted.kept += 1
        Counted.now += Counted.takes
        if Counted.fails:
            raise StoreError("full")

    @override
    def _take_up(self, attempt: Attempt) -> None:  # noqa: ARG002 - nobody calls it
        raise AssertionError


def kept_in(seconds: int, phase: Phase = Phase.RUNNING, takes: float = 0.0, *, fails: bool = False) -> int:
    """Return how often reports are stored if somebody looks each second."""
    Counted.now, Counted.kept, Counted.takes, Counted.fails = 100.0, 0, takes, fails
    conclusion = Counted(store=MemoryStore(), data=cast("LocalStaging", None))
    seen = Observation(phase=phase, uid="u")
    attempt = Attempt(task=b.task(), files=AttemptFiles(Path("x")), observation=seen, begun=0.0, staged=0.0)
    for second in range(seconds):
        Counted.now = max(Counted.now, 100.0 + second)
        conclusion.keep_due_reports(attempt, lambda: Counted.now)
    return Counted.kept


def test_reports_of_a_running_script_are_stored_every_few_seconds() -> None:
    assert kept_in(31) == 1 + 30 // REPORTS


def test_an_attempt_that_does_not_run_has_nothing_to_store() -> None:
    assert kept_in(30, Phase.PENDING) == kept_in(30, Phase.SUCCEEDED) == 0


def test_slow_storing_takes_a_small_part_of_the_time() -> None:
    assert kept_in(100, takes=1.0) == 2


def test_a_store_that_fails_is_asked_again() -> None:
    assert kept_in(31, fails=True) == kept_in(31)
