from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "golden" / "cli"
Check = Callable[[str, Sequence[str]], None]


@pytest.fixture(autouse=True)
def _greenwich() -> Iterator[None]:
    """Times of day are shown as they are here: let here be UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def golden() -> Check:
    """Compare lines with a file of tests/golden/cli; RUNNER_WRITE_GOLDEN=1 writes it instead."""

    def check(name: str, lines: Sequence[str]) -> None:
        path, text = FOLDER / name, "\n".join(lines) + "\n"
        if os.environ.get("RUNNER_WRITE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
