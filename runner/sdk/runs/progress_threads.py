"""Threads that show runs while they go on: one per run.

A thread ends with its run, or when a waiter shows the run instead.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ...errors import RunnerError

_SECONDS = 1.0
_stops: dict[str, threading.Event] = {}


def follow(run_id: str, look: Callable[[], bool]) -> None:
    """Call a function every second until it returns False, in a thread. There is one thread per run.

    Args:
        run_id: The run's id.
        look: The function.

    """
    stop(run_id)
    ended = _stops[run_id] = threading.Event()
    threading.Thread(target=_loop, args=(ended, look), name=f"show-{run_id}", daemon=True).start()


def stop(run_id: str) -> None:
    """Stop the thread of a run.

    Args:
        run_id: The run's id.

    """
    ended = _stops.pop(run_id, None)
    if ended is not None:
        ended.set()


def _loop(ended: threading.Event, look: Callable[[], bool]) -> None:
    while not ended.wait(_SECONDS):
        try:
            if not look():
                return
        except RunnerError as error:
            print(f"the run is no longer shown: {error}")
            return
