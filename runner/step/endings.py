"""From how a process ended to whose failure it was (pure)."""

from __future__ import annotations

from ..dataclass import dataclass
from ..model.exits import exit_words
from ..model.memory import more_memory, oom_reason
from ..model.record import Failure
from .child import Ending

TOLD_TO_STOP = "its pod was told to stop (evicted, preempted or deleted)"
_KILLED = 137


@dataclass(frozen=True)
class Verdict:
    """What is made of an ending."""

    failure: Failure | None
    """None: success."""
    reason: str = ""
    remedy: str = ""
    warnings: tuple[str, ...] = ()


def verdict(ending: Ending, memory_limit: str, tail: str = "", *, canceled: bool = False) -> Verdict:
    """The failure's class, one line about it and what to do. `canceled`: the run was, by the time it ended.

    Told to stop, a script may well end with 0: it has saved what it could, and has not done its work.
    """
    if ending.terminated:
        return stopped(canceled=canceled)
    if ending.exit_code == 0:
        return Verdict(None, warnings=_lost_workers(ending, memory_limit))
    if ending.oom_kills:
        child = ending.exit_code != _KILLED
        reason = oom_reason(memory_limit, ending.peak_memory, child=child)
        return Verdict(Failure.OOM, reason, more_memory(memory_limit))
    return Verdict(Failure.USER, exit_words(ending.exit_code, tail))


def stopped(*, canceled: bool) -> Verdict:
    """An attempt whose pod was told to stop: the cluster knows why, unless it was us."""
    return Verdict(Failure.CANCELED, "the run was canceled") if canceled else Verdict(Failure.LOST, TOLD_TO_STOP)


def _lost_workers(ending: Ending, memory_limit: str) -> tuple[str, ...]:
    if not ending.oom_kills:
        return ()
    reason = oom_reason(memory_limit, ending.peak_memory, child=True)
    return (f"{reason}, and the script went on; {more_memory(memory_limit)}",)
