"""Whole runs in a workspace store, written as submitters, steps and controllers write them, in their order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from runner.control import reuse_lookup
from runner.data import integrity, manifest, packing, snapshot
from runner.model import events as e
from runner.model.data import DEFAULT_DATASTORE, DataRef, Entry, Kind, Manifest
from runner.model.digest import digest_of_bytes
from runner.model.names import RUN_ID, attempt_folder, new_run_id, step_run_id
from runner.model.plan import Plan, Submission
from runner.model.record import AttemptRecord
from runner.model.state import begin, fold
from runner.model.status import RunStatus
from runner.model.step import InputSpec, OutputSpec
from runner.model.task import InputBinding, OutputBinding, Task, TaskId, snapshot_key
from runner.ports import ObjectStore
from runner.runs import head, index, journal, plans, records
from tests.support.builders import ENVIRONMENT, REFERENCE, TARGET, plan, step

SNAPSHOT = digest_of_bytes(b"snapshot")


def run_id(at: datetime, number: int = 0) -> str:
    """The id of a run that was submitted at a time."""
    return new_run_id(at, bytes([number]) * 10)


@dataclass
class StoredRun:
    """One run with lone steps; whoever writes it calls its methods in their order."""

    store: ObjectStore
    run: str
    steps: tuple[str, ...] = ("a",)
    inputs: tuple[InputSpec, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    destination: str = ""
    datastore: str = DEFAULT_DATASTORE
    datastores: Mapping[str, ObjectStore] = field(default_factory=dict)
    folder: Path | None = None
    """The source of its scripts; None: a snapshot that nobody can read."""
    snapshot: str = SNAPSHOT
    events: list[e.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.writer = journal.Writer(self.store, self.run, "c", 0)

    @property
    def plan(self) -> Plan:
        """Its plan: equal steps of all runs have equal fingerprints."""
        made = [replace(step(key, variables={}), snapshot=self.snapshot, inputs=self.inputs) for key in self.steps]
        return plan(*made)

    def submit(self) -> None:
        """Store snapshot and plan, enter the index, begin the journal."""
        if self.folder is None:
            self.store.put_if_absent(snapshot_key(SNAPSHOT), b"the files")
        else:
            self.snapshot = packing.keep(self.store, snapshot.take(self.folder))
        digest = plans.save(self.store, self.plan)
        index.add(self.store, index.IndexEntry(run=self.run, experiment="x", created=self.store.now()))
        targets = dict.fromkeys(self.steps, TARGET)
        self.append(e.RunSubmitted(Submission(plan=digest, experiment="x", targets=targets, tags=self.tags)))

    def append(self, *events: e.Event) -> None:
        """Append an entry, then give a sign of life."""
        self.writer.append(events, self.store.now())
        self.events.extend(events)
        self.beat()

    def beat(self) -> None:
        """Overwrite the head, as a controller does in every tick of some seconds."""
        state = begin(self.run, self.plan)
        entries = [e.JournalEntry(n, self.store.now(), "c", (one,)) for n, one in enumerate(self.events, 1)]
        head.write(self.store, fold(state, entries), self.store.now())

    def execute(self, key: str, content: bytes = b"result", pins: tuple[InputBinding, ...] = ()) -> DataRef:
        """Do what an attempt does, then journal its success."""
        made = self.commit(key, content, pins)
        self.append(
            e.EnvironmentReady(environment=ENVIRONMENT, target=TARGET, reference=REFERENCE),
            e.AttemptStarted(key, 1, "uid"),
            e.StepSucceeded(
                key=key, attempt=1, started=self.store.now(), ended=self.store.now(), outputs={"out": made}
            ),
        )
        return made

    def commit(self, key: str, content: bytes = b"result", pins: tuple[InputBinding, ...] = ()) -> DataRef:
        """Do what an attempt does: outputs, manifest, records. No journal entry says so."""
        task = self.task(key, pins)
        records.assign(self.store, task)
        place = self.datastores.get(self.datastore, self.store)
        for name in ("one", "two"):
            place.put(f"{task.outputs[0].key}/{name}", content)
        described = Manifest(
            Kind.FOLDER, tuple(Entry(one, len(content), digest_of_bytes(content)) for one in ("one", "two"))
        )
        made = self._ref(task, described)
        record = AttemptRecord(
            attempt=1,
            failure=None,
            exit_code=0,
            started=self.store.now(),
            ended=self.store.now(),
            outputs={"out": made},
        )
        records.finish(self.store, task, record)
        return made

    def reuse(self, key: str) -> e.StepReused | None:
        """Look for an equal step, and journal it if there is one."""
        place = self.destination.replace("{run}", RUN_ID)
        out = OutputSpec(name="out", datastore=self.datastore, destination=place)
        equal = step(key, outputs=(out,))
        found = reuse_lookup.equal_of(self.store, self._datastore, f"fingerprint-{key}", equal)
        if found is None:
            return None
        event = e.StepReused(key, records.origin_of(found), found.outputs)
        self.append(event)
        return event

    def end(self) -> None:
        """Append the last event."""
        self.append(e.RunEnded(RunStatus.SUCCEEDED))

    def cancel(self) -> None:
        """Append the cancellation of all steps, and the last event."""
        self.append(e.CancelRequested(), *map(e.StepCanceled, self.steps), e.RunEnded(RunStatus.CANCELED))

    def whole(self) -> str:
        """Do all of it, and return the run's id."""
        self.submit()
        for key in self.steps:
            self.execute(key)
        self.end()
        return self.run

    def task(self, key: str, pins: tuple[InputBinding, ...] = ()) -> Task:
        """The assignment of an attempt."""
        folder = attempt_folder(step_run_id(self.run, key), 1)
        place = self.destination.format(run=step_run_id(self.run, key)) or f"{folder}/out"
        return Task(
            id=TaskId(self.run, key),
            command=(),
            snapshot=self.snapshot,
            environment=REFERENCE,
            target=TARGET,
            inputs=pins,
            outputs=(OutputBinding(name="out", datastore=self.datastore, key=place),),
            fingerprint=f"fingerprint-{key}",
        )

    def _datastore(self, name: str) -> ObjectStore:
        return self.datastores.get(name, self.store)

    def _ref(self, task: Task, described: Manifest) -> DataRef:
        place = task.outputs[0]
        digest = manifest.save(self.store, described)
        etag = integrity.etag_of(self._datastore(place.datastore), place.key, described.entries)
        return DataRef(
            datastore=place.datastore, key=place.key, digest=digest, files=2, bytes=described.bytes, etag=etag
        )


def old_run(store: ObjectStore, at: datetime, number: int = 0, **facts: object) -> str:
    """Write a whole run, and return its id."""
    return StoredRun(store, run_id(at, number), **facts).whole()  # type: ignore[arg-type]  # facts of a StoredRun


DAY = timedelta(days=1)
