from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.printable import continued, escape, escape_json, escape_uncoloured, last_overwrite, log_line

RED = "\x1b[31m"
TITLE = "\x1b]0;owned\x07"
CLIPBOARD = "\x1b]52;c;ZXZpbA==\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, ä, 漢, 🙂, non\xa0breaking", "plain, ä, 漢, 🙂, non\xa0breaking"),
        ("a\tb", "a\tb"),
        (TITLE + "one", r"\x1b]0;owned\x07one"),
        ("one\r\n  two  succeeded", r"one\r\n  two  succeeded"),
        ("\x9b31mred", r"\x9b31mred"),  # the one-byte form of ESC [
        ("a\u202eb\u2028c", r"a\u202eb\u2028c"),
        ("\udc80", r"\udc80"),
        (RED, r"\x1b[31m"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{RED}red\x1b[0m", f"{RED}red\x1b[0m"),
        (f"{RED}red", f"{RED}red\x1b[0m"),
        ("\x1b[1;38;5;208mx\x1b[m", "\x1b[1;38;5;208mx\x1b[m\x1b[0m"),
        ("\x1b[8mhidden", r"\x1b[8mhidden"),
        ("\x1b[2J\x1b[1A", r"\x1b[2J\x1b[1A"),
        (f"{RED}{CLIPBOARD}", f"{RED}\\x1b]52;c;ZXZpbA==\\x07\x1b[0m"),
        ("a\nb", r"a\nb"),
    ],
)
def test_only_colours_are_kept_and_they_end_with_the_line(text: str, shown: str) -> None:
    assert escape_uncoloured(text) == shown


def test_a_progress_bar_is_its_last_state() -> None:
    assert last_overwrite("\r 10%\r 50%\r100%\r") == "100%"
    assert last_overwrite("\r") == ""
    assert log_line(f"1%\r{RED}2%") == f"{RED}2%\x1b[0m"


def test_later_lines_are_indented() -> None:
    assert list(continued("error: ", "one\ntwo", "  ")) == ["error: one", "  two"]


@given(st.text())
def test_no_terminal_acts_on_what_is_escaped(text: str) -> None:
    assert [char for char in escape(text) if char != "\t" and unicodedata.category(char) in {"Cc", "Zl", "Zp"}] == []


@given(st.text(alphabet=st.characters() | st.sampled_from("\x1b[]0123456789;mK\x07\x9b")))
def test_what_is_left_beside_colours_is_escaped(text: str) -> None:
    shown = escape_uncoloured(text)
    assert "\n" not in shown
    assert "\x07" not in shown
    assert "\x9b" not in shown
    for piece in shown.split("\x1b")[1:]:
        assert piece.startswith("[")
        assert set(piece[1 : piece.index("m")]) <= set("0123456789;")


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_an_escaped_document_is_the_same_document(value: object) -> None:
    written = escape_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(written) == value
    assert {char for char in written if unicodedata.category(char) in {"Cc", "Cs"}} <= {"\n"}
