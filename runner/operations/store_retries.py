"""Retries of reads while the store is unreachable: the run goes on, so its viewer waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ..errors import StoreUnreachable

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""The longest pause between two attempts, in seconds; the pause doubles from the first to the longest."""
ANSWERS = "the store answers again"
T = TypeVar("T")


def until_answered(
    ask: Callable[[], T],
    report: Callable[[str], None],
    *,
    give_up: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call `ask` until the store answers.

    Args:
        ask: Reads from the store; it may be called again after StoreUnreachable.
        report: Gets one line when the store does not answer, and one when it does again.
        give_up: Asked after each failure; when it returns True, the failure is raised. Default: never.
        sleep: Waits for a number of seconds.

    Returns:
        The answer of `ask`.

    Raises:
        StoreUnreachable: `give_up` returned True.
    """
    pause = FIRST_PAUSE
    while True:
        try:
            answer = ask()
        except StoreUnreachable as error:
            if give_up():
                raise
            if pause == FIRST_PAUSE:
                report(f"the store does not answer; a run that has begun goes on, and this command waits: {error}")
            sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            if pause != FIRST_PAUSE:
                report(ANSWERS)
            return answer
