"""What a step's container runs: stage in, run the script, stage out, record, commit.

The step is the last fence: it starts nothing when it is committed or has ended already, or its run was canceled.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from ..data.masking import Hidden, masked_record, masked_text
from ..data.packing import unpack
from ..data.remains import Remains, bare_record
from ..data.secret_values import masks
from ..data.workplace import Workplace, keep_reports
from ..errors import BadInput, ObjectDamaged, ObjectMissing, RunnerError, StoreUntrusted
from ..model.data import DEFAULT_DATASTORE
from ..model.document import from_document
from ..model.record import AttemptRecord, CommitRecord, Failure
from ..model.task import Task
from ..model.termination import to_message
from ..model.vantage import StepStores
from ..ports import ObjectStore
from ..runs import records
from ..storage.s3.http import Patience
from ..storage.s3.store import BucketStore
from .attempt import Attempt
from .endings import stopped
from .logs import LogShipper
from .places import staging
from .stopping import Stopped, never_mind, stop_at_once

TERMINATION_LOG = Path("/dev/termination-log")
PATIENT = Patience(attempts=45, longest_wait=15.0, silences=5)
"""About eight minutes: a store that is being restarted must not cost a day's work, nor a key that is renewed late."""
_WAIT = 60.0
"""Seconds the assignment may be late: a pod may be there before its task."""


def main() -> int:
    """Run the assignment of this container; the script's exit code."""
    begun = time.time()
    stop_at_once()
    try:
        record = _run(begun)
    except Stopped:  # before anybody could know whose end this is
        return 128 + signal.SIGTERM
    except Exception as error:  # noqa: BLE001 - the last place where anything can be told
        record = _defect(0, error, begun)
    if record is None:
        return 0
    _tell(record)
    return record.exit_code if record.exit_code is not None else 1


def _run(begun: float) -> AttemptRecord | None:
    """The record to tell; None: nothing was started."""
    stores = _read_stores()
    # Who cannot reach the store at all is told so at once; who has begun his work does not give it up easily.
    task = _await_assignment(BucketStore(stores.workspace), os.environ["RUNNER_ASSIGNMENT"], os.environ["RUNNER_TASK"])
    hidden = Hidden(_secrets(stores))
    store = BucketStore(stores.workspace, PATIENT, lambda: _renewed(hidden).workspace)
    if reason := _fenced(store, task):
        print(f"runner: {reason}; nothing is started")
        return None
    attempt = _attempt(task, store, stores, begun=begun, hidden=hidden)
    try:
        record = attempt.run()
    except Stopped:
        record = _told_to_stop(store, task, begun)
    except Exception as error:  # noqa: BLE001 - whatever it is, the attempt must leave a record
        record = _defect(task.id.attempt, error, begun, hidden)
    never_mind()
    record = masked_record(record, hidden)
    commit = records.finish(store, task, record)
    _tidy(attempt, own=commit is not None and commit.attempt == record.attempt)
    return in_force(record, commit)


def _told_to_stop(store: ObjectStore, task: Task, begun: float) -> AttemptRecord:
    never_mind()
    said = stopped(canceled=records.canceled(store, task.id.run))
    return bare_record(task.id.attempt, said.failure, said.reason, begun=begun)


def _tidy(attempt: Attempt, *, own: bool) -> None:
    """Outputs that do not count are nobody's: best gone, but no reason for a failure. `own`: this attempt's count."""
    try:
        if own:
            attempt.remains.sweep()
        elif attempt.delivering:
            attempt.remains.discard()
    except RunnerError as error:
        print(f"runner: what is left of other attempts stays in the store: {error}", file=sys.stderr)


def in_force(record: AttemptRecord, commit: CommitRecord | None) -> AttemptRecord:
    """What this container is to tell: a step has succeeded iff there is a commit, whosever it is."""
    if commit is None and record.failure is None:
        return replace(record, failure=Failure.LOST, exit_code=None, reason="another had told of its end before")
    if commit is None or commit.attempt == record.attempt:
        return record
    print(f"runner: attempt {commit.attempt} was committed first")
    won = replace(record, failure=None, exit_code=0, outputs=commit.outputs, attempt=commit.attempt)
    return replace(won, reason="", tail="")


