"""An exception of an entry script in words: a reason in one line, and the traceback of the script's part."""

from __future__ import annotations

import contextlib
import sys
import traceback
from pathlib import Path
from typing import Any

_LONGEST = 4000
"""Bytes at the end of the error output in which the last line is looked for."""


class Unusable(Exception):
    """The entry script does not fit its step; the message tells all, so that no traceback is shown."""


class ErrorOutput:
    """The error output of this process since the last call of `mark`.

    Args:
        file: The file to which it goes.

    """

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        self._start = 0

    def mark(self) -> None:
        """Leave out what was written until now."""
        self._start = self._size()

    def last_line(self) -> str:
        """Return the last line with text; empty: there is none."""
        with contextlib.suppress(OSError, ValueError):  # the script may have closed it
            sys.stderr.flush()
        with contextlib.suppress(OSError), self._file.open("rb") as data:
            data.seek(max(self._start, self._size() - _LONGEST))
            lines = data.read().decode(errors="replace").strip().splitlines()
            return lines[-1].strip() if lines else ""
        return ""

    def _size(self) -> int:
        try:
            return self._file.stat().st_size
        except OSError:
            return 0


def words_of(error: BaseException, output: ErrorOutput, folder: str, own: str) -> tuple[str, str]:
    """Return the reason in one line and the traceback.

    A script that ends itself with a number (argparse does so) has told the reason in its error output before.

    Args:
        error: The exception.
        output: The error output of the call.
        folder: The folder with the entry script.
        own: The file of the module that calls the script; its frames are left out.
    """
    if isinstance(error, Unusable):
        return str(error), str(error)
    trace = _of_script(error.__traceback__, own)
    if isinstance(error, SystemExit) and not isinstance(error.code, str):
        code = 0 if error.code is None else error.code
        told = output.last_line()
        reason = f"SystemExit: {code}: {told}" if told else f"SystemExit: {code}"
        frames = traceback.extract_tb(trace)
        while len(frames) > 1 and not frames[-1].filename.startswith(folder):
            frames.pop()  # frames of the library that ended the script
        return reason, "".join(["Traceback (most recent call last):\n", *traceback.format_list(frames), reason])
    reason = "".join(traceback.format_exception_only(type(error), error)).strip()
    detail = "".join(traceback.format_exception(type(error), error, trace))
    return reason.splitlines()[-1] if reason else type(error).__name__, detail


def _of_script(trace: Any, own: str) -> Any:  # noqa: ANN401 - a traceback, or None
    """Return the part of a traceback that is not of a module: an error is the script's."""
    rest = trace
    while rest is not None and rest.tb_frame.f_code.co_filename == own:
        rest = rest.tb_next
    return rest or trace
