"""The bar of a copy is drawn on a terminal, and nowhere else."""

from __future__ import annotations

import io
import sys
import time

import pytest

from runner.cli.progressbar import shown_progress
from runner.data.transfers import count
from runner.data.transfers.progress import SILENT
from runner.override import override


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("first", "lines"), [(2.0, ""), (0.0, "copy: 1.0 of 4.0 MiB, {rate} left\ncopy: 4.0 of 4.0 MiB, 1 of 1 file\n")]
)
def test_a_pipe_has_lines_about_what_takes_long(first: float, lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    monkeypatch.setattr(count, "FIRST", first)
    with shown_progress(shown=True) as progress:
        progress.begin(1, 4 << 20)
        time.sleep(0.2)
        progress.moved(1 << 20)
        progress.moved(3 << 20)
        progress.completed()
    rate = pipe.getvalue().partition("MiB, ")[2].partition(" left")[0]
    assert pipe.getvalue() == lines.format(rate=rate)


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
