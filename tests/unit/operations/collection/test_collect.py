"""`runner gc`: what is kept, what goes, and in which order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from runner.data import manifest, registry, retention
from runner.data.collector import DELETING, LEASE
from runner.errors import BadInput
from runner.model.data import DEFAULT_DATASTORE, DataRef, DatasetDefinition, DatastorePath, Entry, Kind, Manifest
from runner.model.task import TaskId, manifest_key
from runner.operations.collection.lock import LOCK
from runner.ports import ObjectInfo
from runner.runs import records
from tests.support import builders as b
from tests.support.collecting import LONG_AGO, NOW, collected, collector, keys_of, later, written
from tests.support.stored_runs import DAY, StoredRun, old_run, run_id


def test_an_old_run_goes_with_its_outputs_its_result_and_what_it_alone_needed() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    later(store)
    found = collected(store)
    assert store.objects == {}
    assert (found.runs[run].objects, found.outputs[run].objects, found.outputs[run].bytes) == (8, 2, 12)
    assert {info.key.partition("/")[0] for info in found.content} == {"plans", "manifests", "snapshots"}


def test_a_dry_run_changes_nothing_and_names_the_same() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    later(store)
    before = dict(store.objects)
    planned = collector(store).plan()
    assert store.objects == before
    assert list(planned.survey.leaving) == [run]
    assert planned.outputs[run].bytes == 12
    done = collected(store)
    assert (planned.outputs, planned.runs, planned.content) == (done.outputs, done.runs, done.content)


def test_young_runs_and_the_newest_ones_stay() -> None:
    store = written()
    old = [old_run(store, LONG_AGO + n * DAY, n) for n in range(4)]
    store.clock = (NOW - DAY).timestamp()
    young = old_run(store, NOW - DAY, 9)
    store.clock = NOW.timestamp()
    found = collector(store, last=3).plan()
    assert set(found.survey.leaving) == {old[0], old[1]}
    assert "the newest 3" in found.survey.reasons[old[3]]
    assert young in found.survey.reasons
    # Equal manifests, plans and snapshots of kept runs stay.
    assert found.content == []


def test_the_time_of_the_store_counts_and_not_that_of_a_machine_with_a_wrong_clock() -> None:
    store = written(NOW - 4000 * DAY)
    run = old_run(store, NOW - 4000 * DAY)
    store.written = dict.fromkeys(store.written, (NOW - 2 * DAY).timestamp())
    store.clock = NOW.timestamp()
    assert "ended within the time" in collector(store).plan().survey.reasons[run]


def test_a_run_that_somebody_writes_to_stays() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    later(store)
    store.put(f"runs/{run}/files/notes.txt", b"x")
    assert "within the last hour" in collector(store).plan().survey.reasons[run]


def test_a_run_in_progress_stays_with_all_that_it_names() -> None:
    store = written()
    live = StoredRun(store, run_id(LONG_AGO))
    live.submit()
    live.execute("a")
    later(store)
    before = dict(store.objects)
    found = collected(store)
    assert found.survey.reasons == {live.run: "in progress"}
    assert store.objects == before


def test_what_a_worker_of_a_running_step_has_made_stays() -> None:
    """A gang's worker may end days before worker 0 merges its outputs: until then only its record names them."""
    store = written()
    live = StoredRun(store, run_id(LONG_AGO))
    live.submit()
    made = manifest.save(store, Manifest(Kind.FOLDER, (Entry("part-1", 1, "1" * 64),)))
    ref = DataRef(datastore=DEFAULT_DATASTORE, key="azureml/x/out", digest=made)
    records.end_worker(store, TaskId(live.run, "a"), 1, b.record(outputs={"out": ref}))
    later(store)
    collected(store)
    assert manifest_key(made) in store.objects


@pytest.mark.parametrize("kept", [True, False])
def test_a_kept_run_stays(kept: bool) -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    retention.keep(store, run)
    if not kept:
        retention.release(store, run)
    later(store)
    collected(store)
    assert bool(keys_of(store, run)) is kept


@pytest.mark.parametrize(("names", "stays"), [({"*"}, True), ({"paper"}, True), ({"other"}, False)])
def test_a_tagged_run_stays(names: set[str], stays: bool) -> None:
    store = written()
    run = old_run(store, LONG_AGO, tags={"paper": "yes"})
    later(store)
    collected(store, tags=frozenset(names))
    assert bool(keys_of(store, run)) is stays


