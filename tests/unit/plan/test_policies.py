"""What holds for each step: the words of all places, in their order."""

from __future__ import annotations

import dataclasses
import graphlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.compute.kubernetes.config import KubernetesConfig
from runner.compute.process.config import ProcessConfig
from runner.config import TargetConfig
from runner.datastores import BucketConfig
from runner.model.access import Access
from runner.model.compute import ResourceRequest
from runner.model.placement import Placement
from runner.model.plan import Plan
from runner.model.policy import DEFAULT, DEFAULT_RUN, RunPolicy, StepPolicy
from runner.model.policy_overrides import NO_OVERRIDES, PolicyOverrides
from runner.model.resources import Resources
from runner.model.step import StepSpec
from runner.plan.policies import (
    non_default_fields,
    problems,
    with_access,
    with_defaults,
    with_dependencies_of_always,
    with_overrides,
)
from runner.plan.validate import validate
from tests.support import builders as b

CLUSTER = KubernetesConfig(
    store=BucketConfig(bucket="b", endpoint="http://localhost:9000"),
    policy=StepPolicy(retries=5, queue_timeout=60.0, disruption_retries=9),
    resources=ResourceRequest(cpu=2, memory="4Gi"),
)
MACHINE = ProcessConfig(policy=StepPolicy(retries=1))


def resolve(plan: Plan, words: PolicyOverrides = NO_OVERRIDES, target: TargetConfig = CLUSTER) -> Plan:
    done = with_defaults(plan, dict.fromkeys((step.key for step in plan.steps), "t"), {"t": target})
    return with_overrides(done, words)


def of(policy: StepPolicy, words: PolicyOverrides = NO_OVERRIDES, target: TargetConfig = CLUSTER) -> StepPolicy:
    return resolve(b.plan(b.step("a", policy=policy)), words, target).steps[0].policy


def test_a_plan_that_says_nothing_states_everything() -> None:
    plan = resolve(b.plan(b.step("a")), target=ProcessConfig())
    assert plan.steps[0].policy == DEFAULT
    assert plan.policy == DEFAULT_RUN
    assert all(value is not None for value in dataclasses.asdict(plan.steps[0].policy).values())
    assert plan.steps[0].resources == Resources()


@pytest.mark.parametrize(
    ("line", "step", "holds"),
    [(None, None, 5), (None, 0, 0), (None, 3, 3), (2, 3, 2), (0, 3, 0), (2, None, 2)],
)
def test_command_line_step_target(line: int | None, step: int | None, holds: int) -> None:
    assert of(StepPolicy(retries=step), PolicyOverrides(policy=StepPolicy(retries=line))).retries == holds


def test_the_names_that_a_script_may_open_are_those_of_all_places() -> None:
    step = replace(b.step("a"), access=Access(("db",), ("lake",)))
    target = replace(MACHINE, access=Access(("api",)))
    words = PolicyOverrides(access=Access(datastores=("pond",)))
    assert resolve(b.plan(step), words, target).steps[0].access == Access(("api", "db"), ("lake", "pond"))
    assert with_access(b.plan(step), {}, {}, words.access).steps[0].access == Access(("db",), ("lake", "pond"))


def test_words_are_merged_field_by_field() -> None:
    found = of(StepPolicy(run_timeout=10.0), PolicyOverrides(policy=StepPolicy(retry_oom=2.0)))
    assert found == replace(
        DEFAULT, retries=5, queue_timeout=60.0, disruption_retries=9, run_timeout=10.0, retry_oom=2.0
    )
    assert of(StepPolicy(), target=MACHINE).retries == 1


def test_the_runs_policy() -> None:
    plan = b.plan(b.step("a"), policy=RunPolicy(deadline=60.0))
    assert resolve(plan).policy == RunPolicy(60.0, 0)
    assert resolve(plan, PolicyOverrides(run=RunPolicy(5.0, 2))).policy == RunPolicy(5.0, 2)


def test_resources_of_line_step_and_target() -> None:
    own = b.step("own", resources=Resources(memory="1Gi", memory_limit="1Gi"))
    plan = b.plan(b.step("a"), own)
    asked = [step.resources for step in resolve(plan).steps]
    assert asked == [
        Resources(cpu="2", memory="4Gi", cpu_limit="", memory_limit="4Gi"),
        Resources(cpu="2", memory="1Gi", cpu_limit="", memory_limit="1Gi"),
    ]
    asked = [
        step.resources for step in resolve(plan, PolicyOverrides(request=ResourceRequest(memory="8Gi", gpu=1))).steps
    ]
    assert asked == [Resources(cpu="2", memory="8Gi", cpu_limit="", memory_limit="8Gi", gpu=1)] * 2
    assert [step.resources for step in resolve(plan, target=MACHINE).steps] == [Resources(), own.resources]


