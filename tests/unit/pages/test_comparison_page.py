from __future__ import annotations

from typing import Any

from runner.operations.comparison import Comparison, Row
from runner.operations.metric_history import POINTS, MetricNumbers, RunMetrics, thinned
from runner.pages.comparison_page import CHARTS, ROWS, diff_lines, metric_charts, sections
from tests.support import builders as b


def comparison(**rows: tuple[Row, ...]) -> Comparison:
    empty: dict[str, tuple[Row, ...]] = dict.fromkeys(
        ("parameters", "tags", "states", "seconds", "inputs", "outputs", "metrics"), ()
    )
    return Comparison(runs=(), pairs=(), **{**empty, **rows})


def metrics(run: str, *known: MetricNumbers) -> RunMetrics:
    return RunMetrics(run=run, created=b.T0, status="succeeded", user="", metrics=known)


def test_rows_that_differ_are_apart_from_those_that_do_not() -> None:
    rows = (Row("rate", (0.1, 0.123456789)), Row("data", ("x", "x")), Row("new", (None, 3)))
    (section,) = sections(comparison(parameters=rows))
    assert [(row.name, row.values) for row in section.differing] == [("rate", ("0.1", "0.123457")), ("new", ("", "3"))]
    assert [row.name for row in section.equal] == ["data"]


def test_digests_are_short_and_times_are_words() -> None:
    found = sections(comparison(inputs=(Row("a: x", ("d" * 64, None)),), seconds=(Row("a", (3700.0, 2)),)))
    texts = {section.name: section.rows[0].values for section in found}
    assert texts == {"inputs": ("d" * 12, ""), "seconds": ("1 h 1 min", "2.0 s")}


def test_lines_of_a_diff_have_their_kinds() -> None:
    lines = diff_lines(("--- a.py", "+++ a.py", "@@ -1 +1 @@", " same", "-old", "+new"))
    assert [line.kind for line in lines] == ["place", "place", "place", "", "removed", "added"]


def test_a_metric_of_several_values_is_drawn_for_all_runs() -> None:
    one = metrics("run-a", MetricNumbers("train", "loss", (1.0, 0.5), 2), MetricNumbers("train", "f1", (0.9,), 1))
    (chart,) = metric_charts([one, metrics("run-b")])
    data: Any = chart["data"]
    assert chart["title"] == "train: loss"
    assert [series["points"] for series in data["series"]] == [[[0, 1.0], [1, 0.5]], []]


def test_the_number_of_charts_and_of_points_is_bounded() -> None:
    many = [MetricNumbers("train", f"m{n}", (1.0, 2.0), 2) for n in range(CHARTS + 5)]
    assert len(metric_charts([metrics("a", *many)])) == CHARTS
    values = thinned([float(n) for n in range(10 * POINTS)])
    assert (len(values), values[0], values[-1]) == (POINTS, 0.0, 10 * POINTS - 1)


def test_thinned_points_keep_their_numbers() -> None:
    count = 5 * POINTS
    metric = MetricNumbers("train", "loss", tuple(thinned([float(n) for n in range(count)])), count)
    data: Any = metric_charts([metrics("a", metric)])[0]["data"]
    points = data["series"][0]["points"]
    assert points[-1] == [count - 1, count - 1]
    assert max(abs(x - y) for x, y in points) <= 1


def test_the_number_of_rows_is_bounded_and_told() -> None:
    rows = (*tuple(Row(f"r{n}", (n, -n)) for n in range(1, ROWS + 8)), Row("same", (1, 1)))
    (section,) = sections(comparison(metrics=rows))
    assert (len(section.differing), len(section.equal), section.more) == (ROWS, 1, 7)
