"""The end of a controller's process: what still makes something for its run, which has ended, ends with it."""

from __future__ import annotations

import os
import signal
import threading
import time

_GRACE = 1.0
"""Seconds for what is about to end by itself."""
_TIDYING = 3.0
"""Seconds for programs to remove their temporary files."""


def end_with_the_run() -> None:
    """End the programs that make an environment nobody waits for any more, and this process with them.

    A run that was canceled, or has failed elsewhere, leaves them behind: pip, or a build. They are of this process's
    group, which is a controller's own; whatever they leave half-made is made anew.
    """
    if _idle(_GRACE) or os.getpgrp() != os.getpid():
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.killpg(0, signal.SIGINT)
    if not _idle(_TIDYING):
        os.killpg(0, signal.SIGKILL)


def _idle(seconds: float) -> bool:
    """Whether no thread that would keep this process alive runs within so many seconds."""
    deadline = time.monotonic() + seconds
    working = [
        thread for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon
    ]
    for thread in working:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in working)
