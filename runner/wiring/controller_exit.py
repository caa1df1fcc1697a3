"""The end of a controller's process: programs that still work for the ended run are ended with it."""

from __future__ import annotations

import os
import signal
import threading
import time

_GRACE = 1.0
"""Seconds for what is about to end by itself."""
_TIDYING = 3.0
"""Seconds for programs to remove their temporary files."""


def exit_with_children() -> None:
    """End the programs that still make an environment for the ended run, and this process with them.

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
    """Return True if all threads that keep this process alive end within so many seconds."""
    deadline = time.monotonic() + seconds
    working = [
        thread for thread in threading.enumerate() if thread is not threading.main_thread() and not thread.daemon
    ]
    for thread in working:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in working)
