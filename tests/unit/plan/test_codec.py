from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runner.errors import BadInput
from runner.model.data import DataPath, DatasetDefinition, Transform
from runner.model.step import InputSpec, ParameterValue
from runner.plan.codec import from_yaml, to_yaml
from tests.support import builders as b

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(TEXT, SCALARS, max_size=4), st.lists(TEXT, max_size=4), TEXT)
def test_what_is_written_is_read(parameters: dict[str, None], arguments: list[str], description: str) -> None:
    dataset = DatasetDefinition("tabular", (DataPath("s", "a/*.csv"),), transforms=(Transform("take", {"n": 1}),))
    steps = (
        b.step("a", command=(*arguments, ParameterValue("p"))),
        b.step("b", "a"),
        b.step("c", inputs=(InputSpec("raw", dataset), InputSpec("path", DataPath("s", "p")))),
    )
    plan = b.plan(*steps, parameters=parameters, description=description)
    assert from_yaml(to_yaml(plan), "plan.yaml") == plan


@pytest.mark.parametrize(
    "odd", ["\x85", "a\u2028b", "\u2029", "\x00", "\ufeff", "é", " x ", "1", "null", "~", "2026-01-01", "\t\n"]
)
def test_odd_texts_stay_as_they_are(odd: str) -> None:
    plan = b.plan(b.step("a", command=(odd,)), description=odd)
    assert from_yaml(to_yaml(plan), "plan.yaml") == plan


def test_it_is_made_to_be_read() -> None:
    text = to_yaml(b.plan(b.step("first"), b.step("second", "first")))
    assert text.index("first") < text.index("second")
    assert "type: OutputOf" in text
    assert "resources" not in text


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("steps: [", "plan.yaml", "not valid YAML"),
        ("steps: []\nstep: 1", "plan.yaml: ", "unknown field 'step'"),
        ("steps: []\n1: 1\nx: 1", "plan.yaml: ", "unknown field 1"),
        ("steps: [{key: a}]", "plan.yaml: steps[0]", "field 'name' is missing"),
        ("7", "plan.yaml: ", "expected a mapping"),
        ("", "plan.yaml: ", "expected a mapping"),
    ],
)
def test_what_cannot_be_read_names_its_place(text: str, where: str, what: str) -> None:
    with pytest.raises(BadInput) as caught:
        from_yaml(text, "plan.yaml")
    (problem,) = caught.value.problems
    assert problem.where == where
    assert problem.what.startswith(what)
