from __future__ import annotations

import pytest

from runner.model.record import Failure
from runner.step.child import Ending
from runner.step.endings import Verdict, verdict

GIB = 1024**3
MORE = "set memory to 2Gi, or --retry-oom 2"
MAIN = "OOMKilled: peaked at 1.0 GiB of 1 GiB"
CHILD = f"{MAIN}; a process it started was killed for want of memory"


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        (Ending(0), Verdict(None)),
        (Ending(3), Verdict(Failure.USER, "the script ended with exit code 3")),
        (Ending(137, oom_kills=1, peak_memory=GIB), Verdict(Failure.OOM, MAIN, MORE)),
        (Ending(1, oom_kills=1, peak_memory=GIB), Verdict(Failure.OOM, CHILD, MORE)),
        (
            Ending(0, oom_kills=2, peak_memory=GIB),
            Verdict(None, warnings=(f"{CHILD}, and the script went on; {MORE}",)),
        ),
    ],
)
def test_whose_failure_it_was(ending: Ending, said: Verdict) -> None:
    assert verdict(ending, "1Gi") == said


@pytest.mark.parametrize("code", [0, 1, 137, 143])
def test_told_to_stop_is_no_success_and_not_the_scripts(code: int) -> None:
    """Also with 0: many a script saves what it has and goes."""
    ending = Ending(code, terminated=True, oom_kills=1, peak_memory=GIB)
    assert verdict(ending, "1Gi").failure is Failure.LOST
    assert verdict(ending, "1Gi", canceled=True).failure is Failure.CANCELED


def test_the_exception_is_named() -> None:
    tail = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: no rows'
    assert verdict(Ending(1), "1Gi", tail).reason == "the script ended with exit code 1: ValueError: no rows"
