"""The terminal of a command: boards that are redrawn at its bottom, and above them all that anyone prints."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, cast

from ..model.printable import escape_uncoloured
from .board import Screen
from .formatting import many
from .paint import is_terminal, paint_for
from .terminal_capture import TerminalCapture, same_terminal
from .terminal_stream import TerminalStream

if TYPE_CHECKING:
    from rich.live import Live

_FRAME = 0.25
"""Seconds between two frames."""
_in_use: list[Terminal] = []
_DEADLY = (signal.SIGTERM, signal.SIGHUP)
_LOWEST = 8
"""Lines of a board at least, when several share the screen."""

Frame = Callable[[Screen], Sequence[str]]
"""Draws a board that fits on a part of the screen. It is called from another thread."""


class Terminal:
    """Standard output where it is a terminal.

    While boards are shown, text for `sys.stdout` and `sys.stderr` appears above them, a line at a time. So does text
    from code that keeps one of these streams, as handlers of `logging` do.
    """

    def __init__(self, out: TextIO) -> None:
        """Begin without a board.

        Args:
            out: The terminal itself.

        """
        self._out = out
        self._paint = paint_for(out)
        self._boards: Mapping[object, tuple[str, Frame]] = {}
        """The run and its board, by owner."""
        self._live: Live | None = None
        self._drawn = threading.Event()
        """Set when the frames of this display are over."""
        self._lock = threading.RLock()
        self._process = os.getpid()
        self._streams: list[TerminalStream] = []
        self._screen: TextIO = out
        """The terminal for boards, whatever is in the place of its descriptor."""
        self._others: TerminalStream | None = None
        """The stream of what is captured."""
        self._capture: TerminalCapture | None = None

    @staticmethod
    def in_use() -> Terminal | None:
        """Return the terminal that has taken the place of standard output; None: there is none."""
        return _in_use[-1] if _in_use else None

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Take the place of standard output, and of standard error if that is a terminal too, while the block is open.

        At its end no board is left.
        """
        before = sys.stdout, sys.stderr
        sys.stdout = self.stream(before[0])
        if is_terminal(before[1]):
            sys.stderr = self.stream(before[1])
        _in_use.append(self)
        try:
            with self._clean_when_killed():
                yield
        finally:
            _in_use.remove(self)
            self.clear()
            if self._capture:
                self._capture.drain()
            _put_back(before, self._streams)
            self._streams.clear()

    @contextmanager
    def _clean_when_killed(self) -> Iterator[None]:
        """Remove the boards before a signal ends the process, as it does by default."""

        def end(number: int, _frame: object) -> None:
            if self._process == os.getpid():  # no child by fork
                self.clear()
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        main = threading.current_thread() is threading.main_thread()
        ours = [each for each in _DEADLY if main and signal.getsignal(each) is signal.SIG_DFL]
        for number in ours:
            signal.signal(number, end)
        try:
            yield
        finally:
            for number in ours:
                if signal.getsignal(number) is end:
                    signal.signal(number, signal.SIG_DFL)

    def show_board(self, owner: object, run: str, frame: Frame) -> None:
        """Show a board until `remove` is called with the same owner.

        Args:
            owner: The owner of the board.
            run: The run that it shows. Of several boards of one run the last one is drawn.
            frame: The board.

        """
        with self._lock:
            self._boards = {**self._boards, owner: (run, frame)}
            if self._live is None:
                for stream in self._streams:
                    stream.end_line()
                self._begin_capture()
                self._live = self._opened()

    def remove(self, owner: object) -> None:
        """Remove a board; the last one leaves the terminal as it was.

        Args:
            owner: The board's owner. One without a board is ignored.

        """
        with self._lock:
            self._boards = {each: board for each, board in self._boards.items() if each is not owner}
            if self._boards or self._live is None:
                return
            live, self._live = self._live, None
            self._drawn.set()
            live.stop()
            self._end_capture()
            for stream in self._streams:
                stream.write_rest()

    def clear(self) -> None:
        """Remove all boards."""
        for owner in self._boards:
            self.remove(owner)

    def print_above(self, lines: Sequence[str], *, trusted: bool = False) -> bool:
        """Print lines above the boards.

        Args:
            lines: The lines.
            trusted: They come from the user's own program: a terminal may act on what they have beside text.

        Returns:
            False: there is no board, and nothing was printed.

        """
        with self._lock:
            if self._live is None or self._process != os.getpid():  # a child by fork has no thread that draws
                return False
            from rich.text import Text

            for line in lines if trusted else map(escape_uncoloured, lines):
                self._live.console.print(Text.from_ansi(line), soft_wrap=True)
            return True

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Keep boards from appearing while the block is open, so that its output stays whole."""
        with self._lock:
            yield

    @property
    def has_board(self) -> bool:
        """True while a board is shown."""
        return self._live is not None

    @property
    def screen(self) -> Screen:
        """The size of the terminal."""
        live = self._live
        if live is None:
            return Screen(80, 24)
        return Screen(live.console.width, live.console.height)

    def stream(self, stream: TextIO | None = None) -> TextIO:
        """Return a stream whose lines appear above the boards, apart from those of other streams.

        Args:
            stream: Where it writes while there is no board; None: to the terminal.

        """
        made = TerminalStream(stream or self._out, self.print_above, self.quiet)
        self._streams.append(made)
        return cast("TextIO", made)

    def _begin_capture(self) -> None:
        """Read what children and libraries write to the terminal, to print it above the boards."""
        try:
            found = same_terminal(self._out.fileno(), (2,))
        except (OSError, ValueError):  # a stand-in for standard output
            return
        if found[:1] != [1]:
            return
        if self._others is None:
            self._screen = os.fdopen(os.dup(1), "w", encoding=self._out.encoding, errors=self._out.errors)
            self._others = TerminalStream(self._screen, self.print_above, self.quiet)
            self._streams.append(self._others)
        self._capture = TerminalCapture(found, self._others.write_through)
        self._capture.begin()

    def _end_capture(self) -> None:
        if self._capture:
            self._capture.end()

    def _opened(self) -> Live:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        console = Console(file=self._screen, highlight=False, no_color=not self._paint.on)

        def frame() -> Text:
            lines = self._lines(Screen(console.width, console.height))
            return Text.from_ansi("\n".join(map(escape_uncoloured, lines)), no_wrap=True, overflow="ellipsis")

        live = Live(
            console=console,
            get_renderable=frame,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        live.start(refresh=True)
        over = self._drawn = threading.Event()
        threading.Thread(target=self._draw, args=(live, over), name="board", daemon=True).start()
        return live

    def _draw(self, live: Live, over: threading.Event) -> None:
        """Draw frames until it is over; under the lock, since rich writes two frames at once into each other."""
        while not over.wait(_FRAME):
            with self._lock:
                if not over.is_set():
                    if self._capture:
                        self._capture.follow_size()
                    live.refresh()

    def _lines(self, screen: Screen) -> list[str]:
        """Return the boards below each other, no more than fit."""
        begun = [line for stream in self._streams for line in stream.begun_line()]
        frames = list(dict(self._boards.values()).values())
        height = screen.height - len(begun)
        most = max(height // _LOWEST, 1)
        shown, hidden = frames[-most:], max(len(frames) - most, 0)
        each = Screen(screen.width, max((height - bool(hidden)) // max(len(shown), 1), 1))
        lines = [line for frame in shown for line in frame(each)]
        more = [self._paint(f"  and {many(hidden, 'more run')} that this screen has no room for", "dim")]
        return [*begun, *lines, *(more if hidden else ())]


def _put_back(before: tuple[TextIO, TextIO], streams: Sequence[TerminalStream]) -> None:
    """Give the names in `sys` their streams again, unless the user's program has put others there."""
    ours = set(map(id, streams))
    if id(sys.stdout) in ours:
        sys.stdout = before[0]
    if id(sys.stderr) in ours:
        sys.stderr = before[1]
    for stream in before:
        with suppress(OSError, ValueError):
            stream.flush()
