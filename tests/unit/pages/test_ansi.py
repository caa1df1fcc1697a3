from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from runner.model.printable import escape
from runner.pages.ansi import PLAIN, Style, selected, spans
from runner.pages.hostile_texts import coloured, controls, visible

PIECES = st.lists(st.sampled_from(["a", "b c", "\x1b[31m", "\x1b[0m", "\x1b[1;4m", "\x1b[2K", "\x07", "\u202e", "<b>"]))


def text_of(line: str) -> str:
    return "".join(text for _, text in spans(line)[0])


@given(PIECES)
def test_the_spans_of_a_line_have_its_text_without_the_codes_of_colours(pieces: list[str]) -> None:
    line = "".join(pieces)
    assert text_of(line) == escape(re.sub("\x1b\\[[0-9;]*m", "", line))


@given(st.text())
def test_no_control_character_is_left_and_classes_are_known_names(line: str) -> None:
    parts, style = spans(line)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "".join(text for _, text in parts))
    assert all(re.fullmatch(r"(t-[a-z]+\d{0,2} ?)*", classes) for classes, _ in parts)
    assert isinstance(style, Style)


@given(st.text(alphabet="0123456789;:", max_size=40))
def test_any_code_leaves_a_style(codes: str) -> None:
    assert re.fullmatch(r"(t-[a-z]+\d{0,2} ?)*", selected(PLAIN, codes).classes)


def test_colours_and_weights_become_classes() -> None:
    assert spans("a\x1b[1;31mb\x1b[22;44mc\x1b[0md") == (
        (("", "a"), ("t-bold t-f1", "b"), ("t-f1 t-g4", "c"), ("", "d")), PLAIN,
    )  # fmt: skip
    assert selected(PLAIN, "97;100").classes == "t-f15 t-g8"
    assert selected(selected(PLAIN, "3;4;7;9"), "23;24;27;29;39;49") == PLAIN


def test_a_colour_goes_on_in_the_next_line() -> None:
    _, style = spans("\x1b[32mgreen")
    assert spans("still", style)[0] == (("t-f2", "still"),)


def test_other_colours_are_rounded_to_the_sixteen() -> None:
    assert selected(PLAIN, "38;5;9").classes == "t-f9"
    assert selected(PLAIN, "38;5;196").classes in ("t-f1", "t-f9")
    assert selected(PLAIN, "48;2;255;255;255").classes == "t-g15"
    assert selected(PLAIN, "38;2;1") == PLAIN
    assert selected(PLAIN, "38;5;300;1").classes == "t-bold t-f15"


def test_of_a_progress_bar_the_last_state_is_shown() -> None:
    assert text_of("10 %\r50 %\r100 %\r") == "100 %"


def test_hidden_characters_of_any_text_are_visible() -> None:
    assert visible("a\u202eb\u200b\n\tc\x00") == "a\\u202eb\\u200b\n\tc\\x00"
    assert controls("a\r\nb\x07\tc\u2066") == "a\nb\\x07\tc\\u2066"
    assert coloured("\x1b[31mx\ny\n") == [(("t-f1", "x"),), (("", "y"),)]
