"""What a step's container runs: stage in, run the script, stage out, record, commit.

The step is the last fence: it starts nothing when it is committed or has ended already, or its run was canceled.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from ..data.snapshot import unpack
from ..data.workplace import Launch, Staging, Workplace, collect, keep_artifacts, keep_files, prepare
from ..errors import BadInput, ObjectMissing, RunnerError, StoreError
from ..model.data import DEFAULT_DATASTORE
from ..model.document import from_document
from ..model.record import AttemptRecord, Failure, Phases
from ..model.task import Task
from ..model.termination import to_message
from ..model.vantage import StepStores
from ..ports import ObjectStore
from ..runs import records
from ..storage.s3.store import BucketStore
from . import child
from .endings import verdict
from .logs import LogShipper
from .places import staging

TERMINATION_LOG = Path("/dev/termination-log")
_WAIT = 60.0
"""Seconds the assignment may be late: a pod may be there before its task."""


@dataclass
class Attempt:
    """One attempt inside its container."""

    task: Task
    place: Workplace
    store: ObjectStore
    staging: Staging
    shipper: LogShipper
    begun: float
    phases: dict[str, float] = field(default_factory=dict)

    def run(self) -> AttemptRecord:
        """The attempt's record; every failure is one."""
        try:
            launch = prepare(self.task, self.place, self.staging, sys.executable)
            self.phases["inputs"] = time.time() - self.begun
            ending = self._script(launch)
        except (RunnerError, OSError) as error:
            return self._record(Failure.STORE, f"staging in failed: {error}")
        failure, reason = verdict(ending, self.task.resources.memory_limit)
        if failure is not None:
            ended = replace(self._record(failure, reason), exit_code=ending.exit_code, tail=self.shipper.tail)
            return self._with_files(ended)
        return self._delivered(launch)

    def _script(self, launch: Launch) -> child.Ending:
        for note in launch.notes:
            self.shipper.note(note)
        begun = time.time()
        try:
            ending = child.run(launch, carried_tree(self.place), self.shipper)
        finally:
            self.phases["script"] = time.time() - begun
        self.shipper.close()
        return ending

    def _delivered(self, launch: Launch) -> AttemptRecord:
        begun = time.time()
        try:
            outputs, warnings = collect(self.task, launch.outputs, self.staging)
            record = self._with_files(self._record(None, ""))
        except StoreError as error:
            return self._record(Failure.STORE, f"staging out failed: {error}")
        except (RunnerError, OSError) as error:
            return self._record(Failure.INPUT, f"its outputs cannot be taken: {error}")
        self.phases["outputs"] = time.time() - begun
        return replace(record, exit_code=0, outputs=outputs, warnings=warnings, ended=_now(), phases=self._measured())

    def _with_files(self, record: AttemptRecord) -> AttemptRecord:
        task = self.task
        return replace(
            record,
            artifacts=keep_artifacts(self.store, task, self.place),
            reports=keep_files(self.store, self.place.reports, task.id.reports),
        )

    def _record(self, failure: Failure | None, reason: str) -> AttemptRecord:
        return AttemptRecord(
            self.task.id.attempt,
            failure,
            None,
            _utc(self.begun),
            _now(),
            reason=reason,
            phases=self._measured(),
            python=sys.version.split()[0],
            host=socket.gethostname(),
        )

    def _measured(self) -> Phases:
        return Phases(**{name: round(seconds, 3) for name, seconds in self.phases.items()})


def main() -> int:
    """Run the assignment of this container; the script's exit code."""
    begun = time.time()
    # A process with id 1 ignores SIGTERM unless it asks for it; a canceled pod must not linger.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        return _run(begun)
    except RunnerError as error:
        lost = AttemptRecord(0, Failure.STORE, None, _utc(begun), _now(), reason=str(error), host=socket.gethostname())
        TERMINATION_LOG.write_text(to_message(lost), encoding="utf-8")
        print(f"runner: {error}", file=sys.stderr)
        return 1


def _run(begun: float) -> int:
    stores = _read_stores()
    store = BucketStore(stores.workspace)
    task = _await_assignment(store, os.environ["RUNNER_ASSIGNMENT"])
    if reason := _fenced(store, task):
        print(f"runner: {reason}; nothing is started")
        return 0
    record = _attempt(task, store, stores, begun).run()
    commit = records.finish(store, task, record)
    if commit is not None and commit.attempt != task.id.attempt:
        print(f"runner: attempt {commit.attempt} was committed first")
        record = replace(record, outputs=commit.outputs)
    TERMINATION_LOG.write_text(to_message(record), encoding="utf-8")
    if record.failure is not None:
        print(f"runner: {record.reason}", file=sys.stderr)
    return record.exit_code if record.exit_code is not None else 1


def carried_tree(place: Workplace) -> Path:
    """Our code unpacked for the script's path: a zip caches no bytecode, a folder does."""
    tree = place.root / "carried"
    archive = Path(sys.argv[0])
    if not tree.is_dir() and archive.is_file():
        unpack(archive.read_bytes(), tree)
        (tree / "__main__.py").unlink()
    return tree


def _attempt(task: Task, store: ObjectStore, stores: StepStores, begun: float) -> Attempt:
    place = Workplace(Path(os.environ["RUNNER_WORK"]))
    for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        if os.environ.get(name):
            Path(os.environ[name]).mkdir(parents=True, exist_ok=True)

    def datastores(name: str) -> ObjectStore:
        if name == DEFAULT_DATASTORE:
            return store
        if name in stores.datastores:
            return BucketStore(stores.datastores[name])
        raise BadInput(f"this step has no access to the datastore '{name}'")

    shipper = LogShipper(store, task.id.logs, _secrets(stores), _reports_shipper(store, task, place))
    return Attempt(task, place, store, staging(place, store, datastores), shipper, begun)


def _reports_shipper(store: ObjectStore, task: Task, place: Workplace) -> Callable[[], None]:
    sizes: dict[str, int] = {}

    def ship() -> None:
        now = {path.name: path.stat().st_size for path in place.reports.glob("*.jsonl")}
        if now != sizes:
            keep_files(store, place.reports, task.id.reports)
            sizes.update(now)

    return ship


def _secrets(stores: StepStores) -> tuple[bytes, ...]:
    vantages = (stores.workspace, *stores.datastores.values())
    return tuple(vantage.secret_key.encode() for vantage in vantages if vantage.secret_key)


def _read_stores() -> StepStores:
    return from_document(StepStores, json.loads(Path(os.environ["RUNNER_STORES"]).read_bytes()))


def _await_assignment(store: ObjectStore, key: str) -> Task:
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            return records.assignment(store, key)
        except ObjectMissing:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _fenced(store: ObjectStore, task: Task) -> str:
    if records.committed(store, task.id) is not None:
        return "the step is committed already"
    if records.record_of(store, task.id) is not None:
        return "this attempt has ended already"
    if records.canceled(store, task.id.run):
        return "the run was canceled"
    return ""


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def _now() -> datetime:
    return datetime.now(timezone.utc)
