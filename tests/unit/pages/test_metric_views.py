from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.operations.metric_log import by_name
from runner.pages.metric_values import POINTS, MetricView, thinned
from runner.pages.metric_views import metric_views
from tests.support.hostile_run import metric_lines

KINDS = ("scalar", "list", "row", "table", "image", "confusion_matrix", "accuracy_table", "residuals", "predictions")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["data", "matrix", "class_labels", "bin_edges", "bin_counts", "bin_averages", "a",
                         "probability_tables", "probability_thresholds"]), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


def shown(kind: str, *values: object, **more: object) -> MetricView:
    lines = (json.dumps({"name": "m", "kind": kind, "value": value, **more}) for value in values)
    (view,) = metric_views(by_name(lines))
    return view


def points(view: MetricView, chart: int = 0, line: int = 0) -> object:
    return view.charts[chart].series[line]["points"]


def test_a_scalar_is_a_line_over_its_steps_and_a_table() -> None:
    lines = (json.dumps({"name": "loss", "kind": "scalar", "value": 1 / at, "step": at}) for at in (1, 2, 4))
    (view,) = metric_views(by_name(lines))
    assert points(view) == [[1, 1.0], [2, 0.5], [4, 0.25]]
    assert view.charts[0].options["xLabel"] == "step"
    assert view.table is not None
    assert (view.latest, view.table.rows[-1][:2]) == ("0.25", ("4", "0.25"))


def test_a_scalar_without_steps_is_a_line_over_its_numbers_with_gaps() -> None:
    view = shown("scalar", 1, math.nan, 3)
    assert points(view) == [[1, 1.0], [3, 3.0]]
    assert view.charts[0].options["xLabel"] == "number"


def test_a_single_value_has_no_chart() -> None:
    view = shown("scalar", "text")
    assert (view.latest, view.charts, view.is_single) == ("text", (), True)


def test_lists_rows_and_tables_are_lines_with_their_values_beside() -> None:
    assert points(shown("list", [3, 4])) == [[0.0, 3.0], [1.0, 4.0]]
    rows = shown("row", {"a": 1, "b": "x"}, {"a": 2})
    assert rows.table is not None
    assert (points(rows), rows.table.rows) == ([[1.0, 1.0], [2.0, 2.0]], (("1", "x"), ("2", "")))
    table = shown("table", {"a": [1, 2], "b": ["x", "y"]})
    assert table.table is not None
    assert (points(table), table.table.rows) == ([[1.0, 1.0], [2.0, 2.0]], (("1", "x"), ("2", "y")))


def test_images_are_names_of_files() -> None:
    assert shown("image", "a.png", "b.png", 3).images == ("a.png", "b.png")


def test_a_confusion_matrix_is_a_heat_map_by_rows() -> None:
    view = shown("confusion_matrix", {"data": {"class_labels": ["a", "b"], "matrix": [[9, 1], [0, 10]]}})
    assert view.heat is not None
    assert view.heat.rows == ((("9", 9), ("1", 1)), (("0", 0), ("10", 9)))
    assert view.facts[0] == ("On the diagonal", "95.0%")


def test_an_accuracy_table_is_curves_with_the_area_below() -> None:
    perfect = [[10, 10, 0, 0], [10, 0, 10, 0], [0, 0, 10, 10]]
    data = {"probability_tables": [perfect], "probability_thresholds": [0, 0.5, 1], "class_labels": ["yes"]}
    view = shown("accuracy_table", {"data": data})
    assert [chart.title for chart in view.charts] == ["ROC", "Precision and recall", "Accuracy by threshold"]
    assert view.facts == (("AUC of yes", "1.0000"),)
    assert points(view) == [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]


def test_residuals_and_predictions_are_bars_and_lines() -> None:
    data = {
        "bin_edges": [0, 1, 2],
        "bin_counts": [3, 4],
        "bin_averages": [0.4, 1.6],
        "bin_errors": [0.1, 0.2],
        "mean": 1,
    }
    residuals = shown("residuals", {"data": data})
    assert (points(residuals), residuals.facts) == ([[0.5, 3.0], [1.5, 4.0]], (("Mean", "1"),))
    predictions = shown("predictions", {"data": data})
    assert [chart.title for chart in predictions.charts] == ["Predicted by true value", "Values"]
    assert points(predictions) == [[0.5, 0.4], [1.5, 1.6]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_of_another_form_is_shown_as_text(kind: str) -> None:
    assert shown(kind, "no such document").count == 1
    assert shown(kind, {"data": {"matrix": [[1, 2], [3]]}}).heat is None


@given(kind=st.sampled_from(KINDS), values=st.lists(VALUES, min_size=1, max_size=3))
def test_any_value_of_any_kind_has_a_view_that_json_can_write(kind: str, values: list[object]) -> None:
    view = shown(kind, *values)
    json.dumps([chart.document for chart in view.charts], allow_nan=False)
    assert view.count == len(values)


def test_the_metrics_of_a_hostile_run_have_views_within_bounds() -> None:
    views = metric_views(by_name(metric_lines().decode().split("\n")))
    assert len(views) > 15
    for view in views:
        assert all(len(cell) <= 201 for row in (view.table.rows if view.table else ()) for cell in row)
        json.dumps([chart.document for chart in view.charts], allow_nan=False)


def test_a_long_line_is_thinned_out_and_keeps_its_peaks() -> None:
    line = [(float(at), 1000.0 if at == 77_777 else float(at % 7)) for at in range(100_000)]
    kept = thinned(line)
    assert len(kept) <= POINTS + 2
    assert (77_777.0, 1000.0) in kept
    assert kept == sorted(kept)
