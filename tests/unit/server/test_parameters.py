from __future__ import annotations

import pytest

from runner.server.operation import Parameter
from runner.server.parameters import path_values, query_values
from runner.server.problems import Refusal

KNOWN = (
    Parameter(name="run", about="", in_path=True, schema={"type": "string", "pattern": "^[a-z]+$", "maxLength": 5}),
    Parameter(name="limit", about="", schema={"type": "integer", "minimum": 1, "maximum": 1000}),
    Parameter(name="follow", about="", schema={"type": "boolean"}),
    Parameter(name="kind", about="", schema={"type": "string", "enum": ["a", "b"]}, required=True),
)


def test_values_have_the_types_of_their_schemas() -> None:
    assert query_values(KNOWN, [("limit", "7"), ("follow", "true"), ("kind", "a")]) == {
        "limit": 7,
        "follow": True,
        "kind": "a",
    }
    assert path_values(KNOWN, {"run": "abc"}) == {"run": "abc"}


def test_all_problems_are_told_at_once() -> None:
    with pytest.raises(Refusal) as caught:
        query_values(KNOWN, [("limit", "0"), ("folow", "1"), ("follow", "yes")])
    assert caught.value.status == 400
    told = "\n".join(map(str, caught.value.problems))
    for part in ("from 1 to 1000", "did you mean 'follow'", "neither true nor false", "it is missing", "add kind=…"):
        assert part in told


@pytest.mark.parametrize("text", ["1e3", "\u0661", "", "0x10", "9" * 19, " 1"])
def test_what_is_no_plain_number_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="value"):
        query_values(KNOWN, [("limit", text), ("kind", "a")])


def test_a_parameter_given_twice_is_refused() -> None:
    with pytest.raises(Refusal, match="twice"):
        query_values(KNOWN, [("kind", "a"), ("kind", "b")])


@pytest.mark.parametrize("text", ["ABC", "abcdef", "a\0", ""])
def test_a_path_that_names_nothing_is_not_found(text: str) -> None:
    with pytest.raises(Refusal) as caught:
        path_values(KNOWN, {"run": text})
    assert caught.value.status == 404
