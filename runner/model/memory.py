"""Explain an out-of-memory failure (pure)."""

from __future__ import annotations

from .quantity import amount, in_bytes

OR_GROW = ", or --retry-oom 2"
"""The end of the text of `more_memory`; left out for a step that has granted it already."""
_UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


def oom_reason(limit: str, peak: int = 0, *, child: bool = False) -> str:
    """Return the reason text.

    Args:
        limit: The memory limit, a Kubernetes quantity; empty: none is known.
        peak: The peak memory in bytes; 0: not measured.
        child: True if the kernel killed a child process of the script, and the script then ended.
    """
    most = amount(limit)
    of_limit = f" of {_size(int(most), whole=True)}" if most else ""
    if peak:
        used = f"peaked at {_size(peak)}{of_limit}"
    elif most:
        used = f"its limit was {_size(int(most), whole=True)}"
    else:
        used = "its machine has no more memory"
    return f"OOMKilled: {used}" + ("; a process it started was killed for want of memory" if child else "")


def more_memory(limit: str) -> str:
    """Return the remedy: the next larger size is twice the limit."""
    most = amount(limit)
    more = f"set memory to {in_bytes(int(most) * 2)}" if most else "set the step's memory"
    return f"{more}{OR_GROW}"


def _size(number: int, *, whole: bool = False) -> str:
    """Format bytes as ``1.0 GiB``; with `whole`, as ``1 GiB`` if that is exact."""
    for unit, size in _UNITS:
        if number >= size:
            return f"{round(number / size, 1):g} {unit}" if whole else f"{number / size:.1f} {unit}"
    return f"{number} bytes"
