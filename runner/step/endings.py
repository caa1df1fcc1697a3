"""From how a process ended to whose failure it was (pure)."""

from __future__ import annotations

from ..model.exits import exit_words
from ..model.record import Failure
from .child import Ending


def verdict(ending: Ending, memory_limit: str) -> tuple[Failure | None, str]:
    """The failure's class and one line about it; (None, "") for success."""
    if ending.exit_code == 0:
        return None, ""
    if ending.terminated:
        return Failure.LOST, "its pod was told to stop (evicted, preempted or deleted)"
    if ending.oom:
        return Failure.OOM, f"OOMKilled: the limit is {memory_limit}; raise the step's memory_limit"
    return Failure.USER, exit_words(ending.exit_code)
