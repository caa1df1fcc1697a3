"""Adoption of orphans among this process's descendants, so that none leaves its tree."""

from __future__ import annotations

import os
import sys

_PR_SET_CHILD_SUBREAPER = 36
"""https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html"""


def adopt(*, wanted: bool = True) -> bool:
    """Become the parent of every descendant whose own parent ends, or stop doing so.

    A process adopts orphans from the very moment in which their parent ends, even if they have changed their session,
    environment or working directory. A process with ID 1 adopts them anyway.

    Args:
        wanted: True to adopt from now on, False to stop.

    Returns:
        True if orphans are adopted; False where the system cannot (macOS).
    """
    if os.getpid() == 1:
        return True
    if sys.platform != "linux":
        return False
    try:
        import ctypes  # the standard library offers the call in no other way; it is slow to load

        set_it = ctypes.CDLL(None).prctl
    except (ImportError, OSError, AttributeError):  # a Python or C library without it
        return False
    arguments = (ctypes.c_ulong(value) for value in (int(wanted), 0, 0, 0))
    return set_it(_PR_SET_CHILD_SUBREAPER, *arguments) == 0 and wanted
