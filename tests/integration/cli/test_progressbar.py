"""The bar of a copy is drawn on a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys

import pytest

from runner.cli.progressbar import shown_progress
from runner.data.transfers.progress import SILENT
from runner.override import override


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_a_pipe_sees_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with shown_progress(shown=True) as progress:
        assert progress is SILENT
        progress.begin(1, 1)
        progress.moved(1)
        progress.completed()
    assert pipe.getvalue() == ""


def test_a_terminal_sees_files_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress(shown=True) as progress:
        progress.begin(2, 4096)
        progress.moved(2048)
        progress.completed()
    assert "1 file left" in screen.getvalue()
    assert "2.0/4.1 kB" in screen.getvalue() or "2.0/4.0 KiB" in screen.getvalue()
    with shown_progress(shown=False) as progress:
        assert progress is SILENT
