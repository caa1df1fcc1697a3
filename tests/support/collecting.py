"""`runner gc` over a store in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from runner.errors import BadInput
from runner.model.keep_rule import KeepRule
from runner.operations.collection.collect import Collector, Findings
from runner.operations.collection.survey import Surveyor
from runner.ports import ObjectStore
from tests.support.stored_runs import DAY
from tests.support.timed_store import TimedStore

NOW = datetime(2026, 11, 29, 12, tzinfo=timezone.utc)
LONG_AGO = NOW - 200 * DAY


def written(at: datetime = LONG_AGO) -> TimedStore:
    return TimedStore(at)


def collector(
    store: TimedStore,
    *,
    last: int = 0,
    others: Iterable[ObjectStore] = (),
    datastores: dict[str, ObjectStore] | None = None,
    tags: frozenset[str] = frozenset({"*"}),
    read_only: frozenset[str] = frozenset(),
) -> Collector:
    def pause(seconds: float) -> None:
        store.clock += seconds

    def datastore(name: str) -> ObjectStore:
        if name == "gone":
            raise BadInput("there is no datastore 'gone'")
        return (datastores or {}).get(name, store)

    surveyor = Surveyor(
        store=store,
        datastores=datastore,
        rule=KeepRule(last=last, tags=tags),
        others=lambda: others,
        read_only=lambda name: name in read_only,
    )
    return Collector(surveyor=surveyor, pause=pause, monotonic=lambda: store.clock, threads=1)


def later(store: TimedStore, by: timedelta = 200 * DAY) -> None:
    store.clock += by.total_seconds()


def keys_of(store: TimedStore, run: str) -> list[str]:
    return [key for key in store.objects if run in key]


def collected(store: TimedStore, **how: object) -> Findings:
    return collector(store, **how).collect()  # type: ignore[arg-type]  # what `collector` takes
