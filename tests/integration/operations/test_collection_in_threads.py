"""`runner gc` with threads, and beside a store of another kind: several requests at a time, the same result."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from runner.model.keep_rule import KeepRule
from runner.operations.collection.collect import Collector
from runner.operations.collection.survey import Surveyor
from tests.support import promises
from tests.support.stored_runs import DAY, StoredRun, run_id
from tests.support.timed_store import TimedStore

NOW = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize("threads", [1, 4])
def test_many_runs_go_and_the_young_ones_are_whole(threads: int) -> None:
    store = TimedStore(NOW - 200 * DAY)
    old = [StoredRun(store, run_id(NOW - 200 * DAY, n), steps=("a", f"b{n}")).whole() for n in range(40)]
    store.clock = (NOW - DAY).timestamp()
    young = [StoredRun(store, run_id(NOW - DAY, n), steps=("a", f"c{n}")).whole() for n in range(5)]
    store.clock = NOW.timestamp()
    surveyor = Surveyor(store=store, datastores=lambda _name: store, rule=KeepRule(last=0), others=tuple)
    done = Collector(surveyor=surveyor, threads=threads).collect()
    assert done.held == ""
    assert sorted(done.runs) == sorted(old)
    assert sum(tally.objects for tally in done.outputs.values()) == 4 * len(old)
    assert not [key for key in store.objects if any(run in key for run in old)]
    assert {key.split("/")[1] for key in store.objects if key.startswith("runs/")} == set(young)
    promises.check(store)
