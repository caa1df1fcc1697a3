from __future__ import annotations

import pytest

from runner.errors import BadInput
from runner.model.data import DatasetDefinition, DatastorePath
from runner.model.plan import Plan, Scalar
from runner.model.published import ParameterValues
from runner.model.step import InputSpec, StepSpec
from runner.operations.published.binding import bound, with_defaults
from runner.plan.data_parameters import defaults

ONE, TWO = DatastorePath("lake", "one"), DatastorePath("lake", "two")
PLAN = Plan(
    steps=(
        StepSpec(
            key="s-1",
            name="s",
            command=("x",),
            environment="e",
            compute="",
            inputs=(InputSpec(name="x", source=ONE, parameter="where"),),
        ),
    ),
    parameters={"epochs": 3, "rate": 0.5, "name": "a", "quick": False, "any": None, "nodes": 1},
    node_parameters=("nodes",),
)


def test_values_are_bound_and_the_others_keep_their_defaults() -> None:
    made = bound(PLAN, ParameterValues(scalars={"epochs": 5, "rate": 1, "any": "x"}, data={"where": TWO}))
    assert made.scalars == {"epochs": 5, "rate": 1, "any": "x"}
    assert defaults(made.plan) == {"where": TWO}
    assert bound(PLAN, ParameterValues()).plan is PLAN


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("epochs", "5", 5), ("rate", "1e-3", 0.001), ("quick", "true", True), ("name", "5", "5"), ("any", "5", "5")],
)
def test_texts_are_read_as_the_type_of_the_default(name: str, text: str, value: Scalar) -> None:
    given = ParameterValues(scalars={name: text})
    assert bound(PLAN, given, parse_texts=True).scalars == {name: value}
    if not isinstance(value, str):
        with pytest.raises(BadInput):
            bound(PLAN, given)


def test_unknown_names_are_refused_with_the_nearest_or_left_out() -> None:
    given = ParameterValues(scalars={"epoch": 5, "1": "united"}, data={"wher": TWO})
    with pytest.raises(BadInput) as caught:
        bound(PLAN, given)
    assert [problem.remedy for problem in caught.value.problems] == [
        "did you mean 'epochs'?",
        "correct or remove it",
        "did you mean 'where'?",
    ]
    made = bound(PLAN, given, ignore_unknown=True, parse_texts=True)
    assert (made.plan, made.scalars) == (PLAN, {})


def test_every_misfit_is_found_at_once() -> None:
    files = DatasetDefinition(kind="file", paths=())
    wrong = ParameterValues(
        scalars={"epochs": "many", "where": "text", "nodes": 2, "quick": 1}, data={"name": TWO, "where": files}
    )
    with pytest.raises(BadInput) as caught:
        bound(PLAN, wrong, ignore_unknown=True, parse_texts=True)
    assert [problem.what for problem in caught.value.problems] == [
        "parameter 'epochs' is a int (default 3), not 'many'",
        "parameter 'where' stands for a DataPath, not a str",
        "parameter 'nodes' asks for 2 nodes or processes, and its step runs its script once",
        "parameter 'quick' is a bool (default False), not 1",
        "parameter 'name' is a str (default 'a'), not a DataPath",
        "parameter 'where' stands for a DataPath, not a FileDataset",
    ]


def test_values_can_become_the_defaults() -> None:
    made = with_defaults(PLAN, ParameterValues(scalars={"epochs": 5}, data={"where": TWO}))
    assert made.parameters["epochs"] == 5
    assert made.parameters["rate"] == 0.5
    assert defaults(made) == {"where": TWO}
