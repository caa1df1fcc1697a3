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
from runner.runs import folded, journal, plans
from tests.support import builders as b
from tests.support.memory_store import MemoryStore

PLAN = b.plan(b.step("a"), b.step("b", "a"), b.step("c"))
HISTORY: tuple[e.Event, ...] = (
    e.ControllerStarted("one", "laptop", 7),
    e.EnvironmentMaking("env", "fake", "Downloading"),
    e.EnvironmentMaking("other", "fake", "Resolving"),
    e.EnvironmentReady("env", "fake", "image:1", built=True, seconds=2.5),
    e.EnvironmentLost("lost", "fake", "no such package"),
    e.Slept(3600.0),
    b.started("a"),
    e.TaskWaits("a", "no node has room"),
    e.TaskRuns("a", b.at(5)),
    e.TaskLost("a", 1, Failure.DISRUPTED, "spot", b.at(9)),
    b.started("a", 2),
    e.TaskOverdue("a", 2, "too long"),
    e.TaskLost("a", 2, Failure.LOST, "gone"),
    b.started("a", 3),
    e.StepSucceeded("a", 3, b.at(6), b.at(8), {"out": b.ref()}, ("a warning",)),
    e.StepReused("b", "r.b", {"out": b.ref()}),
    b.started("c"),
    e.RunOverdue("the deadline"),
    e.StepFailed("c", Failure.OOM, "out of memory", 137, "tail", b.at(1), b.at(2), "more memory"),
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
    folded.save(store, state_of(store, min(upto, length)))
    again = replayed(store)
    assert again == whole
    assert again.census == whole.census


def test_readers_do_not_ask_for_what_a_snapshot_holds() -> None:
    store = stored()
    folded.save(store, state_of(store, 15))
    for number in range(2, 15):
        store.delete(journal.entry_key(b.RUN, number))
    assert replayed(store).status is RunStatus.FAILED


def test_a_state_is_written_with_all_that_the_first_entry_does_not_say() -> None:
    names = {one.name for one in fields(RunState)}
    assert names == {*folded.HELD, *folded.FIRST_SAYS, *folded.COUNTED}
    state = state_of(stored())
    document = json.loads(json.dumps(to_document(folded.written(state))))
    assert from_document(folded.Folded, document) == folded.written(state)
    assert "submission" not in document


def spoiled() -> list[bytes]:
    """Snapshots nobody should believe."""
    known = folded.written(state_of(stored(), 10))
    return [
        b"",
        b"{",
        b"[]",
        b"\xff",
        json.dumps({**to_document(known), "news": 1}).encode(),
        *(
            json.dumps(to_document(other)).encode()
            for other in (
                replace(known, form="2.0"),
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
    store.put(folded.folded_key(b.RUN), data)
    assert replayed(store) == state_of(store)


def test_the_form_follows_the_fields_of_a_state() -> None:
    assert folded.form() == folded.form()
    assert folded.form().startswith("1.")


@pytest.mark.parametrize(
    ("number", "kept", "due"), [(255, 0, False), (256, 0, True), (300, 256, False), (16_000, 15_001, False)]
)
def test_snapshots_come_more_seldom_as_the_journal_grows(number: int, kept: int, due: bool) -> None:
    assert folded.is_due(replace(begin(b.RUN, PLAN), number=number), kept) is due


def test_the_last_snapshot_is_of_the_end() -> None:
    end = replace(begin(b.RUN, PLAN), number=16_000, status=RunStatus.SUCCEEDED)
    assert folded.is_due(end, 15_700)
    assert not folded.is_due(end, 15_900)
    assert not folded.is_due(replace(end, number=100), 0)
