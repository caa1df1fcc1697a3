from __future__ import annotations

import io

from runner.cli.paint import Paint, is_terminal, paint_for
from runner.cli.status_style import sign, style
from runner.model.status import RunStatus, StepStatus
from runner.override import override


class Screen(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def test_plain_where_there_is_no_terminal() -> None:
    assert paint_for(io.StringIO(), {"TERM": "xterm"})("x", "red") == "x"


def test_colours_on_a_terminal() -> None:
    assert paint_for(Screen(), {"TERM": "xterm"})("x", "bold red") == "\x1b[1;31mx\x1b[0m"


def test_no_color_and_dumb_terminals_are_honoured() -> None:
    assert not paint_for(Screen(), {"TERM": "xterm", "NO_COLOR": "1"}).on
    assert not is_terminal(Screen(), {"TERM": "dumb"})
    assert not is_terminal(Screen(), {})


def test_nothing_is_painted_without_a_style_or_a_text() -> None:
    assert Paint(on=True)("x", "") == "x"
    assert Paint(on=True)("", "red") == ""


def test_every_state_has_a_colour_and_a_sign() -> None:
    for status in (*StepStatus, *RunStatus):
        assert style(status.value)
        assert sign(status.value, Paint(on=True)).strip()
        assert sign(status.value, Paint()) == ""
