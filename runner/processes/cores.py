"""The number of cores that this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

_GROUPS = Path("/sys/fs/cgroup")


def usable(groups: Path = _GROUPS) -> int:
    """Return the number of cores that this process may use, at least 1.

    That is the number of its CPU affinity, or the quota of its control group if that is less
    (https://docs.kernel.org/admin-guide/cgroup-v2.html, ``cpu.max``). A container sees its own group at the root.

    Args:
        groups: The folder of the control groups.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(affinity, _quota(groups) or affinity))


def _quota(groups: Path) -> int:
    """Return the quota in whole cores, rounded up; 0: there is none."""
    quota, period = _words(groups / "cpu.max", 2)
    if not period:  # version 1
        (quota,), (period,) = _words(groups / "cpu/cpu.cfs_quota_us", 1), _words(groups / "cpu/cpu.cfs_period_us", 1)
    if not quota.isdigit() or not period.isdigit() or not int(period):  # "max", or -1
        return 0
    return math.ceil(int(quota) / int(period))


def _words(file: Path, count: int) -> list[str]:
    try:
        words = file.read_text(encoding="ascii").split()
    except OSError:
        words = []
    return [*words, *[""] * count][:count]
