"""The number of examples of a property test: all of them in CI, a fifth in a developer's check."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("CI") == "true"


def examples(thorough: int) -> int:
    """Return `thorough` in CI, else a fifth of it, at least 5."""
    return thorough if THOROUGH else max(5, thorough // 5)
