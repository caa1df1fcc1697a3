from __future__ import annotations

from datetime import datetime

import pytest

from runner.data.conditions import holds
from runner.data.partitions import partition_columns, partition_values
from runner.data.selection import Found, chosen
from runner.errors import BadInput
from runner.model.data import DatasetDefinition
from runner.model.transforms import KeepColumns, Skip, Take, chance

VALUES = {"region": "de", "size": 3, "none": None, "when": datetime(2020, 1, 2)}  # noqa: DTZ001 - as paths have it


def field(name: str) -> list[object]:
    return ["field", name]


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (["gt", field("size"), 2], True),
        (["le", field("size"), 2], False),
        (["eq", field("region"), "de"], True),
        (["ne", field("region"), "de"], False),
        (["and", ["eq", field("region"), "de"], ["lt", field("size"), 3]], False),
        (["or", ["eq", field("region"), "fr"], ["ge", field("size"), 3]], True),
        (["not", ["starts", field("region"), "d"]], False),
        (["contains", field("region"), "e"], True),
        (["null", field("none")], True),
        (["eq", field("none"), None], True),
        (["gt", field("none"), 3], False),
        (["ge", field("when"), "2020-01-02T00:00:00"], True),
    ],
)
def test_conditions(tree: list[object], expected: bool) -> None:
    assert holds(tree, VALUES) is expected


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (["gt", field("nobody"), 2], "no column 'nobody'; files have: region, size"),
        (["gt", field("region"), 2], "compares a str and a int"),
        ("text", "not a condition"),
    ],
)
def test_conditions_that_cannot_be_met(tree: object, text: str) -> None:
    with pytest.raises(BadInput, match=text):
        holds(tree, VALUES)


def test_operations_choose_in_order_and_only_among_files() -> None:
    files = [Found(relative=f"{number}.txt", key=f"a/{number}.txt", size=number) for number in range(6)]
    steps = (Skip(1), Take(2))
    assert [file.size for file in chosen(files, DatasetDefinition(kind="file", paths=(), transforms=steps))] == [1, 2]
    assert [
        file.size for file in chosen(files, DatasetDefinition(kind="file", paths=(), transforms=steps), skipped=1)
    ] == [0, 1]
    assert chosen(files, DatasetDefinition(kind="tabular", paths=(), transforms=steps)) == files
    with pytest.raises(BadInput, match="keep_columns is an operation on rows"):
        chosen(files, DatasetDefinition(kind="file", paths=(), transforms=(KeepColumns(("a",)),)))


def test_chance_is_the_same_everywhere() -> None:
    assert chance(3, 0) == chance(3, 0)
    assert 0 <= chance(3, 1) < 1
    assert chance(3, 1) != chance(4, 1)


def test_partition_formats() -> None:
    form = "/{region}/{month:yyyy/MM}/part-*.csv"
    assert partition_columns(form) == ["region", "month"]
    found = partition_values(form, "/deep/below/de/2020/02/part-7.csv")
    assert found == {"region": "de", "month": datetime(2020, 2, 1)}  # noqa: DTZ001
    with pytest.raises(BadInput, match="does not fit partition_format"):
        partition_values(form, "/de/f.csv")
    with pytest.raises(BadInput, match="unconverted data remains"):
        partition_values(form, "/de/2020/13/part-1.csv")
    assert partition_values(None, "/x") == {}
