"""The Kubernetes target under the same histories: an API server in virtual time, and whatever it may do."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import cast

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from runner.model.policy import RunPolicy
from runner.model.task import TaskId
from runner.model.workers import WorkerKind, Workers
from runner.override import override
from runner.ports import ComputeTarget
from tests.scenario.test_faults_anywhere import JUMPS, POLICIES, RIVALS, SANE_SIGHT, dags, endings
from tests.support.builders import RUN, TARGET, plan, step
from tests.support.fake_target import Ending
from tests.support.history import Fate, History, Played
from tests.support.kube_world import Hitch, KubeWorld, Session, SteppedTarget, stepped
from tests.support.verdict import check

MANY = settings(
    max_examples=int(os.environ.get("RUNNER_TEST_HISTORIES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)


@dataclass(frozen=True)
class ServerFate(Fate):
    """What one controller meets, and what its connections to the API server do."""

    unanswered: frozenset[int] = frozenset()
    hitches: dict[int, Hitch] = field(default_factory=dict)


class PlayedOnKubernetes(Played):
    world_class = KubeWorld

    @override
    def target_for(self, fate: Fate) -> ComputeTarget:
        reported = fate if isinstance(fate, ServerFate) else ServerFate()
        session = Session(cast("KubeWorld", self.world), reported.unanswered, reported.hitches)
        return SteppedTarget(TARGET, session, self.store, self.history.slots)


def server(fate: Fate, unanswered: frozenset[int], hitches: dict[int, Hitch]) -> ServerFate:
    known = {name: getattr(fate, name) for name in ("end", "trouble", "deaf", "stopped_at", "rival", "cancel_at")}
    return ServerFate(**known, unanswered=unanswered, hitches=hitches)


UNANSWERED = st.frozensets(st.integers(1, 80), max_size=6)
HITCHES = st.dictionaries(st.integers(1, 40), st.sampled_from(Hitch), max_size=8)
FATES = st.builds(server, SANE_SIGHT | RIVALS, UNANSWERED, HITCHES)


def check_server(played: Played) -> None:
    """Nothing of the run is left on the server."""
    api = cast("KubeWorld", played.world).api
    assert api.names("jobs") == ()
    assert api.names("pods") == ()
    assert api.names("services") == ()
    assert f"run-{RUN}" not in api.names("configmaps")


@MANY
@given(
    st.builds(
        History,
        dags().map(lambda what: replace(what, policy=RunPolicy(what.policy.deadline, what.policy.max_parallel))),
        endings(*Ending),
        st.lists(FATES, max_size=3).map(tuple),
        JUMPS,
        cancel_after=st.one_of(st.just(0), st.just(0), st.integers(1, 20)),
        slots=st.integers(1, 3),
        go_on=st.booleans(),
    )
)
def test_whatever_the_api_server_does_the_run_ends_as_it_should(history: History) -> None:
    with stepped():
        played = PlayedOnKubernetes(history)
        check(played)
        if not any(fate.refused for fate in history.fates):
            check_server(played)


WORKERS = st.builds(Workers, kind=st.sampled_from(WorkerKind), nodes=st.integers(1, 4))
ENDS = st.tuples(st.sampled_from(Ending), st.integers(1, 4))


@st.composite
def with_workers(draw: st.DrawFn) -> History:
    """Two steps with many workers, of which each attempt may end in any way."""
    policy = draw(POLICIES)
    first, second = (replace(step("s0"), policy=policy), replace(step("s1", "s0"), policy=policy))
    steps = (replace(first, workers=draw(WORKERS)), replace(second, workers=draw(st.none() | WORKERS)))
    tasks = [TaskId(RUN, one.key, attempt) for one in steps for attempt in (1, 2)]
    return History(
        plan(*steps, policy=RunPolicy(draw(st.sampled_from([0.0, 60.0])), 2)),
        {task: draw(ENDS) for task in tasks},
        tuple(draw(st.lists(FATES, max_size=2))),
        cancel_after=draw(st.sampled_from([0, 0, 0, 3, 6])),
    )


@MANY
@given(with_workers())
def test_whatever_becomes_of_the_workers_of_a_step_the_run_ends_as_it_should(history: History) -> None:
    with stepped():
        played = PlayedOnKubernetes(history)
        check(played)
        if not any(fate.refused for fate in history.fates):
            check_server(played)
