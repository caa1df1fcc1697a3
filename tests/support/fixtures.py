"""Fixtures that tests of several tiers share (a plugin of tests/conftest.py)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.fake_session import FakeSession, opened

GOLDEN = Path(__file__).parents[1] / "golden" / "cli"
if TYPE_CHECKING:
    Check = Callable[[str, Sequence[str]], None]


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSession]:
    """An open workspace in memory; the current folder is empty but for two scripts."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text("print('hello')\n")
    monkeypatch.delenv("RUNNER_STEP", raising=False)
    with opened(FakeSession()) as fake:
        yield fake
    os.environ.pop("RUNNER_STEP", None)


@pytest.fixture
def utc() -> Iterator[None]:
    """Show times of day in UTC, whatever the time zone of this machine is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def golden() -> Check:
    """Compare lines with a file of tests/golden/cli; RUNNER_WRITE_GOLDEN=1 writes it instead."""

    def check(name: str, lines: Sequence[str]) -> None:
        path, text = GOLDEN / name, "\n".join(lines) + "\n"
        if os.environ.get("RUNNER_WRITE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check
