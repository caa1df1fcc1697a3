from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from runner.operations import log_windows
from runner.operations.log_windows import LogWindow, Read, search, start_before, start_of_line, window

LOGS = st.lists(
    st.sampled_from([b"a", b"line of text", b"\n", b"\r", b"\r\n", b"\x1b[3m", "äöü漢😀".encode(), b"\xff", b"y" * 9]),
    max_size=60,
).map(b"".join)


def reader(log: bytes) -> Read:
    return lambda start, end: log[start:end]


def raw(shown: LogWindow) -> bytes:
    return b"".join(line.data for line in shown.lines)


@given(log=LOGS, lines=st.integers(1, 5), most=st.integers(4, 60))
@settings(deadline=None)
def test_windows_joined_give_the_log(log: bytes, lines: int, most: int) -> None:
    before, log_windows.BYTES = log_windows.BYTES, most
    try:
        at, found = 0, b""
        while at < len(log):
            shown = window(reader(log), len(log), at, lines)
            assert shown.start == at < shown.end
            assert len(shown.lines) <= lines
            assert [line.at for line in shown.lines] == _places(shown)
            assert all(line.ends for line in shown.lines[:-1])
            found += raw(shown)
            at = shown.end
        assert found == log
    finally:
        log_windows.BYTES = before


@given(log=LOGS, lines=st.integers(1, 5), at=st.integers(0, 400))
@settings(deadline=None)
def test_the_window_before_a_place_ends_there_or_behind_it(log: bytes, lines: int, at: int) -> None:
    end = min(at, len(log))
    start = start_before(reader(log), end, lines)
    assert start <= end
    assert start == end == 0 or start < end or not end
    assert window(reader(log), len(log), start, lines).end >= end or log[start:end].count(b"\n") >= lines


def test_the_window_before_has_as_many_lines_as_one_shows() -> None:
    log = b"".join(b"%d\n" % number for number in range(100))
    assert log[start_before(reader(log), len(log), 10) :].splitlines() == [b"%d" % number for number in range(90, 100)]


def test_a_line_that_is_longer_than_a_window_is_shown_in_parts_that_say_so() -> None:
    log = b"first\n" + b"x" * 3 * log_windows.BYTES + b"\nlast\n"
    first = window(reader(log), len(log), 6)
    (line,) = first.lines
    assert (line.begins, line.ends) == (True, False)
    assert (len(line.text), line.hidden) == (log_windows.SHOWN, log_windows.BYTES - log_windows.SHOWN)
    second = window(reader(log), len(log), first.end)
    assert not second.lines[0].begins


def test_no_more_is_read_than_a_window_has() -> None:
    asked: list[int] = []

    def read(start: int, end: int) -> bytes:
        asked.append(end - start)
        return b"x" * (end - start)

    window(read, 1 << 40, 1 << 39)
    start_before(read, 1 << 39)
    start_of_line(read, 1 << 39)
    assert max(asked) <= log_windows.BYTES + 1


@given(log=LOGS, wanted=st.sampled_from(["a", "LINE", "text\nline", "ä", "y"]))
@settings(deadline=None)
def test_a_search_finds_what_python_finds(log: bytes, wanted: str) -> None:
    found = search(reader(log), len(log), wanted, 0)
    places, at, text = [], 0, log.lower()
    while (at := text.find(wanted.lower().encode(), at)) >= 0:
        places.append(at)
        at += len(wanted.encode())
    assert [match.at for match in found.matches] == places
    assert found.complete


def test_a_text_across_two_blocks_is_found() -> None:
    log = b"x" * ((1 << 20) - 2) + b"needle" + b"x" * (1 << 20)
    (match,) = search(reader(log), len(log), "NEEDLE", 0).matches
    assert (match.at, match.found) == ((1 << 20) - 2, "needle")


def test_a_search_ends_at_its_bounds_and_says_how_far_it_came() -> None:
    many = b"needle\n" * 1000
    some = search(reader(many), len(many), "needle", 0)
    assert (len(some.matches), some.complete) == (log_windows.MATCHES, False)
    rest = search(reader(many), len(many), "needle", some.end)
    assert rest.matches[0].at == some.end + 1
    huge = search(lambda start, end: b"x" * (end - start), 1 << 40, "needle", 5)
    assert (huge.end, huge.complete) == (5 + log_windows.SEARCHED, False)


def test_an_empty_log_has_an_empty_window() -> None:
    assert window(reader(b""), 0, 10) == LogWindow(start=0, end=0, size=0, lines=())
    assert search(reader(b""), 0, "x", 0).complete


def _places(shown: LogWindow) -> list[int]:
    places, at = [], shown.start
    for line in shown.lines:
        places.append(at)
        at += len(line.data)
    return places
