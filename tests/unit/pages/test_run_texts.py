from __future__ import annotations

from runner.pages.run_texts import last_lines


def test_the_last_lines_of_a_failure_have_no_colours_and_keep_other_controls() -> None:
    tail = "\x1b[33mwarning\x1b[0m: the loss grows\n\x1b[1;38;5;196mValueError\x1b[m: \x1b[2Jno\x07 rows"
    assert last_lines(tail) == "warning: the loss grows\nValueError: \x1b[2Jno\x07 rows"
