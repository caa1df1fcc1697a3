"""Datastore triggers: which files are new or have changed since the last look."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import Mock

import pytest

from runner.errors import ObjectMissing
from runner.model.data import DEFAULT_DATASTORE, DatastorePath
from runner.model.schedule import DatastoreTrigger, ScheduleRecord
from runner.operations.published import firing, triggers
from runner.operations.watch import view
from tests.support.schedules import ClockedStore, FiringHost, published, runs, scheduled


@pytest.fixture
def store() -> ClockedStore:
    made = ClockedStore()
    published(made)
    return made


def look(store: ClockedStore, record: ScheduleRecord) -> tuple[str, ...]:
    """Fire and return the files that a run was made for."""
    store.at += timedelta(minutes=5)
    made = firing.fire(FiringHost(store), record)
    return made[0].changed if made else ()


def test_the_first_look_sets_the_mark(store: ClockedStore) -> None:
    record = scheduled(store, None)
    store.put("in/old.csv", b"1")
    assert look(store, record) == ()
    assert look(store, record) == ()
    store.put("in/new.csv", b"1")
    assert look(store, record) == ("in/new.csv",)
    assert look(store, record) == ()


def test_new_and_changed_files_make_one_run_for_each_look(store: ClockedStore) -> None:
    record = scheduled(store, None)
    store.put("in/a.csv", b"1")
    store.put("in/b.csv", b"1")
    look(store, record)
    store.put("in/a.csv", b"2")
    store.put("in/c.csv", b"1")
    assert look(store, record) == ("in/a.csv", "in/c.csv")
    store.delete("in/b.csv")
    assert look(store, record) == ()
    store.put("in/b.csv", b"1")
    assert look(store, record) == ("in/b.csv",)
    assert len(runs(store)) == 2


def test_the_parameter_gets_the_file_that_was_written_last(
    store: ClockedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = scheduled(store, None)
    look(store, record)
    for name in ("in/b.csv", "in/a.csv"):
        store.put(name, b"1")
    times = {"in/b.csv": 2.0, "in/a.csv": 1.0}
    real = ClockedStore.list

    def listed(self: ClockedStore, prefix: str, *, after: str = "") -> object:
        from dataclasses import replace

        return (replace(info, modified=times.get(info.key, 0.0)) for info in real(self, prefix, after=after))

    monkeypatch.setattr(ClockedStore, "list", listed)
    assert look(store, record) == ("in/a.csv", "in/b.csv")
    (run,) = runs(store)
    found = view(store, run)
    assert found.plan.steps[0].inputs[0].source == DatastorePath(DEFAULT_DATASTORE, "in/b.csv")
    assert found.state.submission is not None
    assert found.state.submission.tags["changed_files"] == "in/a.csv, in/b.csv"


def test_files_in_folders_of_the_folder_do_not_count(store: ClockedStore) -> None:
    record = scheduled(store, None)
    look(store, record)
    store.put("in/deep/a.csv", b"1")
    store.put("input.csv", b"1")
    assert look(store, record) == ()


def test_without_a_folder_all_files_count_but_outputs_of_runs_and_records(store: ClockedStore) -> None:
    record = scheduled(store, None, trigger=DatastoreTrigger(datastore=DEFAULT_DATASTORE))
    look(store, record)
    store.put("azureml/run/out/a.csv", b"1")
    store.put("index/x", b"1")
    assert look(store, record) == ()
    store.put("any/deep/a.csv", b"1")
    assert look(store, record) == ("any/deep/a.csv",)


def test_a_look_costs_one_listing_and_leaves_two_objects(store: ClockedStore, monkeypatch: pytest.MonkeyPatch) -> None:
    record = scheduled(store, None)
    for number in range(50):
        store.put(f"in/{number}", b"1")
    look(store, record)
    for _ in range(3):
        store.put("in/again", str(store.at).encode())
        assert look(store, record) == ("in/again",)
    cursors = list(store.list("registry/published/schedule-cursors/s1/"))
    assert [info.key.split("/")[-1][:6] for info in cursors] == ["files-", "look-0"]
    assert cursors[0].size == 8 * 51
    listed = Mock(side_effect=store.list)
    monkeypatch.setattr(store, "list", listed)
    assert look(store, record) == ()
    assert [call.args[0] for call in listed.call_args_list].count("in/") == 1


def test_many_changed_files_are_named_up_to_a_hundred(store: ClockedStore) -> None:
    record = scheduled(store, None)
    look(store, record)
    for number in range(150):
        store.put(f"in/{number:03d}", b"1")
    assert len(look(store, record)) == 100


def test_a_lost_mark_is_an_error_and_no_silence(store: ClockedStore) -> None:
    record = scheduled(store, None)
    look(store, record)
    for info in list(store.list("registry/published/schedule-cursors/s1/files-")):
        store.delete(info.key)
    with pytest.raises(ObjectMissing):
        look(store, record)


def test_setting_the_mark_again_forgets_what_changed(store: ClockedStore) -> None:
    record = scheduled(store, None)
    look(store, record)
    store.put("in/a.csv", b"1")
    triggers.begin(store, FiringHost(store).datastore, record, store.at)
    assert look(store, record) == ()
