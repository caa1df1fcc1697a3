"""What is said of policies and places survives being written down."""

from __future__ import annotations

import dataclasses
import json

from hypothesis import given
from hypothesis import strategies as st

from runner.model import events as e
from runner.model.document import from_document, to_document
from runner.model.placement import Placement
from runner.model.policy import DEFAULT, RunPolicy, StepPolicy, merge_policies
from runner.model.record import Failure
from tests.support import builders as b

NUMBERS = st.none() | st.integers(0, 99)
SECONDS = st.none() | st.floats(0, 1e6)
POLICIES = st.builds(
    StepPolicy,
    retries=NUMBERS,
    infrastructure_retries=NUMBERS,
    disruption_retries=NUMBERS,
    retry_oom=SECONDS,
    backoff=SECONDS,
    queue_timeout=SECONDS,
    start_timeout=SECONDS,
    run_timeout=SECONDS,
)
WORDS = st.text("abc-./", min_size=1, max_size=6)
TOLERATIONS = st.dictionaries(st.sampled_from(["key", "effect", "tolerationSeconds"]), WORDS | st.integers(0, 300))
PLACES = st.builds(
    Placement,
    st.dictionaries(WORDS, WORDS, max_size=3),
    st.lists(TOLERATIONS, max_size=3).map(tuple),
    WORDS,
    st.lists(WORDS, max_size=3).map(tuple),
)


def written(value: object) -> object:
    return from_document(type(value), json.loads(json.dumps(to_document(value))))


@given(POLICIES, st.builds(RunPolicy, SECONDS, NUMBERS), PLACES)
def test_policies_and_places_are_read_as_they_were_written(one: StepPolicy, whole: RunPolicy, place: Placement) -> None:
    assert written(one) == one
    assert written(whole) == whole
    assert written(place) == place
    step = b.step("a", policy=one, placement=place, always=True)
    plan = b.plan(step, policy=whole)
    assert written(plan) == plan


@given(st.sampled_from(Failure), st.floats(0, 1e6), WORDS)
def test_what_the_journal_tells_of_policies_is_read_as_it_was_written(
    failure: Failure, seconds: float, words: str
) -> None:
    for event in (
        e.AttemptFailed(
            key="a", attempt=1, failure=failure, reason=words, not_before=b.at(round(seconds))
        ),  # the journal keeps milliseconds
        e.AttemptOverdue("a", 1, words),
        e.StepFailed(key="a", failure=failure, reason=words, remedy=words),
        e.MachineSlept(seconds),
        e.RunOverdue(words),
    ):
        assert written(b.entry(2, event)) == b.entry(2, event)


@given(st.lists(POLICIES, min_size=1, max_size=4))
def test_earlier_policies_take_precedence_field_by_field(words: list[StepPolicy]) -> None:
    merged = merge_policies(*words, DEFAULT)
    for field in dataclasses.fields(StepPolicy):
        values = [getattr(one, field.name) for one in (*words, DEFAULT) if getattr(one, field.name) is not None]
        assert getattr(merged, field.name) == values[0]


@given(PLACES, PLACES)
def test_a_steps_place_goes_before_its_targets(step: Placement, target: Placement) -> None:
    both = step.over(target)
    assert {**both.node_selector, **step.node_selector} == both.node_selector
    assert set(target.image_pull_secrets) | set(step.image_pull_secrets) == set(both.image_pull_secrets)
    assert all(one in both.tolerations for one in (*step.tolerations, *target.tolerations))
    assert step.over(both) == both
