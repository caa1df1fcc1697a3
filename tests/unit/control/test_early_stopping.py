"""The rules of early termination, with cases that were computed by hand from v1's documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.control.early_stopping import judged_number, stops
from runner.model.search import Goal, Stopping, StoppingRule
from tests.support import search_plans as s

Logged = Mapping[str, Sequence[float]]
MAX, MIN = Goal.MAXIMIZE, Goal.MINIMIZE
INF = float("inf")


def bandit(**changes: Any) -> StoppingRule:
    return StoppingRule(kind=Stopping.BANDIT, **changes)


def stopped(rule: StoppingRule, values: Logged, goal: Goal = MAX, running: str = "abcdefghijkl") -> str:
    """The trials that are stopped, each with a letter as its name."""
    return "".join(sorted(stops(s.search(1, rule=rule, goal=goal), values, [key for key in running if key in values])))


@pytest.mark.parametrize(
    ("interval", "delay", "judged"),
    [
        (1, 0, [0, 1, 2, 3, 4, 5, 6]),
        (2, 0, [0, 0, 2, 2, 4, 4, 6]),
        (1, 3, [0, 0, 0, 3, 4, 5, 6]),
        (2, 3, [0, 0, 0, 0, 4, 4, 6]),
        (4, 4, [0, 0, 0, 0, 4, 4, 4]),
    ],
)
def test_a_trial_is_judged_at_multiples_of_the_interval_from_the_delay_on(
    interval: int, delay: int, judged: list[int]
) -> None:
    rule = StoppingRule(kind=Stopping.MEDIAN, interval=interval, delay=delay)
    assert [judged_number(rule, logged) for logged in range(7)] == judged


@pytest.mark.parametrize(
    ("rule", "goal", "values", "gone"),
    [
        # v1's documentation: the best is 0.8, so that with a factor of 0.2 less than 0.666… is stopped …
        (bandit(slack_factor=0.2), MAX, {"a": [0.8], "b": [0.67], "c": [0.66]}, "c"),
        # … and with an amount of 0.2 less than 0.6.
        (bandit(slack_amount=0.2), MAX, {"a": [0.8], "b": [0.61], "c": [0.59]}, "c"),
        (bandit(slack_factor=0.5), MIN, {"a": [2.0], "b": [3.0], "c": [3.1]}, "c"),
        (bandit(slack_amount=0.5), MIN, {"a": [2.0], "b": [2.5], "c": [2.6]}, "c"),
        # The best value of a trial counts, not its newest.
        (bandit(slack_amount=0.0), MAX, {"a": [0.9, 0.1], "b": [0.9, 0.2], "c": [0.8, 0.8]}, "c"),
        # Only values up to the number at which the trial is judged: 0.9 is the fourth of a.
        (bandit(slack_amount=0.1), MAX, {"a": [0.1, 0.2, 0.3, 0.9], "b": [0.1, 0.1, 0.2], "c": [0.5]}, "b"),
        # A best value below zero stops no trial that is as good; v1's formula would stop the best itself.
        (bandit(slack_factor=0.5), MAX, {"a": [-2.0], "b": [-3.0], "c": [-3.1]}, "c"),
        (bandit(slack_factor=0.5), MIN, {"a": [-3.0], "b": [-2.0], "c": [-1.9]}, "c"),
        (bandit(slack_factor=0.5, delay=2), MAX, {"a": [1.0, 1.0], "b": [0.1], "c": [0.1, 0.1]}, "c"),
        (bandit(slack_factor=0.5, interval=2), MAX, {"a": [1.0, 1.0, 9.0], "b": [0.1], "c": [0.7, 0.1, 0.1]}, ""),
        (bandit(slack_factor=0.1), MAX, {"a": [float("nan")], "b": [0.5], "c": []}, "a"),
        (bandit(slack_factor=0.1), MIN, {"a": [float("nan")]}, ""),
        (bandit(slack_factor=0.1), MIN, {"a": [float("inf")], "b": [0.5]}, "a"),
        # A loss that diverged is no result in either direction, and what others reached counts.
        (bandit(slack_factor=0.1), MAX, {"a": [INF], "b": [0.5], "c": [0.1]}, "ac"),
        (bandit(slack_factor=0.1), MIN, {"a": [-INF], "b": [0.5], "c": [0.9]}, "ac"),
        (bandit(slack_amount=0.1), MAX, {"a": [INF, 0.5], "b": [0.45, 0.45]}, ""),
    ],
)
def test_bandit(rule: StoppingRule, goal: Goal, values: Logged, gone: str) -> None:
    assert stopped(rule, values, goal) == gone


MEDIAN = StoppingRule(kind=Stopping.MEDIAN)


@pytest.mark.parametrize(
    ("goal", "values", "gone"),
    [
        # Averages 1, 2 and 4: the median is 2.
        (MAX, {"a": [1.0, 1.0], "b": [2.0, 2.0], "c": [4.0, 4.0]}, "a"),
        (MIN, {"a": [1.0, 1.0], "b": [2.0, 2.0], "c": [4.0, 4.0]}, "c"),
        # Averages of one value 3 and 5: the median is 4, and b is judged at its second value, with averages 3 and 5.
        (MAX, {"a": [3.0], "b": [5.0, 5.0]}, "a"),
        # The best value counts against the averages: 6 is not below the median of 3.5 and 5.
        (MAX, {"a": [6.0, 1.0], "b": [5.0, 5.0]}, ""),
        # a is judged at its first value: the first of b and c alone count, 1 and 2.
        (MAX, {"a": [2.0], "b": [1.0, 9.0], "c": [2.0, 9.0]}, ""),
        (MAX, {"a": [2.0]}, ""),
        (MAX, {"a": [float("nan")], "b": [1.0], "c": [1.0]}, "a"),
        (MAX, {"a": [INF], "b": [1.0], "c": [1.0]}, "a"),
        (MIN, {"a": [-INF], "b": [1.0], "c": [1.0]}, "a"),
    ],
)
def test_median(goal: Goal, values: Logged, gone: str) -> None:
    assert stopped(MEDIAN, values, goal) == gone


TEN: Logged = {letter: [float(number)] for number, letter in enumerate("abcdefghij")}


@pytest.mark.parametrize(
    ("percentage", "goal", "values", "gone"),
    [
        (20, MAX, TEN, "ab"),
        (20, MIN, TEN, "ij"),
        (25, MAX, TEN, "ab"),  # two and a half of ten
        (9, MAX, TEN, ""),
        (99, MAX, TEN, "abcdefghi"),
        # Equal ones stay together.
        (50, MAX, {"a": [1.0], "b": [1.0], "c": [1.0], "d": [2.0]}, ""),
        (50, MAX, {"a": [1.0], "b": [2.0], "c": [2.0], "d": [2.0]}, "a"),
        # Of the five that have come to the second value, one is stopped; a has logged one value, and five are better.
        (
            20,
            MAX,
            {"a": [0.0], **{letter: [float(n), float(n)] for n, letter in enumerate("bcdef", 1)}},
            "ab",
        ),
        (50, MAX, {"a": [1.0]}, ""),
        (50, MAX, {"a": [INF], "b": [1.0]}, "a"),
        (50, MIN, {"a": [-INF], "b": [1.0]}, "a"),
    ],
)
def test_truncation(percentage: int, goal: Goal, values: Logged, gone: str) -> None:
    assert stopped(StoppingRule(kind=Stopping.TRUNCATION, percentage=percentage), values, goal) == gone


def test_the_reason_has_the_numbers() -> None:
    search = s.search(1, rule=bandit(slack_factor=0.2))
    assert stops(search, {"a": [0.8, 0.1], "b": [0.1, 0.5]}, "ab") == {
        "b": "early termination (bandit): its best accuracy of 2 values is 0.5, and the least allowed is 0.666667"
    }
    search = s.search(1, rule=MEDIAN, goal=MIN)
    assert stops(search, {"a": [1.0], "b": [3.0]}, "ab") == {
        "b": "early termination (median): its best accuracy of 1 value is 3, and the most allowed is 2"
    }
    assert stops(search, {"a": [1.0], "b": [-INF], "c": [1.0]}, "ab") == {
        "b": "early termination (median): it has logged no finite accuracy in 1 value"
    }


def test_without_a_rule_no_trial_is_stopped_and_those_that_have_ended_are_left_alone() -> None:
    assert stops(s.search(1), {"a": [1.0], "b": [0.0]}, "ab") == {}
    assert stopped(bandit(slack_amount=0.1), {"a": [1.0], "b": [0.0], "c": [0.1]}, running="ac") == "c"


NUMBERS = st.integers(-50, 50).map(float)
MANY = st.dictionaries(st.sampled_from("abcdefgh"), st.lists(NUMBERS, max_size=6), min_size=1)
RULES = st.one_of(
    st.builds(bandit, slack_factor=st.floats(0, 3), interval=st.integers(1, 3), delay=st.integers(0, 3)),
    st.builds(bandit, slack_amount=st.floats(0, 9), interval=st.integers(1, 3), delay=st.integers(0, 3)),
    st.builds(StoppingRule, kind=st.just(Stopping.MEDIAN), interval=st.integers(1, 3), delay=st.integers(0, 3)),
    st.builds(StoppingRule, kind=st.just(Stopping.TRUNCATION), percentage=st.integers(1, 99), delay=st.integers(0, 3)),
)


@given(RULES, MANY, st.sampled_from(Goal))
def test_the_best_trial_of_its_length_is_never_stopped(rule: StoppingRule, values: Logged, goal: Goal) -> None:
    best = max if goal is MAX else min
    longest = max(map(len, values.values()))
    level = {key: best(logged) for key, logged in values.items() if len(logged) == longest and logged}
    gone = stopped(rule, values, goal)
    if level and all(len(logged) == longest for logged in values.values()):
        assert best(level, key=level.__getitem__) not in gone
    # A rule that stops a trial stops each one that has logged as many values and is not better.
    for key in gone:
        for other, logged in values.items():
            if len(logged) == len(values[key]) and best(logged) == best(values[key]) and rule.interval == 1:
                assert other in gone


@given(RULES, MANY)
def test_to_minimize_is_to_maximize_the_negative(rule: StoppingRule, values: Logged) -> None:
    turned = {key: [-value for value in logged] for key, logged in values.items()}
    assert stopped(rule, values, MAX) == stopped(rule, turned, MIN)


@given(RULES, MANY, st.lists(NUMBERS, min_size=1, max_size=3))
def test_later_values_of_others_do_not_matter(rule: StoppingRule, values: Logged, more: list[float]) -> None:
    """A trial is compared with what the others had at the same number of values."""
    short = min(values, key=lambda key: len(values[key]))
    longer = {key: logged if key == short else [*logged, *more] for key, logged in values.items()}
    if all(len(logged) > len(values[short]) for key, logged in values.items() if key != short):
        assert (short in stopped(rule, values)) == (short in stopped(rule, longer))
