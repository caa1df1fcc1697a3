"""The words of steps, pipelines, targets and the command line: what they mean, and what is wrong with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.access import Access
from runner.model.compute import ResourceRequest
from runner.model.duration import as_text, seconds_of
from runner.model.placement import Placement
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.policy_overrides import NO_OVERRIDES, READERS, PolicyOverrides, fields_of, parse_overrides
from runner.model.resources import Resources
from runner.model.toleration import misfits


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), (" 0.5s ", 0.5), ("1.5", 1.5),
     ("0", 0), ("", None), ("soon", None), ("-1", None), ("2 h", None), ("h", None), ("1e3", None), ("inf", None)],
)  # fmt: skip
def test_lengths_of_time(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@given(st.floats(0, 1e9) | st.integers(0, 10**9).map(float))
def test_a_length_of_time_is_read_as_it_was_written(seconds: float) -> None:
    text = as_text(seconds)
    assert (seconds_of(text) if isinstance(text, str) else text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(7200.0, "2h"), (5400.0, "90m"), (90.0, "90s"), (0.0, 0), (0.5, 0.5)])
def test_lengths_of_time_are_written_short(seconds: float, text: str | float) -> None:
    assert as_text(seconds) == text


def test_what_is_said_is_read_in_every_type_that_people_write() -> None:
    found, problems = parse_overrides(
        {"retries": "2", "run_timeout": timedelta(minutes=5), "deadline": "4h", "max_parallel": 3, "retry_oom": "2",
         "cpu": 2, "memory": "4Gi", "gpu": 1, "always": True, "node_selector": {"pool": "batch"},
         "tolerations": [{"key": "spot", "operator": "Exists"}], "image_pull_secrets": ["key"], "queue_timeout": None},
        str,
    )  # fmt: skip
    assert not problems
    assert found.policy == StepPolicy(retries=2, run_timeout=300.0, retry_oom=2.0)
    assert found.run == RunPolicy(14400.0, 3)
    assert found.request == ResourceRequest(cpu="2", memory="4Gi", gpu=1)
    tolerations = ({"key": "spot", "operator": "Exists"},)
    assert found.placement == Placement({"pool": "batch"}, tolerations, image_pull_secrets=("key",))
    assert found.always


@pytest.mark.parametrize(
    ("name", "value"),
    [("retries", -1), ("retries", "1.5"), ("retries", True), ("run_timeout", "soon"), ("run_timeout", -1),
     ("deadline", "-4h"), ("deadline", float("inf")), ("backoff", float("nan")), ("retry_oom", 1), ("retry_oom", 0.5),
     ("retry_oom", "-2"), ("retry_oom", "much"), ("cpu", "many"), ("cpu", 0), ("memory", "4"), ("memory", "4 GB"),
     ("memory", "0Gi"), ("gpu", "1.0"), ("max_parallel", -1), ("always", "yes"), ("node_selector", {"a": 1}),
     ("node_selector", "a"), ("tolerations", {"key": "a"}), ("tolerations", [{"key": "a", "effect": "Never"}]),
     ("service_account", 1), ("image_pull_secrets", "key")],
)  # fmt: skip
def test_what_means_nothing_is_a_problem_with_a_place_and_a_remedy(name: str, value: object) -> None:
    found, problems = parse_overrides({name: value}, "place of {}".format)
    assert found == NO_OVERRIDES
    (problem,) = problems
    assert problem.what.startswith(name)
    assert problem.where == f"place of {name}"
    assert problem.remedy


def test_all_problems_are_found_together() -> None:
    assert len(parse_overrides({"retries": "x", "memory": "y", "deadline": "z", "gpu": 1}, str)[1]) == 3


def test_every_field_of_every_part_has_a_reader() -> None:
    parts = [name for shape in (StepPolicy, RunPolicy, ResourceRequest, Placement, Access) for name in fields_of(shape)]
    assert sorted([*parts, "always", "continue_on_failure", "packages_until"]) == sorted(READERS)


def test_the_first_word_counts() -> None:
    one = PolicyOverrides(
        policy=StepPolicy(retries=0),
        request=ResourceRequest(memory="1Gi"),
        placement=Placement({"a": "1"}),
        always=False,
        access=Access(("db",)),
    )
    other = PolicyOverrides(policy=StepPolicy(retries=2, run_timeout=5.0),
                   request=ResourceRequest(cpu="2", memory="2Gi", gpu=0),
                   placement=Placement({"a": "2", "b": "2"}, service_account="s"), always=True,
                   access=Access(("api", "db"), ("lake",)))  # fmt: skip
    assert one.before(other) == PolicyOverrides(
        policy=StepPolicy(retries=0, run_timeout=5.0),
        request=ResourceRequest(cpu="2", memory="1Gi", gpu=0),
        placement=Placement({"a": "1", "b": "2"}, service_account="s"),
        access=Access(("api", "db"), ("lake",)),
        always=False,
    )


def test_the_memory_that_is_asked_for_is_the_most_that_may_be_taken() -> None:
    assert ResourceRequest(memory="4Gi").onto(Resources()) == Resources(memory="4Gi", memory_limit="4Gi")
    assert ResourceRequest(cpu=2).onto(Resources(cpu_limit="1")) == Resources(cpu="2")
    assert ResourceRequest(cpu=2, gpu=0).onto(Resources(cpu_limit="4", gpu=1)) == Resources(cpu="2", cpu_limit="4")
    assert ResourceRequest().onto(Resources(cpu="3", gpu=1)) == Resources(cpu="3", gpu=1)


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (Resources(), Resources(cpu="2", memory="4Gi", memory_limit="4Gi", gpu=1)),
        (Resources(cpu="3"), Resources(cpu="3", memory="4Gi", memory_limit="4Gi", gpu=1)),
        (Resources(cpu_limit="1"), Resources(cpu_limit="1", memory="4Gi", memory_limit="4Gi", gpu=1)),
        (Resources(memory_limit="7Gi"), Resources(cpu="2", memory_limit="7Gi", gpu=1)),
        (Resources(gpu=2), Resources(cpu="2", memory="4Gi", memory_limit="4Gi", gpu=2)),
    ],
)
def test_a_targets_words_hold_where_a_step_says_nothing(asked: Resources, holds: Resources) -> None:
    assert ResourceRequest(cpu="2", memory="4Gi", gpu=1).below(asked) == holds


@pytest.mark.parametrize(
    ("toleration", "wrong"),
    [
        ({"key": "spot", "operator": "Exists", "effect": "NoSchedule"}, 0),
        ({"key": "spot", "value": "yes"}, 0),
        ({"operator": "Exists"}, 0),
        ({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}, 0),
        ({"keys": "spot", "operator": "Exists"}, 1),
        ({"value": "yes"}, 1),
        ({"key": "a", "operator": "In"}, 1),
        ({"key": "a", "effect": "Never"}, 1),
        ({"key": "a", "operator": "Exists", "value": "x"}, 1),
        ({"key": "a", "effect": "NoSchedule", "tolerationSeconds": 60}, 1),
        ({"key": "a", "effect": "NoExecute", "tolerationSeconds": "60"}, 1),
        ({"key": 1}, 1),
        ("spot", 1),
        ({"kind": "x", "effect": "y"}, 3),
    ],
)
def test_tolerations(toleration: object, wrong: int) -> None:
    found = list(misfits(toleration))
    assert len(found) == wrong
    assert all(what and remedy for what, remedy in found)
