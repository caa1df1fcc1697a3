"""The main program of a step's container: stage in, run the script, stage out, record, commit.

It starts nothing if the step is committed, the attempt has ended or the run was canceled.
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

from ..data import node_cache
from ..data.attempt_outputs import AttemptOutputs, bare_record
from ..data.launch import ignored_paths
from ..data.masking import Hidden, masked_record, masked_text
from ..data.secret_values import masks
from ..data.work_dir import WorkDir, keep_reports
from ..errors import BadInput, ObjectDamaged, ObjectMissing, RunnerError, StoreUntrusted
from ..model.context import StoreAccess
from ..model.data import DEFAULT_DATASTORE
from ..model.document import from_document
from ..model.record import AttemptRecord, CommitRecord, Failure
from ..model.store_endpoint import StepStores
from ..model.task import Task
from ..model.termination import to_message
from ..model.workers import GANG_TOKEN, STEP_FAILED, WorkerKind
from ..ports import ObjectStore
from ..runs import records
from ..storage.registry import open_store
from ..storage.s3.http import STEP_RETRIES
from ..storage.s3.store import BucketStore
from . import machine
from .attempt import Attempt
from .logs import LogShipper
from .pod_staging import staging
from .script_result import stopped
from .sigterm import Stopped, ignore_sigterm, raise_on_sigterm
from .worker import Worker, worker_of
from .worker_attempt import WorkerAttempt

TERMINATION_LOG = Path("/dev/termination-log")
_WAIT = 60.0
"""Seconds to wait for the assignment. A pod may start before its task is written."""


def main() -> int:
    """Run the assignment of this container and return the script's exit code."""
    begun = time.time()
    raise_on_sigterm()
    try:
        record, code = _run(begun)
    except Stopped:  # before anybody could know whose end this is
        return 128 + signal.SIGTERM
    except Exception as error:  # noqa: BLE001 - the last place where an error can be reported
        record, code = _defect(0, error, begun), 1
    if record is not None:
        _report(record)
    return code


def _run(begun: float) -> tuple[AttemptRecord | None, int]:
    """Run the attempt. Return its record, None if nothing was started, and the exit code of the container."""
    stores = _read_stores()
    # Fail fast if the store is unreachable before the script starts; afterwards retry for eight minutes.
    task = _await_assignment(BucketStore(stores.workspace), os.environ["RUNNER_ASSIGNMENT"], os.environ["RUNNER_TASK"])
    hidden = Hidden(_secrets(stores))
    store = BucketStore(stores.workspace, STEP_RETRIES, lambda: _renewed(hidden).workspace)
    here = machine.of(os.environ)
    worker = None if here else worker_of(task, os.environ)
    if worker is not None:
        return _run_worker(WorkerAttempt(worker=worker, task=task, store=store, hidden=hidden), stores, begun)
    if reason := _reason_not_to_start(store, task):
        print(f"runner: {reason}; nothing is started")
        return None, 0
    attempt = _attempt(task, store, stores, begun=begun, hidden=hidden)
    record, _ = _ended(attempt, attempt.run)
    if here:  # all its processes share one cgroup
        record = replace(record, peak_memory=0)
    record = masked_record(record, hidden)
    commit = records.finish(store, task, record)
    _delete_uncounted(attempt, own=commit is not None and commit.attempt == record.attempt)
    record = effective_record(record, commit)
    return record, record.exit_code if record.exit_code is not None else 1


def _run_worker(part: WorkerAttempt, stores: StepStores, begun: float) -> tuple[AttemptRecord | None, int]:
    """Run one of the workers of an attempt. Return as `_run`."""
    earlier = part.ended_before()
    if earlier is not None:
        return None, earlier
    attempt = _attempt(part.task, part.store, stores, begun=begun, hidden=part.hidden, worker=part.worker)
    attempt.on_failed = part.on_failed
    if part.worker.kind is WorkerKind.POOL:
        attempt.on_staged = partial(part.restore_reports, attempt)
    record, stopped = _ended(attempt, lambda: part.merged(attempt, attempt.run()))
    end = part.finish(record, stopped=stopped)
    if end.commit is not None:
        _delete_uncounted(attempt, own=end.commit.attempt == record.attempt)
    elif end.exit_code == STEP_FAILED and part.worker.kind is WorkerKind.GANG:
        attempt.delivering = True  # other workers may have stored outputs; those of a pool may serve a retry
        _delete_uncounted(attempt, own=False)
    return end.record, end.exit_code


def _ended(attempt: Attempt, run: Callable[[], AttemptRecord]) -> tuple[AttemptRecord, bool]:
    """Return the record of an attempt, and whether it received SIGTERM. Ignore SIGTERM from then on."""
    task, begun, store = attempt.outputs.task, attempt.outputs.begun, attempt.outputs.staging.workspace
    try:
        record, stopped = run(), attempt.stopped
    except Stopped:
        record, stopped = _stopped_record(store, task, begun), True
    except Exception as error:  # noqa: BLE001 - whatever it is, the attempt must leave a record
        record, stopped = _defect(task.id.attempt, error, begun, attempt.outputs.hidden), False
    ignore_sigterm()
    return record, stopped


def _stopped_record(store: ObjectStore, task: Task, begun: float) -> AttemptRecord:
    ignore_sigterm()
    result = stopped(canceled=records.canceled(store, task.id.run))
    return bare_record(task.id.attempt, result.failure, result.reason, begun=begun)


