"""The exit codes of `runner`."""

from __future__ import annotations

DONE = 0
FAILED = 1
"""A step failed, a run was canceled, or something else is not as it should be."""
BAD_INPUT = 2
"""Nothing was started."""
INTERRUPTED = 130
"""By Ctrl-C: 128 + SIGINT, as shells have it."""
