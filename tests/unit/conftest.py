"""An open workspace in memory for the tests of the SDK, under our names and under v1's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fake_session import FakeSession, opened


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
