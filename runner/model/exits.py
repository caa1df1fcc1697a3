"""Explain exit codes."""

from __future__ import annotations

import re

KILLED, STOPPED = 137, 143
"""SIGKILL and SIGTERM, as a shell reports them."""
_SIGNALS = {
    1: "SIGHUP",
    2: "SIGINT",
    3: "SIGQUIT",
    4: "SIGILL",
    6: "SIGABRT",
    7: "SIGBUS",
    8: "SIGFPE",
    9: "SIGKILL",
    11: "SIGSEGV",
    13: "SIGPIPE",
    15: "SIGTERM",
    24: "SIGXCPU",
    25: "SIGXFSZ",
    31: "SIGSYS",
}
"""Linux's signal numbers, on whatever machine they are read (signal(7))."""
_LAST_SIGNAL = 64
"""The highest signal number of Linux (SIGRTMAX, signal(7))."""
_HINTS = {
    4: "the processor does not know an instruction: a package built for another one",
    6: "a library gave up: see the last lines of its output",
    7: "a file in memory could not be read; often /dev/shm is full: raise the step's shm_size",
    9: "most often by the kernel because the machine ran out of memory",
    11: "a crash in compiled code",
    15: "somebody asked it to end",
}
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:: .+)?")
_LONGEST = 300
"""Most characters shown of an exception's message."""


def shell_code(code: int) -> int:
    """Return an exit code as a shell reports it: 128 + n for a process that signal n ended (POSIX sh, 2.8.2).

    Args:
        code: The exit code, or minus the number of the signal (`subprocess.Popen.returncode`).

    """
    return code if code >= 0 else 128 - code


def exit_words(code: int, tail: str = "") -> str:
    """Explain the exit code of a script.

    A shell reports signal n as 128 + n (POSIX sh, 2.8.2). A script that exits with a negative number reports it
    modulo 256 (exit(3)), so ``sys.exit(-1)`` is 255, which is no signal's number.

    Args:
        code: The exit code as a shell reports it.
        tail: The end of the script's output. If it ends with a traceback, its last line tells more than the code.

    """
    number = code - 128
    if not 0 < number <= _LAST_SIGNAL:
        negative = f" ({code - 256})" if code > 128 else ""
        words = f"the script ended with exit code {code}{negative}"
        return f"{words}: {raised}" if (raised := last_exception(tail)) else words
    name = f"{_SIGNALS[number]}, " if number in _SIGNALS else ""
    hint = f": {_HINTS[number]}" if number in _HINTS else ""
    return f"the script was killed by signal {number} ({name}exit code {code}){hint}"


def last_exception(tail: str) -> str:
    """Return the line of the exception that ended a script; empty if its output does not end with a traceback."""
    lines = [line for line in tail.splitlines() if line.strip()]
    for frame, line in zip(lines[-2::-1], lines[:0:-1]):
        if line.startswith(" "):
            return ""
        if frame.startswith("  ") and _RAISED.fullmatch(line):  # else a line of the exception's own words
            return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} …"
    return ""
