"""Schedules over a store in memory, and a workspace that submits their runs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from runner.model.data import DEFAULT_DATASTORE, DatastorePath
from runner.model.published import ParameterValues, PublishedRecord
from runner.model.schedule import DatastoreTrigger, Frequency, Recurrence, ScheduleRecord
from runner.model.step import InputSpec
from runner.operations.published import binding, pipelines, schedules
from runner.operations.submit import Submitter, is_submitted, submit
from runner.operations.values import Request, WorkspaceFacts
from runner.override import override
from runner.ports import ObjectStore
from runner.runs import index, plans

from . import builders
from .builders import T0
from .memory_store import MemoryStore
from .mortal import TARGET, Life, MortalStore

PIPELINE = "00000000-0000-4000-8000-000000000001"
DAILY = Recurrence(frequency=Frequency.DAY, interval=1, start="2020-01-01T09:00:00")
MINUTELY = Recurrence(frequency=Frequency.MINUTE, interval=1, start="2020-01-01T00:00:00")


@dataclass
class ClockedStore(MemoryStore):
    """A store in memory whose clock a test sets."""

    at: datetime = T0

    def __post_init__(self) -> None:
        super().__init__()

    @override
    def now(self) -> datetime:
        return self.at + timedelta(microseconds=420)  # which no document holds


@dataclass
class FiringHost:
    """operations.published.firing.Host; starting a controller is an effect of its life."""

    store: ObjectStore
    life: Life = field(default_factory=Life)
    started: list[str] = field(default_factory=list)
    """Runs that got a controller, by this or another host that shares the list."""
    target_in_force: str = "local"
    timers: tuple[str, ...] = ()
    """Targets whose schedules are fired by timers."""

    def has_timer(self, record: ScheduleRecord) -> bool:
        return record.target in self.timers

    def datastore(self, name: str) -> ObjectStore:
        assert name == DEFAULT_DATASTORE
        return self.store

    def submit_published(
        self,
        record: PublishedRecord,
        values: ParameterValues,
        request: Request,
        *,
        run: str = "",
        continue_on_step_failure: bool | None = None,
    ) -> str:
        pipelines.refuse_inactive(record)
        made = binding.bound(plans.load(self.store, record.plan), values)
        who = Submitter("user", self.store.now(), bytes(10), WorkspaceFacts(name="w"))
        going_on = bool(continue_on_step_failure)
        request = replace(request, parameters=made.scalars, published=record.id, continue_on_step_failure=going_on)
        submit(self.store, made.plan, {}, request, who, run=run)
        self.see_to_controller(run)
        return run

    def see_to_controller(self, run: str) -> None:
        if run not in self.started:
            self.life.effect(TARGET, lambda: self.started.append(run))


def published(store: ObjectStore) -> PublishedRecord:
    """Store a published pipeline with the parameter `files` of one DataPath."""
    given = InputSpec(name="files", parameter="files", source=DatastorePath(DEFAULT_DATASTORE, "in"))
    plan = builders.plan(builders.step("a", inputs=(given,)), parameters={"rounds": 1})
    record = PublishedRecord(id=PIPELINE, name="train", plan=plans.save(store, plan), created=T0)
    pipelines.create(store, record)
    return record


def scheduled(store: ObjectStore, recurrence: Recurrence | None = DAILY, **changes: Any) -> ScheduleRecord:
    """Store a schedule of `published` that is active since `T0`."""
    record = ScheduleRecord(
        **{
            "id": "s1",
            "name": "nightly",
            "pipeline": PIPELINE,
            "experiment": "e",
            "recurrence": recurrence,
            "trigger": None
            if recurrence
            else DatastoreTrigger(datastore=DEFAULT_DATASTORE, path="in", parameter="files"),
            "active_since": T0,
            "created": T0,
            **changes,
        }
    )
    schedules.create(store, record)
    return record


def mortal(store: ClockedStore, life: Life, started: list[str]) -> FiringHost:
    """Return a host that ends with its life."""
    return FiringHost(MortalStore(store, life), life, started)


def runs(store: ObjectStore) -> list[str]:
    """Return the ids of all submitted runs, oldest first. One that was killed before its journal began is none."""
    return sorted(run for run in index.run_ids(store) if is_submitted(store, run))


def after(**passed: float) -> datetime:
    """Return a time so much later than `T0`."""
    return T0 + timedelta(**passed)
