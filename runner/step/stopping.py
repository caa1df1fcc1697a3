"""Being told to stop: Kubernetes sends SIGTERM, and SIGKILL when the pod's grace (30 s by default) is over.

https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from ..errors import RunnerError

LAST_CALL = 15.0
"""Seconds that outputs may still take once the pod was told to stop: a day's work may lack a moment."""


class Stopped(BaseException):
    """The pod was told to stop. No Exception, so that nothing on the way takes it for a failure of its own."""


def stop_at_once() -> None:
    """From here on SIGTERM raises `Stopped`; a process with id 1 would ignore it otherwise."""
    signal.signal(signal.SIGTERM, _raise)


def never_mind() -> None:
    """From here on SIGTERM is ignored: what is left to do takes a moment, and is better done whole."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextmanager
def last_call(is_canceled: Callable[[], bool]) -> Iterator[None]:
    """After SIGTERM what goes on in here has `LAST_CALL` seconds left; none if nobody wants its end any more."""

    def ask() -> None:
        try:
            canceled = is_canceled()
        except RunnerError:
            return  # the store will not take the outputs either
        if canceled:
            os.kill(os.getpid(), signal.SIGALRM)

    def told(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, _raise)
        signal.setitimer(signal.ITIMER_REAL, LAST_CALL)
        threading.Thread(target=ask, daemon=True).start()

    before = signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, before)


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise Stopped
