from __future__ import annotations

import pytest

from runner.errors import BadInput
from runner.model.plan import Scalar
from runner.plan.bind import bind

DEFAULTS: dict[str, Scalar] = {"rows": 10, "rate": 0.1, "fast": False, "name": "x", "note": None}


def test_values_have_the_type_of_their_default() -> None:
    given = ["rows=7", "rate=1e-3", "fast=TRUE", "name=a=b", "note=5"]
    assert bind(DEFAULTS, given) == {"rows": 7, "rate": 0.001, "fast": True, "name": "a=b", "note": "5"}


@pytest.mark.parametrize("given", ["rate=nan", "rate=inf", "rate=-Infinity", "rate=1e999", "rows=1_0", "rows=1.0"])
def test_a_number_is_one_that_json_can_hold(given: str) -> None:
    with pytest.raises(BadInput, match=r"takes a (finite|whole) number"):
        bind(DEFAULTS, [given])


def test_an_empty_value_is_a_text() -> None:
    assert bind(DEFAULTS, ["name="]) == {"name": ""}


def test_all_problems_are_told_together() -> None:
    with pytest.raises(BadInput) as caught:
        bind(DEFAULTS, ["rows=many", "rate=low", "fast=yes", "rows", "raws=1", "name=a", "name=b"])
    assert [problem.what.split(";")[0] for problem in caught.value.problems] == [
        "'rows' takes a whole number, not 'many'",
        "'rate' takes a number, not 'low'",
        "'fast' takes true or false, not 'yes'",
        "'rows' says no value",
        "unknown parameter 'raws'",
        "'name' is given twice",
    ]
    assert caught.value.problems[4].remedy == "did you mean 'rows'?"
