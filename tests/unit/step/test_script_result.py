from __future__ import annotations

import pytest

from runner.model.record import Failure
from runner.step.script_process import ScriptExit
from runner.step.script_result import ScriptResult, script_result

GIB = 1024**3
MORE = "set memory to 2Gi, or --retry-oom 2"
MAIN = "OOMKilled: peaked at 1.0 GiB of 1 GiB"
CHILD = f"{MAIN}; a process it started was killed for want of memory"


@pytest.mark.parametrize(
    ("script_exit", "said"),
    [
        (ScriptExit(exit_code=0), ScriptResult(None)),
        (ScriptExit(exit_code=3), ScriptResult(Failure.USER, "the script ended with exit code 3")),
        (ScriptExit(exit_code=137, oom_kills=1, peak_memory=GIB), ScriptResult(Failure.OOM, MAIN, MORE)),
        (ScriptExit(exit_code=1, oom_kills=1, peak_memory=GIB), ScriptResult(Failure.OOM, CHILD, MORE)),
        (
            ScriptExit(exit_code=0, oom_kills=2, peak_memory=GIB),
            ScriptResult(None, warnings=(f"{CHILD}, and the script went on; {MORE}",)),
        ),
    ],
)
def test_whose_failure_it_was(script_exit: ScriptExit, said: ScriptResult) -> None:
    assert script_result(script_exit, "1Gi") == said


@pytest.mark.parametrize("code", [0, 1, 137, 143])
def test_told_to_stop_is_no_success_and_not_the_scripts(code: int) -> None:
    """Also with 0: many a script saves what it has and goes."""
    script_exit = ScriptExit(exit_code=code, terminated=True, oom_kills=1, peak_memory=GIB)
    assert script_result(script_exit, "1Gi").failure is Failure.LOST
    assert script_result(script_exit, "1Gi", canceled=True).failure is Failure.CANCELED


def test_the_exception_is_named() -> None:
    tail = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: no rows'
    assert (
        script_result(ScriptExit(exit_code=1), "1Gi", tail).reason
        == "the script ended with exit code 1: ValueError: no rows"
    )
