"""No key of a step writes what published things and their firing rely on."""

from __future__ import annotations

from pathlib import Path

from runner.model.data import DEFAULT_DATASTORE
from runner.model.grants import shared_grants
from runner.model.names import SCHEDULE_CURSORS, SCHEDULE_RUNS
from runner.model.published import DraftRecord, PublishedRecord
from runner.operations.published import drafts, endpoints, firing, publishing, triggers
from tests.support import builders
from tests.support.builders import T0
from tests.support.fake_minter import writes
from tests.support.schedules import MINUTELY, PIPELINE, ClockedStore, FiringHost, after, published, scheduled


def test_no_step_writes_what_published_things_have_written(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text("print(1)")
    store = ClockedStore()
    published(store)
    publishing.enter(
        store,
        builders.plan(builders.step("a", snapshot="", source=str(tmp_path))),
        PublishedRecord(id="p2", name="other", plan="", created=T0),
    )
    endpoints.publish(store, "main", PIPELINE)
    drafts.create(store, DraftRecord(id="d1", name="d", plan="x", created=T0))
    scheduled(store, MINUTELY)
    watching = scheduled(store, None, id="s2")
    host = FiringHost(store)
    triggers.begin(store, host.datastore, watching, store.at)
    before = set(store.objects)
    store.put("in/new.csv", b"1")
    store.at = after(minutes=10)
    made = firing.fire_all(host, firing.Looks(), lambda _record, error: raised(error))
    assert len(made) == 2
    written = set(store.objects) - {"in/new.csv"}
    assert any(key.startswith(SCHEDULE_RUNS) for key in written - before)
    assert any(key.startswith(SCHEDULE_CURSORS) for key in written - before)
    grants = shared_grants(DEFAULT_DATASTORE)
    assert [key for key in sorted(written) if writes(grants, key)] == []


def raised(error: Exception) -> None:
    raise error
