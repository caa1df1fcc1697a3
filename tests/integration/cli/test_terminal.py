"""Boards at the bottom of a terminal, and above them what anyone prints."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest

from runner.cli.board import Screen as Size
from runner.cli.terminal import Terminal
from tests.support.screen import Screen, ScreenStream, use_size


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> ScreenStream:
    use_size(monkeypatch, 40, 12)
    return ScreenStream()


@contextmanager
def terminal_on(out: ScreenStream) -> Iterator[Terminal]:
    terminal = Terminal(out)
    with redirect_stdout(out), redirect_stderr(out):
        with terminal.in_place():
            yield terminal
        assert sys.stdout is out
        assert sys.stderr is out


def seen(out: ScreenStream) -> Screen:
    return Screen(40, 12).feed(out.getvalue())


def board(*lines: str) -> Callable[[Size], list[str]]:
    return lambda _size: list(lines)


def test_what_is_printed_meanwhile_stands_above_the_board(out: ScreenStream) -> None:
    with terminal_on(out) as terminal:
        handler = logging.StreamHandler()  # it keeps standard error as it is now
        print("before")
        terminal.show_board("me", "r", board("", "  a step", ""))
        print("from print")
        handler.emit(logging.LogRecord("l", logging.INFO, "", 0, "from logging", (), None))
        sys.stdout.buffer.write(b"from bytes\n")
        print("a line in ", end="")
        print("two parts")
        during = seen(out)
        assert during.lines == [
            "before",
            "from print",
            "from logging",
            "from bytes",
            "a line in two parts",
            "",
            "  a step",
        ]
        assert during.cursor_hidden
        terminal.remove("me")
        print("after")
    assert seen(out).lines == ["before", "from print", "from logging", "from bytes", "a line in two parts", "after"]
    assert not seen(out).cursor_hidden


def test_begun_lines_are_kept_whole(out: ScreenStream) -> None:
    with terminal_on(out) as terminal:
        print("waiting …", end="")
        terminal.show_board("me", "r", board("the board"))
        sys.stdout.write(" 10 %\r 20 %")
        time.sleep(0.3)
        terminal._live.refresh()  # type: ignore[union-attr]  # the next frame
        assert seen(out).lines == ["waiting …", " 20 %", "the board"]
        terminal.remove("me")
        print(", done")
    assert seen(out).lines == ["waiting …", " 20 %, done"]


def test_boards_share_the_screen_and_a_run_has_one(out: ScreenStream) -> None:
    with terminal_on(out) as terminal:
        terminal.show_board("one", "r1", board("of one"))
        terminal.show_board("again", "r1", board("of one again"))
        assert terminal._lines(Size(40, 30)) == ["of one again"]
        terminal.show_board("two", "r2", board("of two"))
        terminal.show_board("three", "r3", board("of three"))
        assert terminal._lines(Size(40, 30)) == ["of one again", "of two", "of three"]
        small = terminal._lines(Size(40, 17))
        assert [small[0], small[1]] == ["of two", "of three"]
        assert "and 1 more run" in small[2]
        terminal.remove("again")
        assert terminal._lines(Size(40, 30)) == ["of one", "of two", "of three"]


def test_an_error_leaves_a_clean_terminal(out: ScreenStream) -> None:
    def interrupted() -> None:
        with terminal_on(out) as terminal:
            terminal.show_board("me", "r", board("the board"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (seen(out).lines, seen(out).cursor_hidden) == ([], False)
    assert Terminal.in_use() is None


def test_threads_print_whole_lines(out: ScreenStream) -> None:
    def many(name: str) -> None:
        for number in range(40):
            sys.stdout.write(f"{name} {number}\n")  # `print` writes a line in two pieces

    with terminal_on(out) as terminal:
        terminal.show_board("me", "r", board("the board"))
        threads = [threading.Thread(target=many, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for number in range(5):
            terminal.show_board(number, f"r{number}", board(f"board {number}"))
            terminal.remove(number)
        for thread in threads:
            thread.join()
        terminal.remove("me")
    expected = sorted(f"{name} {number}" for name in "ab" for number in range(40))
    assert sorted(line for line in seen(out).lines if line) == expected


def test_hostile_text_of_a_step_moves_no_cursor(out: ScreenStream) -> None:
    with terminal_on(out) as terminal:
        terminal.show_board("me", "r", board("a \x1b[2Jboard"))
        assert terminal.print_above(["\x1b[2J\x1b]0;title\x07gone?"])
    assert "\x1b[2J" not in out.getvalue()
    assert "\\x1b[2J\\x1b]0;title\\x07gone?" in seen(out).lines[0]
    assert not terminal.print_above(["nothing is shown"])
