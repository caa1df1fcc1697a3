"""How much is tried: all examples of a property in CI, a fifth in a developer's check; slow tests on demand."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("CI") == "true"
ALL_DATA = os.environ.get("RUNNER_ALL_DATA") == "1"
"""Run also what is marked `all_data`."""


def examples(thorough: int) -> int:
    """Return `thorough` in CI, else a fifth of it, at least 5."""
    return thorough if THOROUGH else max(5, thorough // 5)
