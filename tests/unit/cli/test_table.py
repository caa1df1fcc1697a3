from __future__ import annotations

from runner.cli.paint import Paint
from runner.cli.table import Cell, table


def test_columns_are_aligned() -> None:
    rows = [[Cell("a"), Cell("1", right=True), Cell("x")], [Cell("long"), Cell("100", right=True), Cell("")]]
    assert table(rows, Paint()) == ["  a       1  x", "  long  100"]


def test_a_column_without_text_takes_no_room() -> None:
    assert table([[Cell(""), Cell("a")], [Cell(""), Cell("b")]], Paint(), indent=0) == ["a", "b"]


def test_the_last_cell_is_cut_at_the_width() -> None:
    assert table([[Cell("ab"), Cell("0123456789abcdef")]], Paint(), width=16) == ["  ab  012345678…"]


def test_styles_do_not_count_as_width() -> None:
    painted = table([[Cell("a", "red"), Cell("b")], [Cell("long"), Cell("c")]], Paint(on=True), indent=0)
    assert painted == ["\x1b[31ma\x1b[0m     b", "long  c"]


def test_nothing_gives_no_lines() -> None:
    assert table([], Paint()) == []
