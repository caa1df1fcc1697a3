"""Running out of memory, in words (pure)."""

from __future__ import annotations

from .quantity import amount, in_bytes

OR_GROW = ", or --retry-oom 2"
"""What `more_memory` ends with; said in vain to whom has granted that already."""
_UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


def oom_reason(limit: str, peak: int = 0, *, child: bool = False) -> str:
    """What happened. `limit` is a quantity or empty; `peak` in bytes, 0: not measured.

    `child`: the kernel killed a process that the script had started, and the script ended because of that.
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
    """What to do about it: the next size is twice the limit."""
    most = amount(limit)
    more = f"set memory to {in_bytes(int(most) * 2)}" if most else "set the step's memory"
    return f"{more}{OR_GROW}"


def _size(number: int, *, whole: bool = False) -> str:
    """``1.0 GiB``; `whole`: ``1 GiB`` where it is that."""
    for unit, size in _UNITS:
        if number >= size:
            return f"{round(number / size, 1):g} {unit}" if whole else f"{number / size:.1f} {unit}"
    return f"{number} bytes"
