"""Thousands of histories in which anything fails at any time: each ends, and ends as it should.

``RUNNER_TEST_HISTORIES=10000`` plays so many of each kind.
"""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.model.plan import Plan
from runner.model.policy import RunPolicy, StepPolicy
from runner.model.status import RunStatus, StepStatus
from runner.model.task import TaskId
from tests.support import search_plans as s
from tests.support.builders import RUN, plan, step
from tests.support.fake_target import Ending
from tests.support.history import SECRET, Fate, History, Played
from tests.support.rough_world import NIGHT, Jump
from tests.support.verdict import check

MANY = settings(
    max_examples=int(os.environ.get("RUNNER_TEST_HISTORIES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)

LIMITS = StepPolicy(queue_timeout=20.0, start_timeout=20.0, run_timeout=30.0)
POLICIES = st.builds(
    StepPolicy,
    retries=st.integers(0, 2),
    infrastructure_retries=st.integers(0, 3),
    disruption_retries=st.integers(0, 5),
    retry_oom=st.sampled_from([0.0, 2.0]),
    backoff=st.sampled_from([0.0, 1.0, 4.0]),
    queue_timeout=st.just(LIMITS.queue_timeout),
    start_timeout=st.just(LIMITS.start_timeout),
    run_timeout=st.just(LIMITS.run_timeout),
)
INSTANTS = st.integers(1, 60)
RARE = st.frozensets(INSTANTS, max_size=3)
WINDOWS = st.one_of(
    st.just(range(0)), st.builds(lambda at, size: range(at, at + size), st.integers(2, 20), st.integers(1, 15))
)
SANE_SIGHT = st.builds(
    Fate, end=st.one_of(st.just(0), INSTANTS), trouble=RARE, refusals=st.one_of(st.just(frozenset()), RARE), deaf=RARE
)
POOR_SIGHT = st.builds(
    lambda fate, stale, empty: replace(fate, stale=stale, empty=empty),
    SANE_SIGHT,
    WINDOWS,
    st.frozensets(st.integers(1, 30), max_size=2),
)
FATES = st.one_of(SANE_SIGHT, POOR_SIGHT)
RIVALS = st.builds(lambda fate, at, rival: replace(fate, stopped_at=at, rival=rival, end=0), FATES, INSTANTS, FATES)
CANCELED = st.builds(lambda fate, at: replace(fate, cancel_at=at), FATES, INSTANTS)
ASLEEP = st.sampled_from([True])
AWAKE = st.sampled_from([False])
JUMPS = st.dictionaries(
    st.integers(1, 12),
    st.builds(Jump, st.sampled_from([NIGHT, -NIGHT, 45.0]), monotonic=AWAKE, elsewhere=st.booleans())
    | st.builds(Jump, st.sampled_from([NIGHT, 45.0]), monotonic=ASLEEP, elsewhere=st.booleans()),
    max_size=2,
)


@st.composite
def dags(
    draw: st.DrawFn, policies: st.SearchStrategy[StepPolicy] = POLICIES, minutes: tuple[float, ...] = (0.1, 600.0)
) -> Plan:
    """Up to five steps that read one another's outputs, perhaps a search, and perhaps a step that always runs."""
    steps = []
    for number in range(draw(st.integers(1, 5))):
        needs = draw(st.frozensets(st.integers(0, number - 1), max_size=2)) if number else frozenset()
        one = step(
            f"s{number}", *(f"s{need}" for need in sorted(needs)), variables={"TOKEN": SECRET, "WHO": f"s{number}"}
        )
        steps.append(replace(one, policy=draw(policies)))
    if draw(st.booleans()):
        many, concurrent = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        search = s.search(many, concurrent=concurrent, minutes=draw(st.sampled_from(minutes)))
        needs_first = draw(st.sampled_from([(), ("s0",)]))
        secret = {"TOKEN": SECRET}
        steps += [replace(one, policy=draw(policies), variables=secret) for one in s.searching(search, *needs_first)]
    if draw(st.booleans()):
        after = tuple(one.key for one in steps)
        fed = draw(st.sampled_from(["", "s0"]))
        steps.append(step("z", *filter(None, [fed]), always=True, after=after, policy=draw(policies)))
    whole = RunPolicy(draw(st.sampled_from([0.0, 0.0, 15.0, 60.0])), draw(st.integers(0, 3)))
    return plan(*steps, policy=whole)


def endings(*kinds: Ending) -> st.SearchStrategy[dict[TaskId, tuple[Ending, int]]]:
    keys = st.sampled_from([*(f"s{n}" for n in range(5)), "t0", "t1", "t2", s.TUNE, "z"])
    tasks = st.builds(TaskId, st.just(RUN), keys, st.integers(1, 4))
    return st.dictionaries(tasks, st.tuples(st.sampled_from(kinds), st.integers(1, 6)), max_size=8)


HISTORIES = st.builds(
    History,
    dags(),
    endings(*Ending),
    st.lists(FATES | RIVALS | CANCELED, max_size=4).map(tuple),
    JUMPS,
    cancel_after=st.one_of(st.just(0), st.just(0), st.integers(1, 20)),
    slots=st.integers(1, 3),
    lingers=st.integers(0, 2),
    go_on=st.booleans(),
    reuse=st.sampled_from([False, False, False, True]),
)


@MANY
@given(HISTORIES)
def test_every_history_ends_as_it_should(history: History) -> None:
    check(Played(history))


GOOD = (Ending.SUCCEEDS,)
UNHURT = st.builds(Fate, trouble=RARE, deaf=RARE)


@MANY
@given(
    dags(st.just(replace(LIMITS, retries=2)), (600.0,)).map(lambda what: replace(what, policy=RunPolicy(600.0, 2))),
    endings(*GOOD),
    UNHURT,
    JUMPS,
)
def test_a_laptop_that_slept_neither_fails_nor_retries_nor_doubles_a_step(
    what: Plan, script: dict[TaskId, tuple[Ending, int]], fate: Fate, jumps: dict[int, Jump]
) -> None:
    played = Played(History(what, script, (fate,), jumps))
    end = check(played)
    assert end.status is RunStatus.SUCCEEDED
    for one in end.steps.values():
        assert (one.status, one.attempt, dict(one.endings)) == (StepStatus.SUCCEEDED, 1, {})
    assert set(played.world.executions.values()) == {1}