def _delete_uncounted(attempt: Attempt, *, own: bool) -> None:
    """Delete outputs that do not count. Errors are ignored. `own`: the outputs of this attempt count."""
    try:
        if own:
            attempt.outputs.sweep()
        elif attempt.delivering:
            attempt.outputs.discard()
    except RunnerError as error:
        print(f"runner: what is left of other attempts stays in the store: {error}", file=sys.stderr)


def effective_record(record: AttemptRecord, commit: CommitRecord | None) -> AttemptRecord:
    """Return the record to report. A step has succeeded if and only if there is a commit, of whichever attempt."""
    if commit is None and record.failure is None:
        return replace(
            record, failure=Failure.LOST, exit_code=None, reason="another process had recorded its end before"
        )
    if commit is None or commit.attempt == record.attempt:
        return record
    print(f"runner: attempt {commit.attempt} was committed first")
    won = replace(record, failure=None, exit_code=0, outputs=commit.outputs, attempt=commit.attempt)
    return replace(won, reason="", tail="")


def _defect(attempt: int, error: Exception, begun: float, hidden: Sequence[bytes] = ()) -> AttemptRecord:
    """Return the record of a failure of runner or the store.

    Another attempt may succeed, unless it would read the same.
    """
    if isinstance(error, ObjectDamaged):
        return bare_record(attempt, Failure.INPUT, str(error), begun=begun)
    if isinstance(error, StoreUntrusted):
        return bare_record(attempt, Failure.REFUSED, str(error), begun=begun)
    if isinstance(error, RunnerError):
        return bare_record(attempt, Failure.STORE, str(error), begun=begun)
    trace = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    print(masked_text(trace, hidden), file=sys.stderr, end="")
    reason = f"runner itself failed: {type(error).__name__}: {error}"
    return bare_record(attempt, Failure.STORE, reason, begun=begun)


def _report(record: AttemptRecord) -> None:
    if TERMINATION_LOG.exists():  # the kubelet makes it
        TERMINATION_LOG.write_text(to_message(record), encoding="utf-8")
    if record.failure is not None:
        print(f"runner: {record.reason}", file=sys.stderr)


def own_archive() -> Path:
    """Return the archive that this process runs, for the script's path.

    Unpacking its 400 files would take longer than compiling those that a script imports.
    """
    return Path(sys.argv[0])


def _attempt(
    task: Task,
    store: ObjectStore,
    stores: StepStores,
    *,
    begun: float,
    hidden: list[bytes],
    worker: Worker | None = None,
) -> Attempt:
    place, index = WorkDir(Path(os.environ["RUNNER_WORK"])), worker.index if worker else 0
    for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR"):
        if os.environ.get(name):
            Path(os.environ[name]).mkdir(parents=True, exist_ok=True)
    here = machine.of(os.environ)

    def datastores(name: str) -> ObjectStore:
        if name == DEFAULT_DATASTORE:
            return store
        folder = here.datastore(name) if here else None
        if folder is not None:
            return folder
        endpoint = stores.of(name)
        if endpoint is None:
            raise BadInput(f"this step has no access to the datastore '{name}'", remedy="see: runner doctor")
        return opened.setdefault(name, open_store(endpoint, STEP_RETRIES, lambda: _renewed(hidden).of(name)))

    opened: dict[str, ObjectStore] = {}

    shipper = LogShipper(
        store=store,
        prefix=task.id.worker_logs(index),
        secrets=hidden,
        also=_reports_shipper(store, task.id.worker_reports(index), place, hidden),
    )
    file, cache = os.environ["RUNNER_STORES"], node_cache.of_node(os.environ.get(node_cache.VARIABLE, ""))
    access = here.access(file, task.access) if here else StoreAccess(stores=file)
    outputs = AttemptOutputs(
        task=task,
        place=place,
        staging=staging(place, store, datastores, access, here=here, cache=cache),
        begun=begun,
        hidden=hidden,
        worker=index,
        delivers=worker is None or worker.delivers,
    )
    for line in ignored_paths(task) if here else ():
        shipper.note(line)
    canceled = partial(records.canceled, store, task.id.run)
    variables = worker.variables(place.extra_outputs) if worker else {}
    return Attempt(outputs=outputs, shipper=shipper, tree=own_archive, variables=variables, is_canceled=canceled)


def _reports_shipper(store: ObjectStore, prefix: str, place: WorkDir, hidden: Sequence[bytes]) -> Callable[[], None]:
    sizes: dict[str, int] = {}

    def ship() -> None:
        now = {path.name: path.stat().st_size for path in place.reports.glob("*.jsonl")}
        if now != sizes:
            keep_reports(store, prefix, place, hidden)
            sizes.update(now)

    return ship


def _secrets(stores: StepStores) -> tuple[bytes, ...]:
    path = os.environ.get(GANG_TOKEN, "")
    token = (Path(path).read_text(encoding="ascii"),) if path else ()
    return (*(key.encode() for key in stores.keys), *masks((*stores.secrets.values(), *token)))


def _renewed(hidden: list[bytes]) -> StepStores:
    """Read the stores' settings and keys again, and add new secrets to `hidden`."""
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


def _reason_not_to_start(store: ObjectStore, task: Task) -> str:
    if records.committed(store, task.id) is not None:
        return "the step is committed already"
    if records.record_of(store, task.id) is not None:
        return "this attempt has ended already"
    if records.canceled(store, task.id.run):
        return "the run was canceled"
    return ""
