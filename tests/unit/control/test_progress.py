"""What is kept up step by step equals what is counted anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from runner.control.progress import Progress, is_ready, progress_of
from runner.control.settle import settle
from runner.errors import IllegalTransition
from runner.model import events as e
from runner.model.plan import Plan
from runner.model.policy import RunPolicy
from runner.model.record import Failure
from runner.model.state import RunState, begin, fold
from runner.model.status import RunStatus
from runner.model.step import StepSpec
from runner.model.step_counts import step_counts_of
from tests.support import builders as b
from tests.support import search_plans as s

KEYS = st.sampled_from([f"s{number}" for number in range(6)])
BROKEN = "broken"


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Up to six steps, some of which always run, some in an environment of their own."""
    steps = []
    for number in range(draw(st.integers(1, 6))):
        earlier = st.frozensets(st.integers(0, number - 1), max_size=2) if number else st.just(frozenset())
        feeders, after = draw(earlier), draw(earlier)
        steps.append(
            b.step(
                f"s{number}",
                *(f"s{need}" for need in sorted(feeders)),
                after=tuple(f"s{need}" for need in sorted(after)),
                always=draw(st.booleans()),
                environment=draw(st.sampled_from([b.ENVIRONMENT, b.ENVIRONMENT, BROKEN])),
            )
        )
    if len(steps) > 2 and draw(st.booleans()):
        steps = made_a_search(draw, steps)
    return b.plan(*draw(st.permutations(steps)), policy=RunPolicy(60.0))


def made_a_search(draw: st.DrawFn, steps: list[StepSpec]) -> list[StepSpec]:
    """Make the last step a search and some that it does not wait for, nor they for each other, its trials."""
    *others, last = steps
    free = [one.key for one in others if one.key not in last.needs and not one.needs]
    trials = tuple(draw(st.lists(st.sampled_from(free), min_size=1, unique=True))) if free else ()
    search = s.search(1, trials=trials, concurrent=draw(st.integers(1, 3)))
    changed = [replace(one, trial_of=last.key, always=False) if one.key in trials else one for one in others]
    return [*changed, replace(last, search=search, always=False) if trials else last]


EVENTS = st.one_of(
    st.builds(e.AttemptStarted, KEYS, st.integers(1, 3), st.just("uid")),
    st.builds(e.AttemptRunning, KEYS, st.just(b.at(1))),
    st.builds(
        e.AttemptFailed, key=KEYS, attempt=st.integers(1, 3), failure=st.sampled_from(Failure), reason=st.just("gone")
    ),
    st.builds(e.AttemptOverdue, KEYS, st.integers(1, 3), st.just("too long")),
    KEYS.map(b.succeeded),
    KEYS.map(b.failed),
    st.builds(e.StepReused, KEYS, st.just("other.a")),
    st.builds(e.TrialSampled, KEYS, st.just({"--lr": 0.5})),
    st.builds(e.TrialStopped, KEYS, st.integers(1, 3), st.just("worse")),
    st.builds(e.StepCanceled, KEYS, st.just("worse")),
    st.just(e.EnvironmentUnavailable(BROKEN, b.TARGET, "no such package")),
    st.just(e.CancelRequested()),
    st.just(e.RunOverdue("the deadline has passed")),
    st.just(e.ControllerStarted("c", "host", 1)),
    st.just(e.Heartbeat()),
)
BATCHES = st.lists(st.lists(EVENTS, min_size=1, max_size=3), max_size=25)


def legal(state: RunState, event: e.Event, number: int) -> bool:
    """Whether a journal may go on so."""
    if hasattr(event, "key") and event.key not in state.steps:
        return False
    if isinstance(event, e.RunOverdue) and state.overdue:
        return False
    try:
        fold(state, [b.entry(number, event)])
    except IllegalTransition:
        return False
    return True


def legal_part(state: RunState, events: Sequence[e.Event]) -> list[e.Event]:
    """Those of `events` that may follow one another."""
    chosen: list[e.Event] = []
    for event in events:
        draft = fold(state, [b.entry(state.number + 1, *chosen)]) if chosen else state
        if legal(draft, event, draft.number + 1):
            chosen.append(event)
    return chosen


def check_equal(kept: Progress, plan: Plan) -> None:
    anew = progress_of(plan, kept.state)
    assert set(kept.ready) == set(anew.ready)
    assert all(is_ready(kept.state, plan.by_key[key]) for key in kept.ready)
    assert kept.users == anew.users
    assert kept.searches == anew.searches
    statuses = {key: one.status for key, one in kept.state.steps.items()}
    fresh = step_counts_of(statuses, 0)
    step_counts = kept.state.step_counts
    assert {status: many for status, many in step_counts.count.items() if many} == dict(fresh.count)
    assert (step_counts.live, step_counts.open, step_counts.undelivered) == (fresh.live, fresh.open, fresh.undelivered)


def test_steps_are_counted_once_and_not_at_every_look() -> None:
    plan = b.plan(b.step("a"))
    assert progress_of(plan, begin(b.RUN, plan)).state.counted == begin(b.RUN, plan).step_counts


@given(plans(), BATCHES, st.booleans())
def test_progress_and_settlement_are_those_of_the_whole_state(
    plan: Plan, batches: list[list[e.Event]], go_on: bool
) -> None:
    first = b.entry(1, e.RunSubmitted(b.submission(plan, continue_on_step_failure=go_on)))
    state = fold(begin(b.RUN, plan), [first])
    kept, entries, attempts = progress_of(plan, state), [first], 0
    for batch in batches:
        events = legal_part(kept.state, batch)
        if not events or kept.state.over:
            continue
        number = kept.state.number + 1
        draft = kept.after(b.entry(number, *events))
        more = settle(plan, draft.state, events)
        # What the newest events can have moved is all that there is to settle: nothing was left over before.
        assert sorted(map(str, more)) == sorted(map(str, settle(plan, draft.state)))
        whole = b.entry(number, *events, *more)
        kept = kept.after(whole)
        entries.append(whole)
        attempts += sum(isinstance(event, e.AttemptStarted) for event in events)
        check_equal(kept, plan)
        assert settle(plan, kept.state) == ()
        assert kept.state.step_counts.attempts == attempts
    again = fold(begin(b.RUN, plan), entries)
    assert again == kept.state
    assert again.status in (RunStatus.RUNNING, RunStatus.CANCELING)
