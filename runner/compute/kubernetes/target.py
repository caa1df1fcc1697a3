"""The compute target that makes one Job per attempt."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from secrets import token_hex
from time import monotonic

from ...errors import Problem, RunnerError, StoreError, TargetDenied, TargetError, TargetUnreachable
from ...model.data_access import DataAccess
from ...model.digest import digest_of_bytes
from ...model.names import job_name
from ...model.observation import LIVE, Observation, Phase
from ...model.task import Task, TaskId
from ...model.workers import WorkerKind
from ...operations.scoped_stores import Minters
from ...ports import ObjectStore
from ...runs import records
from . import conventions as c
from . import interpret, job_rules, log_tail, preflight, render
from .attempt_secrets import AttemptSecrets
from .cluster import Cluster
from .early_commits import EarlyCommitPoller
from .interpret import PodSnapshot, StoredResult
from .job_deletion import deletion_error, undeleted_jobs, wait_for_pods
from .json_fields import KubeObject, text
from .mount_access import MountAccess
from .mount_secrets import MountSecrets
from .run_objects import RunFiles, RunObjects
from .run_watch import RunWatch
from .settings import ClusterSettings

_REFRESH = timedelta(seconds=1)
_TOKEN_BYTES = 32
"""Random bytes of the token of a gang: as many as its HMAC has (RFC 2104, section 3)."""
_PENDING_SECONDS = 1.0
"""Seconds between two ticks while an attempt is pending: its events must be polled, because no watch reports them."""


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class KubernetesTarget:
    """Jobs in one namespace of one cluster.

    A step costs two requests, its Job's POST and DELETE, and its share of two watches.
    """

    def __init__(  # noqa: PLR0913 - the parts of a target, all but two by keyword
        self,
        name: str,
        cluster: Cluster,
        settings: ClusterSettings,
        *,
        store: ObjectStore,
        step_stores: Callable[[str], RunFiles],
        step_archive: bytes,
        minters: Minters = lambda _datastore: None,
        capacity: int = 8,
        notify: Callable[[str], None] = _to_stderr,
    ) -> None:
        """Make a target.

        Args:
            name: The name of the target.
            cluster: The namespace.
            settings: The settings of the manifests.
            store: The workspace store.
            step_stores: Returns the files of a run's Secret, with endpoints as pods reach them.
            step_archive: The content of ``step.pyz``.
            minters: Returns what mints keys for a datastore. Default: nothing does.
            capacity: The most Jobs at the same time. Default: 8.
            notify: Prints warnings. Default: to standard error.
        """
        self.name = name
        self._cluster = cluster
        self._settings = settings
        self._store = store
        self._capacity = capacity
        self._say = notify
        self._archive = digest_of_bytes(step_archive)
        self._keys = AttemptSecrets(cluster, settings, store=store, files=step_stores, minters=minters, say=notify)
        self._objects = RunObjects(cluster, settings, archive=step_archive, stores=self._keys.run_files)
        self._mount_secrets = MountSecrets(cluster, settings, step_stores, self._keys.mount_endpoint)
        self._mount_access = MountAccess(cluster, settings)
        self._early_commits = EarlyCommitPoller(store)
        self._watches: dict[str, RunWatch] = {}
        self._results: dict[str, StoredResult] = {}
        self._warnings: dict[str, str] = {}
        self._recent: dict[TaskId, tuple[PodSnapshot, datetime, Observation]] = {}
        self._deleting: set[str] = set()
        """Jobs that this target has deleted and whose pods may still exist."""
        self._deleted: set[str] = set()
        """Deleted Jobs that may still exist. They are not reported any more."""
        self._resumable: set[str] = set()
        """Suspended Jobs whose next pod may run the attempt."""
        self._changed = threading.Condition()
        self._changes = 0
        self._observed = -1
        self._any_pending = False
        self._renewal_error = ""
        """The error of the last renewal of the run's keys, as it was reported."""

    @property
    def capacity(self) -> int:
        """Return the configured capacity."""
        return self._capacity

    def start(self, task: Task) -> str:
        """Create the Job, or adopt the one that an earlier controller created. Raises TargetError."""
        owner = self._objects.ensure(task.id.run)
        secret = self._keys.prepare(task, owner)
        if job_rules.needs_service(task):
            # Before the Job: a controller that finds a Job does not ask whether it has all that it needs.
            self._cluster.create("services", job_rules.service(task, self._settings, owner=owner))
            # An existing one stays: pods may know it already, and all of them read the same.
            token = job_rules.token_secret(task, self._settings, owner=owner, token=token_hex(_TOKEN_BYTES))
            self._cluster.create("secrets", token)
        job = render.job(
            task,
            self._settings,
            owner=owner,
            archive=self._archive,
            interpreter=task.interpreter,
            mounts=self._mount_secrets.prepare(task, owner),
            secret=secret,
        )
        created = self._cluster.create("jobs", job)
        made = created.object or self._existing_job(task)
        uid = text(made, "metadata", "uid")
        if created.warnings:
            self._warnings[uid] = "; ".join(created.warnings)
        watch = self._watches.get(task.id.run)
        if watch is not None:
            # The watch may report the Job later. Until then it must not look lost.
            watch.add(made)
        return uid

    def begun(self, task: TaskId) -> str:
        """Return the task digest in the Job of the attempt. Raises TargetError."""
        return text(self._cluster.get("jobs", self._job_name(task)), "metadata", "annotations", c.TASK_ANNOTATION)

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        """Return the state of the run's watches. The first call starts them. Raises TargetError, StoreError."""
        with self._changed:
            self._observed = self._changes
        watch = self._watches.get(run)
        if watch is None:
            watch = self._watches[run] = RunWatch(self._cluster, self._settings, run, changed=self._notice)
        now = self._cluster.now()
        snapshots = self._without_deleted(watch.snapshots(now))
        found = {task: self._recent_observation(task, snapshot, now) for task, snapshot in snapshots.items()}
        self._any_pending = any(one.phase is Phase.PENDING for one in found.values())
        if live := [task for task, one in found.items() if one.phase in LIVE]:
            self._renew(run, live, now)
        self._early_commits.follow(
            {
                task: found[task].phase is Phase.RUNNING
                for task, snapshot in snapshots.items()
                if snapshot.assigned and found[task].phase in (Phase.PENDING, Phase.RUNNING)
            }
        )
        return found

    def wait(self, seconds: float) -> None:
        """Return at the next event of a watch, or when a commit is found in the store."""
        deadline = monotonic() + (min(seconds, _PENDING_SECONDS) if self._any_pending else seconds)
        while not self._changes_within(deadline - monotonic()):
            if self._early_commits.poll() or monotonic() >= deadline:
                return

    def begin_stop(self, task: TaskId, uid: str) -> None:
        """Delete the Job. The grace period of its pods begins."""
        self._cluster.delete("jobs", self._job_name(task), uid=uid)
        self._delete_service(task)
        self._deleting.add(uid)

    def stop(self, task: TaskId, uid: str) -> None:
        """Delete the Job and wait for its pods. Warn of pods that still run after `stop_timeout`."""
        if uid not in self._deleting:
            self.begin_stop(task, uid)
        labels = c.selector(c.task_labels(self._settings.store_id, task))
        problem = wait_for_pods(self._cluster, labels, self._settings, self._job_name(task))
        if problem:
            self._say(problem)
        self._deleted.add(uid)
        self._deleting.discard(uid)

    def keep_reports(self, task: TaskId) -> None:
        """Do nothing: each pod stores its reports every few seconds (`step.bootstrap`)."""

    def remove(self, task: TaskId, uid: str) -> None:
        """Delete the Job. Save the end of the pod's log if the store has no result of the attempt."""
        if uid in self._results and self._results[uid] == StoredResult():
            # The kubelet may be gone for good, with the end of the log. The Job is deleted nevertheless.
            with suppress(TargetError, StoreError):
                self._save_tail(task, uid)
        self._cluster.delete("jobs", self._job_name(task), uid=uid)
        self._delete_service(task)
        self._keys.forget(task)
        self._mount_secrets.forget(task)
        self._results.pop(uid, None)
        self._early_commits.forget(task)
        self._warnings.pop(uid, None)
        self._recent.pop(task, None)
        self._deleted.add(uid)

    def finish(self, run: str) -> None:
        """Delete the run's ConfigMap, and with it all that it owns."""
        watch = self._watches.pop(run, None)
        if watch is not None:
            for line in undeleted_jobs(watch.held(), self._settings.namespace):
                self._say(line)
            watch.close()
        self._objects.finish(run)

    def problems(self, *, gangs: bool = False) -> tuple[Problem, ...]:
        """Return the problems of server, permissions, namespace and admission: see `preflight`."""
        return (*preflight.problems(self._cluster, self._settings, gangs=gangs), *self._keys.problems())

    def data_access(self) -> DataAccess:
        """Return the mounts that the nodes offer. The answer is at most a minute old."""
        return replace(self._mount_access.get(), warning=self._keys.warning())

    def close(self) -> None:
        """End the watches. Jobs continue."""
        for watch in self._watches.values():
            watch.close()
        self._watches.clear()
        self._cluster.close()

    def _changes_within(self, seconds: float) -> bool:
        pause = self._early_commits.pause()
        with self._changed:
            patience = seconds if pause is None else min(seconds, pause)
            return self._changed.wait_for(lambda: self._changes != self._observed, max(0.0, patience))

    def _notice(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _job_name(self, task: TaskId) -> str:
        return job_name(self._settings.store_id, task.run, task.key, task.attempt)

    def _renew(self, run: str, live: list[TaskId], now: datetime) -> None:
        """Renew the keys. A failure only causes a warning, because the old keys may stay valid for long."""
        try:
            self._objects.renew(run, now)
            self._keys.renew(live, self._objects.ensure, self._mount_secrets.replace, now)
        except (RunnerError, OSError) as error:
            problem = f"the keys of the pods of run {run} could not be checked: {error}"
        else:
            problem = ""
        if problem and problem != self._renewal_error:
            self._say(problem)
        self._renewal_error = problem

    def _without_deleted(self, snapshots: Mapping[TaskId, PodSnapshot]) -> Mapping[TaskId, PodSnapshot]:
        """Return the snapshots without Jobs that were deleted.

        A finalizer may keep such a Job for ever, but not the run.
        """
        if not self._deleted:
            return snapshots
        self._deleted.intersection_update([snapshot.uid for snapshot in snapshots.values()])
        return {task: snapshot for task, snapshot in snapshots.items() if snapshot.uid not in self._deleted}

    def _existing_job(self, task: Task) -> KubeObject:
        name = self._job_name(task.id)
        place = f"Job '{name}' in namespace '{self._settings.namespace}' of {self._cluster.server}"
        found = self._cluster.get("jobs", name)
        if found is None:
            raise TargetUnreachable(f"{place} has just gone: it is made anew")
        if text(found, "metadata", "deletionTimestamp"):
            raise deletion_error(found, self._cluster.now(), self._settings, place)
        labels = c.task_labels(self._settings.store_id, task.id)
        ours = all(text(found, "metadata", "labels", label) == value for label, value in labels.items())
        if not ours or text(found, "metadata", "annotations", c.TASK_ANNOTATION) != task.digest:
            raise TargetError(f"{place} is not this attempt's; delete it if no one needs it")
        return found

    def _recent_observation(self, task: TaskId, snapshot: PodSnapshot, now: datetime) -> Observation:
        """Return the last observation for up to a second if nothing has changed, so that a tick costs little."""
        before = self._recent.get(task)
        if (
            before is not None
            and before[0] is snapshot
            and now < before[1] + _REFRESH
            and not self._early_commits.found(task)
        ):
            return before[2]
        found = self._observation(task, snapshot, now)
        if found.phase in LIVE:
            self._recent[task] = (snapshot, now, found)
        else:
            self._recent.pop(task, None)
        return found

    def _observation(self, task: TaskId, snapshot: PodSnapshot, now: datetime) -> Observation:
        stored = self._early_commits.found(task) or StoredResult()
        resumable = snapshot.is_suspended and snapshot.uid in self._resumable
        if interpret.needs_stored_result(snapshot, now) and stored == StoredResult() and not resumable:
            stored = self._result_of(task, snapshot.uid)
        found = interpret.observe(snapshot, now=now, settings=self._settings, stored=stored)
        if not snapshot.is_suspended:
            self._resumable.discard(snapshot.uid)
        elif found.phase is Phase.PENDING and not resumable:
            self._make_resumable(task, snapshot)
        warning = self._warnings.get(snapshot.uid, "")
        if found.phase is Phase.PENDING and not found.reason and not snapshot.pods and warning:
            return replace(found, reason=f"the API server warns: {warning}")
        return found

    def _delete_service(self, task: TaskId) -> None:
        """Delete the Service of a gang. One that this process does not know of goes with its run."""
        watch = self._watches.get(task.run)
        if watch is not None and watch.kind_of(task) is WorkerKind.GANG:
            with suppress(TargetDenied):
                self._cluster.delete("services", c.service_name(self._job_name(task)))

    def _make_resumable(self, task: TaskId, snapshot: PodSnapshot) -> None:
        """Let the next pods of a suspended Job run the attempt: the records of the first ones are void."""
        record = records.record_of(self._store, task)
        if record is not None and record.failure in interpret.INTERRUPTED:
            self._store.delete(task.record)
        for index in range(1, len(snapshot.workers) if snapshot.kind is WorkerKind.GANG else 0):
            self._store.delete(task.worker_record(index))
        uid = snapshot.uid
        self._results.pop(uid, None)
        self._resumable.add(uid)

    def _result_of(self, task: TaskId, uid: str) -> StoredResult:
        """Read the attempt's stored result once: the result of an ended attempt does not change."""
        if uid not in self._results:
            commit = records.committed(self._store, task)
            record = records.record_of(self._store, task)
            self._results[uid] = (
                StoredResult(record, commit.outputs, commit.attempt) if commit else StoredResult(record)
            )
        return self._results[uid]

    def _save_tail(self, task: TaskId, uid: str) -> None:
        watch = self._watches.get(task.run)
        pod = watch.pod_of(uid) if watch else {}
        log_tail.save(self._cluster, self._store, task, pod)