@pytest.mark.parametrize(
    ("lines", "stays"),
    [
        (b'{"key": "paper", "value": "1", "at": 1}\n', True),
        (b'{"key": "paper", "value": "1", "at": 1}\n{"key": "paper", "value": null, "at": 2}\n', False),
    ],
)
def test_a_tag_that_was_added_later_counts_until_it_is_removed(lines: bytes, stays: bool) -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    store.put(f"runs/{run}/annotations/tags.jsonl/0001-aa.jsonl", lines)
    later(store)
    collected(store)
    assert bool(keys_of(store, run)) is stays


@pytest.mark.parametrize("path", ["azureml/{run}.a/out", "/azureml/{run}.a/**/*.csv", "azureml", "azureml/*/out"])
def test_a_registered_dataset_keeps_the_run_that_made_its_files(path: str) -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    place = DatastorePath("workspaceblobstore", path.format(run=run))
    registry.register(
        store, "d", registry.Registration(DatasetDefinition(kind="file", paths=(place,))), new_version=True
    )
    later(store)
    before = dict(store.objects)
    collected(store)
    assert store.objects == before


def test_a_registered_model_keeps_its_run_and_the_file_of_a_model_is_not_read() -> None:
    store = written()
    run, other = old_run(store, LONG_AGO), old_run(store, LONG_AGO, 1)
    store.put("registry/models/m/00000001.json", f'{{"run": "{run}.a"}}'.encode())
    store.put("registry/models/m/00000001/model/notes.json", other.encode())
    later(store)
    collected(store)
    assert keys_of(store, run)
    assert not keys_of(store, other)


def test_a_module_keeps_its_snapshot() -> None:
    store = written()
    old_run(store, LONG_AGO)
    snapshot = next(key for key in store.objects if key.startswith("snapshots/"))
    store.put("registry/modules/m/1.json", f'{{"snapshot": "{snapshot[10:-4]}"}}'.encode())
    later(store)
    collected(store)
    assert snapshot in store.objects


def test_a_result_that_was_stored_lately_keeps_its_run() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    later(store, 150 * DAY)
    commit = records.equal_of(store, "fingerprint-a")
    assert commit is not None
    records.store_for_reuse(store, "fingerprint-a", commit)
    later(store, 50 * DAY)
    assert "stored for reuse" in collector(store).plan().survey.reasons[run]


def test_a_kept_run_that_reused_an_old_one_keeps_it_but_not_what_that_one_reused() -> None:
    store = written()
    first = old_run(store, LONG_AGO)
    middle = StoredRun(store, run_id(LONG_AGO + DAY, 1), steps=("a", "b"))
    middle.submit()
    assert middle.reuse("a") is not None
    middle.execute("b")
    middle.end()
    store.clock = NOW.timestamp() - 10
    last = StoredRun(store, run_id(NOW, 2), steps=("b",))
    last.submit()
    assert last.reuse("b") is not None
    last.end()
    found = collector(store).plan()
    assert set(found.survey.leaving) == {first}
    assert "reads or reuses" in found.survey.reasons[middle.run]
    collected(store)
    assert records.equal_of(store, "fingerprint-a") is None
    assert records.equal_of(store, "fingerprint-b") is not None
    assert not keys_of(store, f"azureml/{first}")


def test_another_workspace_keeps_what_its_datasets_and_pipelines_read() -> None:
    store, other = written(), written()
    runs = [old_run(store, LONG_AGO + n * DAY, n) for n in range(3)]
    other.put("registry/datasets/d/00000001.json", f'{{"path": "azureml/{runs[0]}.a/out"}}'.encode())
    other.put("plans/x.json", f'{{"datastore": "theirs", "path": "azureml/{runs[1]}.a/out"}}'.encode())
    later(store)
    found = collector(store, others=[other]).plan()
    assert set(found.survey.leaving) == {runs[2]}


def test_parents_and_children_of_kept_runs_stay() -> None:
    store = written()
    parent, child, apart = (old_run(store, LONG_AGO, n) for n in range(3))
    store.put(f"logged/children/{parent}.a/000000000000000001-{child}", b"")
    retention.keep(store, child)
    later(store)
    assert set(collector(store).plan().survey.leaving) == {apart}


def test_outputs_in_other_datastores_go_and_fixed_places_stay() -> None:
    elsewhere = written()
    store = written()
    run = run_id(LONG_AGO)
    made = StoredRun(store, run, destination="team/{run}/out", datastore="lake", datastores={"lake": elsewhere})
    made.whole()
    elsewhere.put("team/all/out/one", b"x")
    later(store)
    collected(store, datastores={"lake": elsewhere})
    assert list(elsewhere.objects) == ["team/all/out/one"]
    assert store.objects == {}


