"""Reactions to SIGTERM. Kubernetes sends it, and SIGKILL after the pod's grace period (30 s by default).

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

OUTPUT_GRACE = 15.0
"""Seconds for the upload of outputs after SIGTERM: a day's work may need only a moment more."""


class Stopped(BaseException):
    """The pod received SIGTERM. It is no Exception, so that no handler on the way treats it as a failure of its own."""


def raise_on_sigterm() -> None:
    """Let SIGTERM raise `Stopped` from now on. A process with ID 1 would ignore it otherwise."""
    signal.signal(signal.SIGTERM, _raise)


def ignore_sigterm() -> None:
    """Ignore SIGTERM from now on: the rest takes a moment and must not be interrupted."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@contextmanager
def finish_in_grace(is_canceled: Callable[[], bool]) -> Iterator[None]:
    """Give the block `OUTPUT_GRACE` seconds after SIGTERM, or none if the run was canceled."""

    def ask() -> None:
        try:
            canceled = is_canceled()
        except RunnerError:
            return  # the store will not take the outputs either
        if canceled:
            os.kill(os.getpid(), signal.SIGALRM)

    def on_sigterm(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, _raise)
        signal.setitimer(signal.ITIMER_REAL, OUTPUT_GRACE)
        threading.Thread(target=ask, daemon=True).start()

    before = signal.signal(signal.SIGTERM, on_sigterm)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, before)


def _raise(_number: int, _frame: FrameType | None) -> None:
    raise Stopped
