from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from runner.data.conditions import fields_of, holds
from runner.data.partitions import partition_columns, partition_values
from runner.data.selection import Found, chosen, possible, rows_needed
from runner.errors import BadInput
from runner.model.data import DatasetDefinition
from runner.model.transforms import Filter, KeepColumns, Skip, Take, Transform, chance

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


PARTS = tuple(Found(relative=f"{region}/x.csv", key=f"t/{region}/x.csv", size=1) for region in ("de", "fr", "uk"))


def table(*transforms: Transform, **options: object) -> DatasetDefinition:
    return DatasetDefinition(
        kind="tabular",
        paths=(),
        format="delimited",
        options={"partition_format": "/{region}/x.csv", **options},
        transforms=transforms,
    )


def regions(definition: DatasetDefinition) -> list[str]:
    return [file.relative[:2] for file in possible(PARTS, definition)]


FRENCH = Filter(["eq", field("region"), "fr"])


def test_filters_on_partition_keys_leave_files_out_but_not_the_first() -> None:
    assert regions(table(FRENCH)) == ["de", "fr"]
    assert regions(table(Filter(["eq", field("region"), "de"]))) == ["de"]
    assert regions(table(Filter(["eq", field("region"), "it"]))) == ["de"]
    assert regions(table(KeepColumns(("region",)), FRENCH)) == ["de", "fr"]
    assert regions(table(Filter(["not", ["eq", field("region"), "fr"]]))) == ["de", "uk"]


@pytest.mark.parametrize(
    "definition",
    [
        table(),
        table(Filter(["gt", field("n"), 3])),
        table(Filter(["or", ["eq", field("region"), "fr"], ["gt", field("n"), 3]])),
        table(Take(1), FRENCH),  # of the first rows, not of the partition's
        table(Filter(["gt", field("region"), 3])),  # no comparison: the rows say so
        table(FRENCH, set_column_types={"region": ["long"]}),  # its rows have other values than its paths
        replace(table(FRENCH), options={}),
    ],
)
def test_else_every_file_may_have_rows(definition: DatasetDefinition) -> None:
    assert regions(definition) == ["de", "fr", "uk"]


def test_first_rows_are_enough_only_if_nothing_before_leaves_rows_out() -> None:
    assert rows_needed(table(Take(3))) == 3
    assert rows_needed(table(KeepColumns(("a",)), Take(3), Skip(1))) == 3
    assert rows_needed(table(FRENCH, Take(3))) is None
    assert rows_needed(table(Skip(1), Take(3))) is None
    assert rows_needed(table()) is None


def test_the_columns_of_a_condition() -> None:
    assert fields_of(["and", ["eq", field("a"), "x"], ["not", ["null", field("b")]]]) == {"a", "b"}
    assert fields_of(["eq", field("a"), field("c")]) == {"a", "c"}
    assert fields_of(3) == set()
