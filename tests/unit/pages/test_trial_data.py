from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runner.model.search import Expression, Goal
from runner.model.status import StepStatus
from runner.operations.trials import Trial
from runner.pages.trial_data import MOST, axis_of, trial_table
from tests.support import builders as b
from tests.support import search_plans


def trial(number: int, accuracy: float | None, **values: object) -> Trial:
    return Trial(
        number=number,
        key=f"t{number}",
        run=f"{b.RUN}.t{number}",
        name=f"t{number}",
        status=StepStatus.SUCCEEDED,
        values={f"--{name}": value for name, value in values.items()},
        metrics={} if accuracy is None else {"accuracy": (accuracy,)},
    )


def test_numbers_are_placed_by_their_size() -> None:
    axis = axis_of("x", [0, 5, None, 10])
    assert axis.places == (0.0, 0.5, None, 1.0)
    assert axis.ticks == ((0.0, "0"), (0.5, "5"), (1.0, "10"))


def test_a_logarithmic_axis_places_orders_of_magnitude() -> None:
    assert axis_of("x", [0.001, 0.1, 10.0], logarithmic=True).places == (0.0, 0.5, 1.0)
    assert axis_of("x", [0.0, 1.0], logarithmic=True).places == (0.0, 1.0)


def test_other_values_are_options() -> None:
    axis = axis_of("x", ["relu", "tanh", "relu", None, True])
    assert axis.ticks == ((0.0, "True"), (0.5, "relu"), (1.0, "tanh"))
    assert axis.places == (0.5, 1.0, 0.5, None, 0.0)


def test_one_value_is_in_the_middle_and_none_has_no_mark() -> None:
    assert axis_of("x", [3]).places == (0.5,)
    assert axis_of("x", [None]).ticks == ()


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)), max_size=12))
def test_every_value_has_a_place_on_its_axis(values: list[object]) -> None:
    axis = axis_of("x", values, logarithmic=True)
    for value, place in zip(values, axis.places, strict=True):
        assert (place is None) == (value is None)
        assert place is None or 0 <= place <= 1
    assert all(0 <= place <= 1 for place, _ in axis.ticks)


def test_the_best_trial_is_first_and_those_without_a_metric_last() -> None:
    what = search_plans.search(3)
    found = trial_table(b.RUN, what, [trial(1, 0.5, lr=0.1), trial(2, None, lr=0.2), trial(3, 0.9, lr=0.3)])
    assert [row.name for row in found.rows] == ["t3", "t1", "t2"]
    assert found.axes == ("--lr", "--layers")
    assert found.chart["lines"][0]["places"] == [1.0, None, 1.0]  # type: ignore[index]  # a document
    assert found.chart["maximize"] is True


def test_a_loguniform_hyperparameter_has_a_logarithmic_axis() -> None:
    space = {"--lr": Expression("loguniform", (-7.0, 0.0))}
    what = replace(search_plans.search(3), space=space, goal=Goal.MINIMIZE)
    found = trial_table(b.RUN, what, [trial(1, 1.0, lr=0.001), trial(2, 2.0, lr=0.1), trial(3, 3.0, lr=10.0)])
    assert [line["places"][0] for line in found.chart["lines"]] == [0.0, 0.5, 1.0]  # type: ignore[attr-defined]


def test_the_number_of_trials_is_bounded() -> None:
    found = trial_table(b.RUN, search_plans.search(3), [trial(n, n / 1000, lr=n) for n in range(MOST + 10)])
    assert (len(found.rows), found.total) == (MOST, MOST + 10)