def _defect(attempt: int, error: Exception, begun: float, hidden: Sequence[bytes] = ()) -> AttemptRecord:
    """Nobody's failure but ours or the store's: another attempt may succeed, unless it would read the same."""
    if isinstance(error, ObjectDamaged):
        return bare_record(attempt, Failure.INPUT, str(error), begun=begun)
    if isinstance(error, StoreUntrusted):
        return bare_record(attempt, Failure.REFUSED, str(error), begun=begun)
    if isinstance(error, RunnerError):
        return bare_record(attempt, Failure.STORE, str(error), begun=begun)
    print(masked_text("".join(traceback.format_exception(error)), hidden), file=sys.stderr, end="")
    reason = f"runner itself failed: {type(error).__name__}: {error}"
    return bare_record(attempt, Failure.STORE, reason, begun=begun)


def _tell(record: AttemptRecord) -> None:
    if TERMINATION_LOG.exists():  # the kubelet makes it
        TERMINATION_LOG.write_text(to_message(record), encoding="utf-8")
    if record.failure is not None:
        print(f"runner: {record.reason}", file=sys.stderr)


def carried_tree(place: Workplace) -> Path:
    """Our code unpacked for the script's path: a zip caches no bytecode, a folder does."""
    tree = place.root / "carried"
    archive = Path(sys.argv[0])
    if not tree.is_dir() and archive.is_file():
        unpack(archive.read_bytes(), tree)
        (tree / "__main__.py").unlink()
    return tree


def _attempt(task: Task, store: ObjectStore, stores: StepStores, *, begun: float, hidden: list[bytes]) -> Attempt:
    place = Workplace(Path(os.environ["RUNNER_WORK"]))
    for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        if os.environ.get(name):
            Path(os.environ[name]).mkdir(parents=True, exist_ok=True)

    def datastores(name: str) -> ObjectStore:
        if name == DEFAULT_DATASTORE:
            return store
        vantage = stores.of(name)
        if vantage is None:
            raise BadInput(f"this step has no access to the datastore '{name}'", remedy="see: runner doctor")
        return opened.setdefault(name, BucketStore(vantage, PATIENT, lambda: _renewed(hidden).of(name)))

    opened: dict[str, ObjectStore] = {}

    shipper = LogShipper(store, task.id.logs, hidden, _reports_shipper(store, task, place, hidden))
    remains = Remains(task, place, staging(place, store, datastores, os.environ["RUNNER_STORES"]), begun, hidden)
    canceled = partial(records.canceled, store, task.id.run)
    return Attempt(remains, shipper, lambda: carried_tree(place), canceled)


def _reports_shipper(store: ObjectStore, task: Task, place: Workplace, hidden: Sequence[bytes]) -> Callable[[], None]:
    sizes: dict[str, int] = {}

    def ship() -> None:
        now = {path.name: path.stat().st_size for path in place.reports.glob("*.jsonl")}
        if now != sizes:
            keep_reports(store, task, place, hidden)
            sizes.update(now)

    return ship


def _secrets(stores: StepStores) -> tuple[bytes, ...]:
    vantages = (stores.workspace, *stores.datastores.values())
    keys = tuple(vantage.secret_key.encode() for vantage in vantages if vantage.secret_key)
    return (*keys, *masks(stores.secrets.values()))


def _renewed(hidden: list[bytes]) -> StepStores:
    """The stores as pods are told of them by now; what is secret about that is `hidden` as well from then on."""
    stores = _read_stores()
    hidden.extend(secret for secret in _secrets(stores) if secret not in hidden)
    return stores


def _read_stores() -> StepStores:
    return from_document(StepStores, json.loads(Path(os.environ["RUNNER_STORES"]).read_bytes()))


def _await_assignment(store: ObjectStore, key: str, digest: str) -> Task:
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            return records.assignment(store, key, digest)
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
