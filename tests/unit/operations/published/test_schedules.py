from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from runner.errors import BadInput
from runner.model.published import Status
from runner.model.schedule import DatastoreTrigger
from runner.operations.published import schedules
from tests.support.builders import T0
from tests.support.memory_store import MemoryStore
from tests.support.schedules import DAILY, MINUTELY, scheduled


def test_the_newest_comes_first_and_only_active_ones_are_listed() -> None:
    store = MemoryStore()
    for number in range(3):
        scheduled(store, id=f"s{number}", created=T0 + timedelta(seconds=number), name=f"n{number}")
    scheduled(store, id="e", pipeline="", endpoint="p", created=T0 - timedelta(1))
    schedules.set_status(store, "s1", Status.DISABLED, T0)
    assert [each.id for each in schedules.all_of(store)] == ["s2", "s0", "e"]
    assert [each.id for each in schedules.all_of(store, active_only=False)] == ["s2", "s1", "s0", "e"]
    assert [each.id for each in schedules.all_of(store, endpoint="p")] == ["e"]
    assert schedules.all_of(store, pipeline="x") == ()


def test_a_name_an_id_and_its_beginning_find_a_schedule() -> None:
    store = MemoryStore()
    scheduled(store, id="abc", name="one")
    scheduled(store, id="abd", name="two")
    scheduled(store, id="abe", name="two")
    assert schedules.named(store, "one").id == schedules.named(store, "abc").id == "abc"
    with pytest.raises(BadInput, match="names 3 schedules"):
        schedules.named(store, "ab")
    with pytest.raises(BadInput, match="names 2 schedules"):
        schedules.named(store, "two")
    schedules.set_status(store, "abd", Status.DISABLED, T0)
    assert schedules.named(store, "two").id == "abe"
    with pytest.raises(BadInput, match="unknown schedule 'onne'") as caught:
        schedules.named(store, "onne")
    assert "'one'" in caught.value.problems[0].remedy


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, ["cannot name a schedule"]),
        ({"name": "a\nb"}, ["cannot name a schedule"]),
        ({"experiment": ""}, ["name of an experiment"]),
        ({"recurrence": None, "trigger": None}, ["needs a recurrence or a datastore"]),
        ({"trigger": DatastoreTrigger(datastore="d")}, ["both of them are given"]),
        ({"recurrence": None, "trigger": DatastoreTrigger(datastore="d", polling_minutes=0)}, ["interval is 0"]),
        ({"recurrence": replace(DAILY, interval=0), "experiment": ""}, ["interval is 0", "an experiment"]),
    ],
    ids=str,
)
def test_what_cannot_be_is_not_stored(change: dict[str, Any], words: list[str]) -> None:
    store = MemoryStore()
    with pytest.raises(BadInput) as caught:
        scheduled(store, **{"recurrence": DAILY, **change})
    assert all(word in str(caught.value) for word in words)
    assert not store.objects
    known = scheduled(store)
    with pytest.raises(BadInput):
        schedules.change(store, known.id, lambda record: replace(record, **change), T0)
    assert schedules.get(store, known.id) == known


def test_due_times_count_from_the_last_change_of_what_is_due() -> None:
    store, later = MemoryStore(), T0 + timedelta(hours=1)
    scheduled(store)
    assert schedules.change(store, "s1", lambda known: replace(known, description="d"), later).active_since == T0
    changed = schedules.change(store, "s1", lambda known: replace(known, recurrence=MINUTELY), later)
    assert changed.active_since == later
    disabled = schedules.set_status(store, "s1", Status.DISABLED, later + timedelta(1))
    assert disabled.active_since == later
    assert schedules.set_status(store, "s1", Status.ACTIVE, later + timedelta(2)).active_since == later + timedelta(2)


def test_unknown_schedules() -> None:
    for ask in (schedules.get, lambda store, one: schedules.set_status(store, one, Status.ACTIVE, T0)):
        with pytest.raises(BadInput, match="no schedule of id 'x'"):
            ask(MemoryStore(), "x")
