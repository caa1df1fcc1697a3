"""What holds for each step: the words of all places, in their order."""

from __future__ import annotations

import dataclasses
import graphlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.config import KubernetesConfig, ProcessConfig, TargetConfig
from runner.datastores import BucketConfig
from runner.model.access import Access
from runner.model.compute import Wish
from runner.model.placement import Placement
from runner.model.plan import Plan
from runner.model.policy import DEFAULT, DEFAULT_RUN, RunPolicy, StepPolicy
from runner.model.resources import Resources
from runner.model.stated import NOTHING, Stated
from runner.model.step import StepSpec
from runner.plan.policies import closed, differing, granted, problems, resolved, said
from runner.plan.validate import validate
from tests.support import builders as b

CLUSTER = KubernetesConfig(
    BucketConfig("b", "http://localhost:9000"),
    policy=StepPolicy(retries=5, queue_timeout=60.0, disruption_retries=9),
    resources=Wish(cpu=2, memory="4Gi"),
)
MACHINE = ProcessConfig(policy=StepPolicy(retries=1))


def resolve(plan: Plan, words: Stated = NOTHING, target: TargetConfig = CLUSTER) -> Plan:
    done = resolved(plan, dict.fromkeys((step.key for step in plan.steps), "t"), {"t": target})
    return said(done, words)


def of(policy: StepPolicy, words: Stated = NOTHING, target: TargetConfig = CLUSTER) -> StepPolicy:
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
    assert of(StepPolicy(retries=step), Stated(StepPolicy(retries=line))).retries == holds


def test_the_names_that_a_script_may_open_are_those_of_all_places() -> None:
    step = replace(b.step("a"), access=Access(("db",), ("lake",)))
    target = replace(MACHINE, access=Access(("api",)))
    words = Stated(access=Access(datastores=("pond",)))
    assert resolve(b.plan(step), words, target).steps[0].access == Access(("api", "db"), ("lake", "pond"))
    assert granted(b.plan(step), {}, {}, words.access).steps[0].access == Access(("db",), ("lake", "pond"))


def test_words_are_merged_field_by_field() -> None:
    found = of(StepPolicy(run_timeout=10.0), Stated(StepPolicy(oom_factor=2.0)))
    assert found == replace(
        DEFAULT, retries=5, queue_timeout=60.0, disruption_retries=9, run_timeout=10.0, oom_factor=2.0
    )
    assert of(StepPolicy(), target=MACHINE).retries == 1


def test_the_runs_policy() -> None:
    plan = b.plan(b.step("a"), policy=RunPolicy(deadline=60.0))
    assert resolve(plan).policy == RunPolicy(60.0, 0)
    assert resolve(plan, Stated(run=RunPolicy(5.0, 2))).policy == RunPolicy(5.0, 2)


def test_resources_of_line_step_and_target() -> None:
    own = b.step("own", resources=Resources(memory="1Gi", memory_limit="1Gi"))
    plan = b.plan(b.step("a"), own)
    asked = [step.resources for step in resolve(plan).steps]
    assert asked == [Resources("2", "4Gi", "", "4Gi"), Resources("2", "1Gi", "", "1Gi")]
    asked = [step.resources for step in resolve(plan, Stated(wish=Wish(memory="8Gi", gpu=1))).steps]
    assert asked == [Resources("2", "8Gi", "", "8Gi", 1)] * 2
    assert [step.resources for step in resolve(plan, target=MACHINE).steps] == [Resources(), own.resources]


def test_resolving_again_changes_nothing() -> None:
    plan = resolve(b.plan(b.step("a"), b.step("end", always=True, outputs=())), Stated(StepPolicy(retries=2)))
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
    assert closed(plan).step("end").after == ("a",)
    assert closed(plan).step("a") is plan.step("a")
    plain = b.plan(b.step("a"))
    assert closed(plain) is plain


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
        b.step("a", policy=StepPolicy(retries=-1, run_timeout=-2.0, oom_factor=0.5)),
        b.step("b", resources=Resources("many", "much", memory_limit="", gpu=-1)),
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
    assert differing(DEFAULT) == differing(StepPolicy()) == differing(DEFAULT_RUN) == differing(Resources()) == {}
    policy = StepPolicy(retries=2, run_timeout=7200.0, backoff=0.0, oom_factor=1.5)
    assert differing(policy) == {"retries": 2, "oom_factor": 1.5, "backoff": 0, "run_timeout": "2h"}
    assert differing(RunPolicy(90.0, 0)) == {"deadline": "90s"}