def test_a_run_stays_whole_if_the_datastore_of_an_output_is_not_configured_any_more() -> None:
    store = written()
    run = old_run(store, LONG_AGO, datastore="gone", datastores={"gone": written()})
    later(store)
    found = collected(store)
    assert "there is no datastore 'gone'" in found.survey.reasons[run]
    assert keys_of(store, run)


def test_outputs_of_runs_that_this_workspace_does_not_know_stay() -> None:
    store = written()
    store.put(f"azureml/{run_id(LONG_AGO, 7)}.a/out/file", b"x")
    later(store)
    before = dict(store.objects)
    collected(store)
    assert store.objects == before


def test_a_run_whose_journal_cannot_be_read_to_its_end_counts_as_one_in_progress() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    store.put(f"runs/{run}/journal/00000003.json", b"")
    later(store)
    assert collector(store).plan().survey.reasons == {run: "in progress"}


def test_young_objects_without_a_run_stay() -> None:
    store = written(NOW - timedelta(hours=20))
    store.put(f"manifests/{'1' * 64}.json", b"young")
    later(store, timedelta(hours=20))
    store.put(f"plans/{'2' * 64}.json", b"young")
    later(store, timedelta(hours=5))
    collected(store)
    assert [key for key in store.objects if key.startswith(("manifests", "plans"))] == [f"plans/{'2' * 64}.json"]


def test_a_submission_in_progress_holds_the_runs_for_this_time() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    later(store)
    pending = run_id(NOW, 5)
    store.put(f"index/000-{pending}", b"{}")
    found = collected(store)
    assert "is being submitted" in found.held
    assert keys_of(store, run)
    assert not [key for key in store.objects if key.endswith("condemned")]
    assert records.equal_of(store, "fingerprint-a") is None


def test_a_controller_without_a_sign_of_life_holds_the_runs_for_a_day() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    store.clock = NOW.timestamp()
    live = StoredRun(store, run_id(NOW, 5), steps=("z",))
    live.submit()
    later(store, timedelta(minutes=2))
    assert "no sign of life" in collected(store).held
    later(store, timedelta(days=2))
    assert collected(store).held == ""
    assert not keys_of(store, run)


def test_two_do_not_collect_at_once_and_a_killed_one_is_followed() -> None:
    store = written()
    old_run(store, LONG_AGO)
    later(store)
    store.put(LOCK, b'{"id": "other", "host": "elsewhere"}')
    with pytest.raises(BadInput, match="another runner gc is at work on elsewhere"):
        collected(store)
    later(store, timedelta(minutes=11))
    collected(store)
    assert store.objects == {}


def test_a_mark_that_an_interrupted_collection_has_left_is_taken_away() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    retention.condemn(store, run)
    later(store)
    with pytest.raises(BadInput, match="is being deleted by runner gc"):
        retention.keep(store, run)
    collected(store, last=5)
    retention.keep(store, run)


def test_a_dataset_of_a_condemned_run_is_not_registered() -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    retention.condemn(store, run)
    place = DatastorePath("workspaceblobstore", f"azureml/{run}.a/out")
    with pytest.raises(BadInput, match="is being deleted"):
        registry.register(
            store, "d", registry.Registration(DatasetDefinition(kind="file", paths=(place,))), new_version=True
        )
    assert registry.latest(store, "d") is None


def test_objects_named_by_a_digest_go_while_that_is_announced_and_only_if_they_are_still_old(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = written()
    old_run(store, LONG_AGO)
    later(store)
    deleted: dict[str, bool] = {}
    delete, look = store.delete, store.stat

    def watched(key: str) -> None:
        deleted[key] = DELETING in store.objects
        delete(key)

    def renewed(key: str) -> ObjectInfo | None:
        if key.startswith("plans/"):  # by a submission, a moment before
            store.put(key, store.get(key))
        return look(key)

    monkeypatch.setattr(store, "delete", watched)
    monkeypatch.setattr(store, "stat", renewed)
    found = collected(store)
    assert {key.partition("/")[0] for key in store.objects} == {"plans"}
    assert [info.key.partition("/")[0] for info in found.content] == ["snapshots", "manifests"]
    assert all(announced for key, announced in deleted.items() if key.startswith(("snapshots/", "manifests/")))
    assert not any(announced for key, announced in deleted.items() if key.startswith(("runs/2", "azureml/")))


def test_a_collection_that_stood_still_deletes_no_object_named_by_a_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    store = written()
    old_run(store, LONG_AGO)
    later(store)
    look = store.stat

    def slow(key: str) -> ObjectInfo | None:
        store.clock += LEASE if key.startswith("plans/") else 0
        return look(key)

    monkeypatch.setattr(store, "stat", slow)
    assert not collected(store).content
    assert {key.partition("/")[0] for key in store.objects} == {"plans", "snapshots", "manifests"}
