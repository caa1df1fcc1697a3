from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _times_are_shown_in_utc(utc: None) -> None:
    """Make what the commands print the same on every machine."""
