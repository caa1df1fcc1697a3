"""Exit codes in words."""

from __future__ import annotations


def exit_words(code: int) -> str:
    """What an exit code says; above 128 a shell reports a signal (POSIX sh, 2.8.2)."""
    if code <= 128:
        return f"the script ended with exit code {code}"
    hint = "; SIGKILL often means that the machine ran out of memory" if code == 137 else ""
    return f"the script was killed by signal {code - 128} (exit code {code}){hint}"
