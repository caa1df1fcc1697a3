"""`runner gc` keeps all that published pipelines, drafts and schedules need."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from runner.model.data import DatastorePath
from runner.model.plan import Plan
from runner.model.published import DraftRecord, ParameterValues, PublishedRecord, Status
from runner.model.schedule import Frequency, Recurrence, ScheduleRecord
from runner.model.step import InputSpec
from runner.model.task import snapshot_key
from runner.operations.published import pipelines, publishing
from runner.operations.published.documents import Documents
from runner.runs import plans
from tests.support import promises
from tests.support.builders import plan, step
from tests.support.collecting import LONG_AGO, collected, keys_of, later, written
from tests.support.stored_runs import old_run
from tests.support.timed_store import TimedStore

RECORD = PublishedRecord(id="p1", name="train", plan="", created=LONG_AGO)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "script.py").write_text("print(1)")
    return tmp_path


def reading(folder: Path, run: str = "") -> Plan:
    """A plan that reads the output of a run by its path."""
    source = DatastorePath("workspaceblobstore", f"azureml/{run}.a/out")
    return plan(step("s", snapshot="", source=str(folder), inputs=(InputSpec(name="i", source=source),) if run else ()))


def content(store: TimedStore) -> set[str]:
    return {key for key in store.objects if key.startswith(("plans/", "snapshots/"))}


@pytest.mark.parametrize("status", list(Status))
def test_the_plan_and_the_snapshots_of_a_published_pipeline_stay(folder: Path, status: Status) -> None:
    store = written()
    record = publishing.enter(store, reading(folder), RECORD)
    pipelines.set_status(store, record.id, status)
    needed = content(store)
    old_run(store, LONG_AGO)
    later(store)
    collected(store)
    assert content(store) == needed
    assert snapshot_key(plans.load(store, record.plan).steps[0].snapshot) in needed
    promises.check(store)


def test_a_run_stays_whose_outputs_a_published_pipeline_reads(folder: Path) -> None:
    store = written()
    read, other = old_run(store, LONG_AGO), old_run(store, LONG_AGO, 1)
    publishing.enter(store, reading(folder, read), RECORD)
    later(store)
    found = collected(store)
    assert list(found.runs) == [other]
    assert found.survey.reasons[read] == "a published pipeline, draft or schedule refers to it"
    assert not keys_of(store, other)


def test_a_run_stays_whose_outputs_a_schedule_gives_to_its_pipeline() -> None:
    store = written()
    read = old_run(store, LONG_AGO)
    value = DatastorePath("workspaceblobstore", f"azureml/{read}.a/out")
    Documents(store, "schedules", ScheduleRecord).create("s1", schedule(ParameterValues(data={"where": value})))
    later(store)
    assert not collected(store).runs


def schedule(values: ParameterValues) -> ScheduleRecord:
    return ScheduleRecord(
        id="s1",
        name="nightly",
        pipeline="p1",
        experiment="e",
        values=values,
        recurrence=Recurrence(frequency=Frequency.DAY, interval=1, start="2026-01-01T00:00:00"),
        active_since=LONG_AGO,
        created=LONG_AGO,
    )


def test_only_the_newest_revision_counts(folder: Path) -> None:
    store = written()
    first, second = old_run(store, LONG_AGO), old_run(store, LONG_AGO, 1)
    drafts = Documents(store, "drafts", DraftRecord)
    locked = [plans.save(store, replace(reading(folder, run), steps=())) for run in (first, second)]
    drafts.create("d1", draft(locked[0], first, LONG_AGO))
    drafts.change("d1", lambda _known: draft(locked[1], second, LONG_AGO))
    later(store)
    assert list(collected(store).runs) == [first]


def draft(digest: str, run: str, created: datetime) -> DraftRecord:
    value = DatastorePath("workspaceblobstore", f"azureml/{run}.a/out")
    return DraftRecord(id="d1", name="d", plan=digest, values=ParameterValues(data={"where": value}), created=created)


def test_a_deleted_draft_keeps_nothing(folder: Path) -> None:
    store = written()
    run = old_run(store, LONG_AGO)
    digest = plans.save(store, reading(folder, run))
    drafts = Documents(store, "drafts", DraftRecord)
    drafts.create("d1", DraftRecord(id="d1", name="d", plan=digest, created=LONG_AGO))
    later(store)
    assert not collected(store).runs
    drafts.change("d1", lambda known: replace(known, deleted=True))
    assert list(collected(store).runs) == [run]
    assert content(store) == set()
