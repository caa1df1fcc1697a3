"""The class of a script's failure, from the end of its process (pure)."""

from __future__ import annotations

from dataclasses import replace

from ..data.program_end import ProgramEnd
from ..dataclass import dataclass
from ..model.exits import KILLED, exit_words
from ..model.memory import more_memory, oom_reason
from ..model.record import Failure
from .script_process import ScriptExit

POD_STOPPED = "its pod received SIGTERM (evicted, preempted or deleted)"


@dataclass(frozen=True)
class ScriptResult:
    """The result of a script."""

    failure: Failure | None
    """The class of the failure. None: success."""
    reason: str = ""
    remedy: str = ""
    warnings: tuple[str, ...] = ()


def script_result(
    script_exit: ScriptExit, memory_limit: str, tail: str = "", *, canceled: bool = False
) -> ScriptResult:
    """Return the failure's class, reason and remedy. `canceled`: the run was canceled before the script ended.

    After SIGTERM a script may end with 0 although it has not finished: it has saved what it could.
    """
    if script_exit.terminated:
        return stopped(canceled=canceled)
    if script_exit.exit_code == 0:
        return ScriptResult(None, warnings=_lost_workers(script_exit, memory_limit))
    if script_exit.oom_kills:
        child = script_exit.exit_code != KILLED
        reason = oom_reason(memory_limit, script_exit.peak_memory, child=child)
        return ScriptResult(Failure.OOM, reason, more_memory(memory_limit))
    return ScriptResult(Failure.USER, exit_words(script_exit.exit_code, tail))


def result_in_words(result: ScriptResult, end: ProgramEnd) -> ScriptResult:
    """Return the result of a gang's program, in the words that it has left.

    Args:
        result: The result as it follows from the program's exit code.
        end: The words.

    """
    if result.failure is not Failure.USER:
        return result
    return replace(result, failure=Failure.LOST if end.lost else Failure.USER, reason=end.reason)


def stopped(*, canceled: bool) -> ScriptResult:
    """Return the result of an attempt whose pod received SIGTERM.

    Only the cluster knows the cause, unless it was a cancel.
    """
    return (
        ScriptResult(Failure.CANCELED, "the run was canceled") if canceled else ScriptResult(Failure.LOST, POD_STOPPED)
    )


def _lost_workers(script_exit: ScriptExit, memory_limit: str) -> tuple[str, ...]:
    if not script_exit.oom_kills:
        return ()
    reason = oom_reason(memory_limit, script_exit.peak_memory, child=True)
    return (f"{reason}, and the script went on; {more_memory(memory_limit)}",)
