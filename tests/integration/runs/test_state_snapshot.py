from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model import events as e
from runner.model.document import from_document, to_document
from runner.model.plan import Plan
from runner.model.record import Failure
from runner.model.state import RunState, StepState, begin, fold
from runner.model.status import RunStatus
from runner.runs import journal, plans, state_snapshot
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

PLAN = b.plan(b.step("a"), b.step("b", "a"), b.step("c"))
HISTORY: tuple[e.Event, ...] = (
    e.ControllerStarted("one", "laptop", 7),
    e.EnvironmentBuilding("env", "fake", "Downloading"),
    e.EnvironmentBuilding("other", "fake", "Resolving"),
    e.EnvironmentReady(environment="env", target="fake", reference="image:1", lock="5f3c", built=True, seconds=2.5),
    e.EnvironmentUnavailable("lost", "fake", "no such package"),
    e.MachineSlept(3600.0),
    b.started("a"),
    e.AttemptPending("a", "no node has room"),
    e.AttemptRunning("a", b.at(5)),
    e.AttemptFailed(key="a", attempt=1, failure=Failure.DISRUPTED, reason="spot", not_before=b.at(9)),
    b.started("a", 2),
    e.AttemptOverdue("a", 2, "too long"),
    e.AttemptFailed(key="a", attempt=2, failure=Failure.LOST, reason="gone"),
    b.started("a", 3),
    e.StepSucceeded(
        key="a", attempt=3, started=b.at(6), ended=b.at(8), outputs={"out": b.ref()}, warnings=("a warning",)
    ),
    e.StepReused("b", "r.b", {"out": b.ref()}),
    b.started("c"),
    e.RunOverdue("the deadline"),
    e.StepFailed(
        key="c",
        failure=Failure.OOM,
        reason="out of memory",
        exit_code=137,
        tail="tail",
        started=b.at(1),
        ended=b.at(2),
        remedy="more memory",
    ),
    e.RunEnded(RunStatus.FAILED),
)


def stored(events: tuple[e.Event, ...] = HISTORY, plan: Plan = PLAN) -> MemoryStore:
    """A store with the journal of one run, an event an entry."""
    store = MemoryStore()
    plans.save(store, plan)
    writer = journal.Writer(store, b.RUN, "c", 0)
    for number, event in enumerate((e.RunSubmitted(b.submission(plan)), *events), 1):
        writer.append([event], b.at(number))
    return store


def state_of(store: MemoryStore, upto: int = 10**6) -> RunState:
    """The fold of all entries up to one, without any snapshot."""
    return fold(begin(b.RUN, PLAN), (one for one in journal.read(store, b.RUN) if one.number <= upto))


def replayed(store: MemoryStore) -> RunState:
    found = plans.replay(store, b.RUN)
    assert found is not None
    return found[1]


@given(upto=st.integers(2, len(HISTORY) + 1), length=st.integers(2, len(HISTORY) + 1))
def test_a_snapshot_and_the_rest_are_the_same_as_all(upto: int, length: int) -> None:
    store = stored(HISTORY[: length - 1])
    whole = state_of(store)
    state_snapshot.save(store, state_of(store, min(upto, length)))
    again = replayed(store)
    assert again == whole
    assert again.step_counts == whole.step_counts


def test_readers_do_not_ask_for_what_a_snapshot_holds() -> None:
    store = stored()
    state_snapshot.save(store, state_of(store, 15))
    for number in range(2, 15):
        store.delete(journal.entry_key(b.RUN, number))
    assert replayed(store).status is RunStatus.FAILED


def test_a_state_is_written_with_all_that_the_first_entry_does_not_say() -> None:
    names = {one.name for one in fields(RunState)}
    assert names == {*state_snapshot.STORED, *state_snapshot.FROM_FIRST_ENTRY, *state_snapshot.COMPUTED}
    state = state_of(stored())
    document = json.loads(json.dumps(to_document(state_snapshot.to_snapshot(state))))
    assert from_document(state_snapshot.StateSnapshot, document) == state_snapshot.to_snapshot(state)
    assert "submission" not in document


def spoiled() -> list[bytes]:
    """Snapshots nobody should believe."""
    known = state_snapshot.to_snapshot(state_of(stored(), 10))
    return [
        b"",
        b"{",
        b"[]",
        b"\xff",
        json.dumps({**to_document(known), "news": 1}).encode(),
        *(
            json.dumps(to_document(other)).encode()
            for other in (
                replace(known, schema="2.0"),
                replace(known, number=1000),
                replace(known, last=b.at(11)),
                replace(known, steps={"x": StepState()}),
                replace(known, endings={"a": {"unheard of": 1}}),
                replace(known, number=0),
            )
        ),
    ]


@pytest.mark.parametrize("data", spoiled())
def test_a_snapshot_that_cannot_be_believed_is_ignored(data: bytes) -> None:
    store = stored()
    store.put(state_snapshot.snapshot_key(b.RUN), data)
    assert replayed(store) == state_of(store)


def test_the_form_follows_the_fields_of_a_state() -> None:
    assert state_snapshot.schema() == state_snapshot.schema()
    assert state_snapshot.schema().startswith("1.")


@pytest.mark.parametrize(
    ("number", "kept", "due"), [(255, 0, False), (256, 0, True), (300, 256, False), (16_000, 15_001, False)]
)
def test_snapshots_come_more_seldom_as_the_journal_grows(number: int, kept: int, due: bool) -> None:
    assert state_snapshot.is_due(replace(begin(b.RUN, PLAN), number=number), kept) is due


def test_the_last_snapshot_is_of_the_end() -> None:
    end = replace(begin(b.RUN, PLAN), number=16_000, status=RunStatus.SUCCEEDED)
    assert state_snapshot.is_due(end, 15_700)
    assert not state_snapshot.is_due(end, 15_900)
    assert not state_snapshot.is_due(replace(end, number=100), 0)
