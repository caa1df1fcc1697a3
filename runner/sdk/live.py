"""What shows runs while they go on: a thread for each, which ends with its run, or when a waiter shows it instead."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import RunnerError

_SECONDS = 1.0
_stops: dict[str, threading.Event] = {}


def follow(run_id: str, look: Callable[[], bool]) -> None:
    """Call `look` every second until it says that there is no more to see. One at a time per run."""
    stop(run_id)
    ended = _stops[run_id] = threading.Event()
    threading.Thread(target=_loop, args=(ended, look), name=f"show-{run_id}", daemon=True).start()


def stop(run_id: str) -> None:
    """Show the run no longer."""
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