def test_resolving_again_changes_nothing() -> None:
    plan = resolve(
        b.plan(b.step("a"), b.step("end", always=True, outputs=())), PolicyOverrides(policy=StepPolicy(retries=2))
    )
    assert resolve(plan, target=MACHINE) == plan


def test_a_step_that_always_runs_waits_for_all_others_and_is_never_reused() -> None:
    plan = b.plan(b.step("a"), b.step("b", "a"), b.step("end", always=True), b.step("c"), b.step("more", "end"))
    end = resolve(plan).step("end")
    assert end.after == ("a", "b", "c")
    assert not end.reuse


def test_a_step_that_always_runs_and_says_after_what_keeps_it() -> None:
    plan = b.plan(b.step("a"), b.step("b"), b.step("end", always=True, after=("a",)), b.step("read", "b", always=True))
    steps = resolve(plan)
    assert (steps.step("end").after, steps.step("read").after) == (("a",), ())
    assert not steps.step("read").reuse


def test_a_drawing_shows_what_it_waits_for_before_anything_else_is_known() -> None:
    plan = b.plan(b.step("a"), b.step("end", always=True))
    assert with_dependencies_of_always(plan).step("end").after == ("a",)
    assert with_dependencies_of_always(plan).step("a") is plan.step("a")
    plain = b.plan(b.step("a"))
    assert with_dependencies_of_always(plain) is plain


def test_a_lone_step_that_always_runs_waits_for_nothing() -> None:
    assert resolve(b.plan(b.step("end", always=True))).steps[0].after == ()


@st.composite
def graphs(draw: st.DrawFn) -> Plan:
    steps: list[StepSpec] = []
    for number in range(draw(st.integers(1, 8))):
        needs = draw(st.lists(st.sampled_from([step.key for step in steps]), unique=True)) if steps else []
        steps.append(b.step(f"s{number}", *needs, always=draw(st.booleans())))
    return b.plan(*draw(st.permutations(steps)))


@given(graphs())
def test_what_always_runs_never_makes_a_cycle(plan: Plan) -> None:
    done = resolve(plan)
    graphlib.TopologicalSorter({step.key: step.needs for step in done.steps}).prepare()
    for before, after in zip(plan.steps, done.steps, strict=True):
        assert before.needs <= after.needs
        assert before.always or before.needs == after.needs


def test_all_that_means_nothing_is_found_at_once() -> None:
    plan = b.plan(
        b.step("a", policy=StepPolicy(retries=-1, run_timeout=-2.0, retry_oom=0.5)),
        b.step("b", resources=Resources(cpu="many", memory="much", memory_limit="", gpu=-1)),
        b.step("c", resources=Resources(memory="4Gi", memory_limit="2Gi", shared_memory="big")),
        b.step("d", resources=Resources(cpu="", memory_limit="0Gi")),
        b.step("e", placement=Placement(tolerations=({"effect": "Never", "operator": "Exists"},))),
        policy=RunPolicy(deadline=-1.0, max_parallel=-1),
    )
    found = list(problems(plan))
    assert [problem.where.split(":")[0] for problem in found] == [
        *["the pipeline"] * 2, *["step 'a'"] * 3, *["step 'b'"] * 3, *["step 'c'"] * 2, *["step 'd'"] * 2,
        "step 'e'",
    ]  # fmt: skip
    assert all(problem.remedy for problem in found)
    assert set(found) <= set(validate(plan))


def test_a_resolved_plan_has_no_problems() -> None:
    assert list(problems(resolve(b.plan(b.step("a"))))) == []


def test_what_differs_from_the_default_as_people_write_it() -> None:
    assert (
        non_default_fields(DEFAULT)
        == non_default_fields(StepPolicy())
        == non_default_fields(DEFAULT_RUN)
        == non_default_fields(Resources())
        == {}
    )
    policy = StepPolicy(retries=2, run_timeout=7200.0, backoff=0.0, retry_oom=1.5)
    assert non_default_fields(policy) == {"retries": 2, "retry_oom": 1.5, "backoff": 0, "run_timeout": "2h"}
    assert non_default_fields(RunPolicy(90.0, 0)) == {"deadline": "90s"}
