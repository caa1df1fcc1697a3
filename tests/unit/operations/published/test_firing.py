"""Firing schedules: what is due, and that each due time makes one run whatever is killed or doubled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.errors import BadInput, RunnerError
from runner.model.data import DEFAULT_DATASTORE, DatastorePath
from runner.model.firing import FiringState
from runner.model.names import computed_run_id, run_time
from runner.model.occurrences import due
from runner.model.published import ParameterValues, Status
from runner.model.schedule import Frequency, Recurrence, ScheduleRecord
from runner.operations.published import endpoints, firing, pipelines, schedule_history, schedules, triggers
from runner.operations.watch import view
from runner.ports import ObjectStore
from tests.support.builders import T0
from tests.support.examples import examples
from tests.support.mortal import Killed, Life
from tests.support.schedules import (
    DAILY,
    MINUTELY,
    PIPELINE,
    ClockedStore,
    FiringHost,
    after,
    mortal,
    published,
    runs,
    scheduled,
)

NINE = T0.replace(hour=9, minute=0, second=0, microsecond=0)
"""The first due time of `DAILY` after `T0`."""


@pytest.fixture
def store() -> ClockedStore:
    made = ClockedStore()
    published(made)
    return made


@pytest.mark.parametrize(("early", "seconds"), [(1, 1.0), (20, 20.0), (21, 0.0), (0, 0.0), (-1, 0.0)])
def test_a_process_that_is_started_too_early_waits(store: ClockedStore, early: int, seconds: float) -> None:
    record = scheduled(store)
    assert firing.seconds_until_due(record, NINE - timedelta(seconds=early)) == seconds
    assert firing.seconds_until_due(replace(record, status=Status.DISABLED), NINE - timedelta(seconds=1)) == 0
    assert firing.seconds_until_due(scheduled(store, None, id="s2"), NINE - timedelta(seconds=1)) == 0


def states(store: ObjectStore) -> list[tuple[datetime, str]]:
    return [(each.due, each.state.value) for each in schedule_history.newest_first(store, "s1")]


def test_nothing_is_due_before_the_first_time(store: ClockedStore) -> None:
    record = scheduled(store)
    store.at = NINE - timedelta(seconds=1)
    assert firing.fire(FiringHost(store), record) == []
    assert runs(store) == []


def test_a_due_time_makes_one_run_of_the_schedule(store: ClockedStore) -> None:
    values = ParameterValues(scalars={"rounds": 7}, data={"files": DatastorePath(DEFAULT_DATASTORE, "in/2")})
    record, host = scheduled(store, values=values, tags={"a": "b"}, continue_on_step_failure=True), FiringHost(store)
    store.at = NINE + timedelta(seconds=20)
    (made,) = firing.fire(host, record)
    assert (made.due, made.state, run_time(made.run)) == (NINE, FiringState.SUBMITTED, NINE)
    assert firing.fire(host, record) == []
    assert runs(store) == host.started == [made.run]
    found = view(store, made.run)
    said = found.state.submission
    assert said is not None
    assert (said.schedule, said.source, said.published) == ("s1", "Schedule", PIPELINE)
    assert (said.experiment, dict(said.parameters), dict(said.tags)) == ("e", {"rounds": 7}, {"a": "b"})
    assert said.continue_on_step_failure
    assert found.plan.steps[0].inputs[0].source == DatastorePath(DEFAULT_DATASTORE, "in/2")


def test_only_the_newest_due_time_runs_and_the_history_counts_the_others(store: ClockedStore) -> None:
    record = scheduled(store, MINUTELY)
    store.at = after(minutes=10)
    (made,) = firing.fire(FiringHost(store), record)
    assert (made.due, made.missed) == (datetime(2026, 1, 2, 3, 14, tzinfo=T0.tzinfo), 9)
    assert made.missed_since == datetime(2026, 1, 2, 3, 5, tzinfo=T0.tzinfo)
    assert runs(store) == [made.run]


def test_a_due_time_that_is_an_hour_late_is_missed(store: ClockedStore) -> None:
    record = scheduled(store)
    store.at = NINE + timedelta(hours=1, seconds=1)
    (made,) = firing.fire(FiringHost(store), record)
    assert (made.due, made.state) == (NINE, FiringState.MISSED)
    assert firing.fire(FiringHost(store), record) == []
    assert runs(store) == []


def test_an_hour_late_is_in_time(store: ClockedStore) -> None:
    record = scheduled(store)
    store.at = NINE + timedelta(hours=1)
    assert [made.state for made in firing.fire(FiringHost(store), record)] == [FiringState.SUBMITTED]


def test_times_before_the_creation_or_while_it_was_disabled_do_not_count(store: ClockedStore) -> None:
    record = scheduled(store)
    store.at = NINE - timedelta(minutes=1)
    schedules.set_status(store, "s1", Status.DISABLED, store.at)
    store.at = NINE + timedelta(minutes=1)
    assert firing.fire(FiringHost(store), schedules.get(store, "s1")) == []
    enabled = schedules.set_status(store, "s1", Status.ACTIVE, store.at)
    assert firing.fire(FiringHost(store), enabled) == []
    store.at = NINE + timedelta(days=1)
    assert [made.due for made in firing.fire(FiringHost(store), enabled)] == [store.at]
    assert record.active_since < enabled.active_since


def test_a_change_of_the_name_does_not_lose_a_due_time(store: ClockedStore) -> None:
    scheduled(store)
    store.at = NINE + timedelta(minutes=1)
    renamed = schedules.change(store, "s1", lambda known: replace(known, name="other"), store.at)
    assert [made.due for made in firing.fire(FiringHost(store), renamed)] == [NINE]


def test_an_endpoint_runs_the_default_version_at_the_due_time(store: ClockedStore) -> None:
    made = endpoints.publish(store, "train", PIPELINE)
    second = replace(pipelines.get(store, PIPELINE), id=PIPELINE[:-1] + "2")
    pipelines.create(store, second)
    record = scheduled(store, pipeline="", endpoint=made.id)
    endpoints.add(store, made.id, second.id, default=True)
    store.at = NINE
    (fired,) = firing.fire(FiringHost(store), record)
    said = view(store, fired.run).state.submission
    assert said is not None
    assert said.published == second.id


def test_a_refused_run_is_in_the_history_with_its_reason(store: ClockedStore) -> None:
    record = scheduled(store)
    pipelines.set_status(store, PIPELINE, Status.DISABLED)
    store.at = NINE
    (made,) = firing.fire(FiringHost(store), record)
    assert made.state is FiringState.REFUSED
    assert "is disabled" in made.why
    assert runs(store) == []
    pipelines.set_status(store, PIPELINE, Status.ACTIVE)
    assert firing.fire(FiringHost(store), record) == []


def test_a_run_by_hand_is_no_due_time(store: ClockedStore) -> None:
    record, host = scheduled(store), FiringHost(store)
    store.at = NINE + timedelta(seconds=1)
    by_hand = firing.run_now(host, record)
    again = firing.run_now(host, record)
    (made,) = firing.fire(host, record)
    assert made.due == NINE
    assert len({by_hand.run, again.run, made.run}) == len(runs(store)) == 3
    pipelines.set_status(store, PIPELINE, Status.DISABLED)
    with pytest.raises(BadInput, match="is disabled"):
        firing.run_now(host, record)


def lives(store: ClockedStore, record: ScheduleRecord, end: int) -> bool:
    """Fire, killed at an instant of its effects, and then twice unharmed; return True if the first was killed."""
    started: list[str] = []
    killed = False
    try:
        firing.fire(mortal(store, Life(end=end), started), record)
    except Killed:
        killed = True
    for _ in range(2):
        store.at += timedelta(seconds=5)
        firing.fire(mortal(store, Life(), started), record)
    assert runs(store) == started
    return killed


@pytest.mark.parametrize("kind", ["recurrence", "files"])
def test_a_kill_at_any_instant_neither_loses_nor_doubles_a_run(kind: str) -> None:
    instants = 0
    for end in range(1, 100):
        store = ClockedStore()
        published(store)
        if kind == "recurrence":
            record = scheduled(store)
            store.at = NINE
        else:
            record = scheduled(store, None)
            triggers.begin(store, FiringHost(store).datastore, record, store.at)
            store.put("in/a.csv", b"1")
            store.at = after(minutes=5)
        killed = lives(store, record, end)
        assert len(runs(store)) == 1, f"killed at instant {end}"
        assert [state for _, state in states(store)] == ["submitted"]
        instants = end
        if not killed:
            break
    assert instants > 10


def test_a_claim_that_nobody_completed_for_an_hour_is_missed(store: ClockedStore) -> None:
    record = scheduled(store)
    store.at = NINE
    with suppress(Killed):
        firing.fire(mortal(store, Life(end=3), []), record)
    assert states(store) == [(NINE, "claimed")]
    store.at = NINE + timedelta(hours=2)
    assert [made.state for made in firing.fire(FiringHost(store), record)] == [FiringState.MISSED]
    assert runs(store) == []


def claimed_then_disabled(store: ClockedStore, end: int) -> tuple[ScheduleRecord, list[str]]:
    """Fire, killed at an instant of its effects, and disable; return the disabled record and the runs started."""
    record, started = scheduled(store), list[str]()
    store.at = NINE
    with suppress(Killed):
        firing.fire(mortal(store, Life(end=end), started), record)
    store.at += timedelta(seconds=5)
    return schedules.set_status(store, record.id, Status.DISABLED, store.at), started


def test_what_was_claimed_becomes_a_run_though_the_schedule_is_disabled_at_any_instant() -> None:
    claims = 0
    for end in range(1, 30):
        store = ClockedStore()
        published(store)
        disabled, started = claimed_then_disabled(store, end)
        before = [state for _, state in states(store)]
        claims += before == ["claimed"]
        settled = firing.fire(mortal(store, Life(), started), disabled)
        assert [each.state.value for each in settled] == (["submitted"] if before == ["claimed"] else [])
        assert [state for _, state in states(store)] == (["submitted"] if before else [])
        assert runs(store) == started == [each.run for each in schedule_history.newest_first(store, "s1")]
        assert firing.fire(mortal(store, Life(), started), disabled) == []
    assert claims > 5


def test_a_claim_of_a_disabled_schedule_that_is_too_old_is_missed(store: ClockedStore) -> None:
    disabled, _ = claimed_then_disabled(store, 3)
    store.at = NINE + timedelta(hours=2)
    assert [made.state for made in firing.fire(FiringHost(store), disabled)] == [FiringState.MISSED]
    assert runs(store) == []


def test_a_process_that_fires_all_completes_claims_of_disabled_schedules(store: ClockedStore) -> None:
    host, looks = FiringHost(store), firing.Looks()
    disabled, _ = claimed_then_disabled(store, 3)
    assert states(store) == [(NINE, "claimed")]
    assert ids(store, host, looks) == ["s1"]
    assert states(store) == [(NINE, "submitted")]
    late = replace(next(schedule_history.newest_first(store, "s1")), due=NINE + timedelta(minutes=1))
    late = replace(late, state=FiringState.CLAIMED, run=computed_run_id(late.due, "s1"))
    assert schedule_history.claim(store, "s1", late)  # by a process that had read the record before, and was killed
    assert ids(store, host, looks) == []
    store.at += timedelta(hours=1, seconds=1)
    assert ids(store, host, looks) == ["s1"]
    assert states(store) == [(late.due, "missed"), (NINE, "submitted")]
    assert firing.elsewhere(FiringHost(store, target_in_force="other"), replace(disabled, target="local"))


def test_a_look_at_a_disabled_schedule_reads_no_more_than_its_last_due_time(
    store: ClockedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, host = scheduled(store, MINUTELY), FiringHost(store)
    for minute in range(1, 10):
        store.at = after(minutes=minute)
        firing.fire(host, record)
    disabled = schedules.set_status(store, "s1", Status.DISABLED, store.at)
    read = Mock(side_effect=store.get)
    monkeypatch.setattr(store, "get", read)
    assert firing.fire(host, disabled) == []
    assert len(read.call_args_list) == 1


def _fire(host: FiringHost, record: ScheduleRecord) -> None:
    firing.fire(host, record)


@pytest.mark.parametrize("kind", ["recurrence", "files"])
def test_two_at_once_make_one_run_at_every_interleaving(kind: str) -> None:
    for instant in range(1, 40):
        store = ClockedStore()
        published(store)
        record = scheduled(store, DAILY if kind == "recurrence" else None)
        triggers.begin(store, FiringHost(store).datastore, record, store.at)
        store.put("in/a.csv", b"1")
        store.at = NINE
        started: list[str] = []
        other = mortal(store, Life(), started)
        life = Life(meanwhile={instant: partial(_fire, other, record)})
        firing.fire(mortal(store, life, started), record)
        firing.fire(other, record)
        assert len(runs(store)) == 1, f"the other one fired at instant {instant}"
        assert {state for _, state in states(store)} == {"submitted"}


RECURRENCES = (
    MINUTELY,
    DAILY,
    Recurrence(frequency=Frequency.MINUTE, interval=7, start="2026-01-02T03:00:00"),
    Recurrence(frequency=Frequency.DAY, interval=1, start="2026-01-02T00:00:00", hours=(3, 4), minutes=(0, 10, 20)),
)


@settings(max_examples=examples(300))
@given(
    st.sampled_from(RECURRENCES),
    st.lists(st.tuples(st.integers(0, 4000), st.integers(-120, 120), st.integers(0, 30), st.booleans()), max_size=25),
)
def test_any_course_of_looks_kills_and_wrong_clocks(
    recurrence: Recurrence, looks: list[tuple[int, int, int, bool]]
) -> None:
    """Each look is some seconds later, by a clock that may be wrong by two minutes, and may be killed or refused."""
    store = ClockedStore()
    published(store)
    record = scheduled(store, recurrence)
    started: list[str] = []
    real, latest = T0, T0
    for seconds, skew, instant, is_killed in looks:
        real += timedelta(seconds=seconds)
        store.at = real + timedelta(seconds=skew)
        latest = max(latest, store.at)
        life = Life(end=instant) if is_killed else Life(trouble=frozenset({instant}))
        with suppress(Killed, RunnerError):
            firing.fire(mortal(store, life, started), record)
    store.at = latest
    firing.fire(mortal(store, Life(), started), record)
    due_times = set(due(recurrence, T0, latest))
    made = [run_time(run) for run in runs(store)]
    assert len(made) == len(set(made))
    assert set(made) <= due_times
    assert sorted(started) == runs(store)
    history = list(schedule_history.newest_first(store, "s1"))
    assert not [each for each in history if each.state is FiringState.CLAIMED]
    assert {each.due for each in history if each.state is FiringState.SUBMITTED} == set(made)
    assert len(history) + sum(each.missed for each in history) == len(due_times)


def test_all_schedules_are_looked_at_when_something_may_be_due(store: ClockedStore) -> None:
    scheduled(store)
    scheduled(store, MINUTELY, id="s2")
    scheduled(store, MINUTELY, id="s3", status=Status.DISABLED)
    told: list[str] = []
    looks = firing.Looks()
    host = FiringHost(store)

    def look() -> list[str]:
        found = firing.fire_all(host, looks, lambda record, error: told.append(f"{record.id}: {error}"))
        return [record.id for record, _ in found]

    assert look() == []
    store.at = after(minutes=1)
    assert look() == ["s2"]
    assert look() == []
    store.at = NINE
    assert sorted(look()) == ["s1", "s2"]
    assert told == []


def test_one_schedule_that_cannot_be_fired_does_not_stop_the_others(
    store: ClockedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduled(store, MINUTELY, id="s1")
    scheduled(store, MINUTELY, id="s2")
    real = FiringHost.see_to_controller

    def see_to_controller(host: FiringHost, run: str) -> None:
        said = view(host.store, run).state.submission
        if said is not None and said.schedule == "s1" and not told:
            raise RunnerError("no cluster")
        real(host, run)

    monkeypatch.setattr(FiringHost, "see_to_controller", see_to_controller)
    told: list[str] = []
    looks = firing.Looks()
    store.at = after(minutes=1)
    host = FiringHost(store)
    first = firing.fire_all(host, looks, lambda record, error: told.append(f"{record.id}: {error}"))
    assert [record.id for record, _ in first] == ["s2"]
    assert told == ["s1: no cluster"]
    again = firing.fire_all(host, looks, lambda record, error: told.append(f"{record.id}: {error}"))
    assert [record.id for record, _ in again] == ["s1"]
    assert len(host.started) == 2


def ids(store: ClockedStore, host: FiringHost, looks: firing.Looks | None = None) -> list[str]:
    def report(_record: ScheduleRecord, error: RunnerError) -> None:
        raise error

    return [record.id for record, _ in firing.fire_all(host, looks or firing.Looks(), report)]


def test_a_schedule_is_fired_only_where_its_target_is_in_force(store: ClockedStore) -> None:
    there = scheduled(store, MINUTELY, id="s1", target="team")
    scheduled(store, MINUTELY, id="s2", target="local")
    store.at = after(minutes=1)
    here, other = FiringHost(store), FiringHost(store, target_in_force="team")
    assert firing.fire(here, there) == []
    with pytest.raises(BadInput, match="belongs to the target 'team', and 'local' is in force") as caught:
        firing.run_now(here, there)
    assert caught.value.problems[0].remedy == "pass --target team"
    assert ids(store, here) == ["s2"]
    assert states(store) == []
    assert ids(store, other) == ["s1"]


def test_what_a_timer_fires_is_left_to_it(store: ClockedStore) -> None:
    record = scheduled(store, MINUTELY, target="team")
    store.at = after(minutes=1)
    laptop, pod = (FiringHost(store, target_in_force="team", timers=timers) for timers in (("team",), ()))
    assert ids(store, laptop) == []
    assert firing.elsewhere(laptop, record) == "a timer of its target 'team' fires it"
    assert firing.elsewhere(laptop, replace(record, status=Status.DISABLED)) == ""
    assert firing.run_now(laptop, record).state is FiringState.SUBMITTED
    assert [each.state for each in firing.fire(pod, record)] == [FiringState.SUBMITTED]


def test_looks_at_schedules_that_are_not_due_read_no_documents(
    store: ClockedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(15):  # in memory more are read by threads
        status = (Status.ACTIVE, Status.DISABLED, Status.ARCHIVED)[number % 3]
        scheduled(store, id=f"s{number}", status=status)
    host, looks = FiringHost(store), firing.Looks()
    assert ids(store, host, looks) == []
    read = Mock(side_effect=store.get)
    monkeypatch.setattr(store, "get", read)
    for _ in range(3):
        assert ids(store, host, looks) == []
    assert read.call_args_list == []
    schedules.set_status(store, "s1", Status.ACTIVE, store.at)
    read.reset_mock()
    assert ids(store, host, looks) == []
    assert [call.args[0] for call in read.call_args_list] == ["registry/published/schedules/s1/00000002.json"]
    store.at = NINE
    assert "s1" in ids(store, host, looks)
    for info in list(store.list("registry/published/schedules/s1/")):
        store.delete(info.key)
    assert "s1" not in ids(store, host, looks)
    assert len(looks.records) == 14


def test_what_a_wrong_clock_wrote_far_ahead_silences_no_schedule(store: ClockedStore) -> None:
    record = scheduled(store, MINUTELY)
    host = FiringHost(store)
    store.at = after(minutes=1)
    (first,) = firing.fire(host, record)
    for number in range(60):
        schedule_history.claim(store, record.id, replace(first, due=T0 + timedelta(days=3650, minutes=number)))
    store.at = after(minutes=2)
    (second,) = firing.fire(host, record)
    assert (second.state, second.due - first.due) == (FiringState.SUBMITTED, timedelta(minutes=1))
