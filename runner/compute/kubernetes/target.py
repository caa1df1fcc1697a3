"""The compute target that makes one Job per attempt."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from time import monotonic

from ...errors import Problem, RunnerError, StoreError, TargetError, TargetUnreachable
from ...model.digest import digest_of_bytes
from ...model.names import job_name
from ...model.observation import LIVE, Observation, Phase
from ...model.task import Task, TaskId
from ...ports import ObjectStore
from ...runs import records
from . import contract as c
from . import interpret, log_end, preflight, render
from .clearing import being_deleted, left_behind, wait_for_pods
from .cluster import Cluster
from .fields import KubeObject, text
from .interpret import Sighting, Traces
from .runwatch import RunWatch
from .settings import ClusterSettings
from .upkeep import RunFiles, RunObjects
from .young import YoungAttempts

_AGAIN = timedelta(seconds=1)
_EARLY_SECONDS = 1.0
"""While an attempt is late at starting its events are asked for, which nothing announces."""


def _to_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


class KubernetesTarget:
    """Jobs in one namespace of one cluster.

    A step costs two requests, its Job's POST and DELETE, and its share of two watches.
    """

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        settings: ClusterSettings,
        *,
        store: ObjectStore,
        step_stores: Callable[[str], RunFiles],
        step_archive: bytes,
        capacity: int = 8,
        say: Callable[[str], None] = _to_stderr,
    ) -> None:
        """`step_stores` reads what the pods of a run are told, cluster vantage; `step_archive`: the ``step.pyz``.

        `say` gets warnings for people.
        """
        self.name = name
        self._cluster = cluster
        self._settings = settings
        self._store = store
        self._capacity = capacity
        self._say = say
        self._archive = digest_of_bytes(step_archive)
        self._objects = RunObjects(cluster, settings, archive=step_archive, stores=step_stores)
        self._young = YoungAttempts(store)
        self._watches: dict[str, RunWatch] = {}
        self._traces: dict[str, Traces] = {}
        self._warnings: dict[str, str] = {}
        self._lately: dict[TaskId, tuple[Sighting, datetime, Observation]] = {}
        self._going: set[str] = set()
        """Jobs that were deleted by us, and whose pods nobody has waited for yet."""
        self._cleared: set[str] = set()
        """Jobs that were deleted by us and may not have gone yet: nothing more is told of them."""
        self._reopened: set[str] = set()
        """Suspended Jobs whose next pod may do the attempt."""
        self._changed = threading.Condition()
        self._changes = 0
        self._observed = -1
        self._late = False
        self._trouble = ""
        """Of the last look after the run's keys, as it was said."""

    @property
    def capacity(self) -> int:
        """As configured."""
        return self._capacity

    def start(self, task: Task) -> str:
        """POST the Job, or adopt the one that an earlier controller made. Raises TargetError."""
        owner = self._objects.ensure(task.id.run)
        job = render.job(task, self._settings, owner=owner, archive=self._archive, interpreter=task.interpreter)
        created = self._cluster.create("jobs", job)
        made = created.object or self._adopted(task)
        uid = text(made, "metadata", "uid")
        if created.warnings:
            self._warnings[uid] = "; ".join(created.warnings)
        watch = self._watches.get(task.id.run)
        if watch is not None:
            # The watch may tell of it only later; until then it must not look lost.
            watch.add(made)
        return uid

    def begun(self, task: TaskId) -> str:
        """The digest that the Job of the attempt carries. Raises TargetError."""
        return text(self._cluster.get("jobs", self._job_name(task)), "metadata", "annotations", c.TASK_ANNOTATION)

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        """What the run's watches know; the first call starts them. Raises TargetError, StoreError."""
        with self._changed:
            self._observed = self._changes
        watch = self._watches.get(run)
        if watch is None:
            watch = self._watches[run] = RunWatch(self._cluster, self._settings, run, changed=self._notice)
        now = self._cluster.now()
        seen = self._uncleared(watch.sightings(now))
        found = {task: self._observed_lately(task, sighting, now) for task, sighting in seen.items()}
        self._late = any(one.phase is Phase.PENDING for one in found.values())
        if any(one.phase in LIVE for one in found.values()):
            self._renew(run, now)
        self._young.follow(
            {
                task: found[task].phase is Phase.RUNNING
                for task, sighting in seen.items()
                if sighting.assigned and found[task].phase in (Phase.PENDING, Phase.RUNNING)
            }
        )
        return found

    def wait(self, seconds: float) -> None:
        """Return at the next event of a watch, or when a commit is found in the store."""
        deadline = monotonic() + (min(seconds, _EARLY_SECONDS) if self._late else seconds)
        while not self._changes_within(deadline - monotonic()):
            if self._young.look() or monotonic() >= deadline:
                return

    def begin_stop(self, task: TaskId, uid: str) -> None:
        """Delete the Job: its pods have their grace from now on."""
        self._cluster.delete("jobs", self._job_name(task), uid=uid)
        self._going.add(uid)

    def stop(self, task: TaskId, uid: str) -> None:
        """Delete the Job and wait for its pods; those that outlive the patience for it are warned of."""
        if uid not in self._going:
            self.begin_stop(task, uid)
        labels = c.selector(c.task_labels(self._settings.store_id, task))
        trouble = wait_for_pods(self._cluster, labels, self._settings, self._job_name(task))
        if trouble:
            self._say(trouble)
        self._cleared.add(uid)
        self._going.discard(uid)

    def remove(self, task: TaskId, uid: str) -> None:
        """Delete the Job, and keep the end of the pod's log if nothing else of the attempt is left."""
        if uid in self._traces and self._traces[uid] == Traces():
            # The kubelet may be gone for good, and the log's end with it: that must not keep the Job.
            with suppress(TargetError, StoreError):
                self._save_tail(task, uid)
        self._cluster.delete("jobs", self._job_name(task), uid=uid)
        self._traces.pop(uid, None)
        self._young.forget(task)
        self._warnings.pop(uid, None)
        self._lately.pop(task, None)
        self._cleared.add(uid)

    def finish(self, run: str) -> None:
        """Delete the run's ConfigMap, and with it all that it owns."""
        watch = self._watches.pop(run, None)
        if watch is not None:
            for line in left_behind(watch.held(), self._settings.namespace):
                self._say(line)
            watch.close()
        self._objects.finish(run)

    def problems(self) -> tuple[Problem, ...]:
        """Server, permissions, namespace, admission: see `preflight`."""
        return preflight.problems(self._cluster, self._settings)

    def close(self) -> None:
        """End the watches; Jobs go on."""
        for watch in self._watches.values():
            watch.close()
        self._watches.clear()
        self._cluster.close()

    def _changes_within(self, seconds: float) -> bool:
        pause = self._young.pause()
        with self._changed:
            patience = seconds if pause is None else min(seconds, pause)
            return self._changed.wait_for(lambda: self._changes != self._observed, max(0.0, patience))

    def _notice(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _job_name(self, task: TaskId) -> str:
        return job_name(self._settings.store_id, task.run, task.key, task.attempt)

    def _renew(self, run: str, now: datetime) -> None:
        """No step fails because its keys could not be renewed now: they may hold for long."""
        try:
            self._objects.renew(run, now)
        except (RunnerError, OSError) as error:
            trouble = f"the keys of the pods of run {run} could not be looked after: {error}"
        else:
            trouble = ""
        if trouble and trouble != self._trouble:
            self._say(trouble)
        self._trouble = trouble

    def _uncleared(self, seen: Mapping[TaskId, Sighting]) -> Mapping[TaskId, Sighting]:
        """Without those whose end is told: a finalizer may keep a deleted Job for ever, which must not keep the run."""
        if not self._cleared:
            return seen
        self._cleared.intersection_update([sighting.uid for sighting in seen.values()])
        return {task: sighting for task, sighting in seen.items() if sighting.uid not in self._cleared}

    def _adopted(self, task: Task) -> KubeObject:
        name = self._job_name(task.id)
        place = f"Job '{name}' in namespace '{self._settings.namespace}' of {self._cluster.server}"
        found = self._cluster.get("jobs", name)
        if found is None:
            raise TargetUnreachable(f"{place} has just gone: it is made anew")
        if text(found, "metadata", "deletionTimestamp"):
            raise being_deleted(found, self._cluster.now(), self._settings, place)
        labels = c.task_labels(self._settings.store_id, task.id)
        ours = all(text(found, "metadata", "labels", label) == value for label, value in labels.items())
        if not ours or text(found, "metadata", "annotations", c.TASK_ANNOTATION) != task.digest:
            raise TargetError(f"{place} is not this attempt's; delete it if no one needs it")
        return found

    def _observed_lately(self, task: TaskId, seen: Sighting, now: datetime) -> Observation:
        """What goes on without news is looked at once a second: a tick must not cost all that runs."""
        before = self._lately.get(task)
        if before is not None and before[0] is seen and now < before[1] + _AGAIN and not self._young.found(task):
            return before[2]
        found = self._observation(task, seen, now)
        if found.phase in LIVE:
            self._lately[task] = (seen, now, found)
        else:
            self._lately.pop(task, None)
        return found

    def _observation(self, task: TaskId, seen: Sighting, now: datetime) -> Observation:
        traces = self._young.found(task) or Traces()
        reopened = seen.put_away and seen.uid in self._reopened
        if interpret.needs_traces(seen, now) and traces == Traces() and not reopened:
            traces = self._traces_of(task, seen.uid)
        found = interpret.observe(seen, now=now, settings=self._settings, traces=traces)
        if not seen.put_away:
            self._reopened.discard(seen.uid)
        elif found.phase is Phase.PENDING and not reopened:
            self._reopen(task, seen.uid)
        warning = self._warnings.get(seen.uid, "")
        if found.phase is Phase.PENDING and not found.reason and not seen.pods and warning:
            return replace(found, reason=f"the API server warns: {warning}")
        return found

    def _reopen(self, task: TaskId, uid: str) -> None:
        """Let the pod that a suspended Job gets when it is resumed do the attempt: the first one's record is void."""
        record = records.record_of(self._store, task)
        if record is not None and record.failure in interpret.INTERRUPTED:
            self._store.delete(task.record)
        self._traces.pop(uid, None)
        self._reopened.add(uid)

    def _traces_of(self, task: TaskId, uid: str) -> Traces:
        """Asked for once: what an ended attempt has left does not change."""
        if uid not in self._traces:
            commit = records.committed(self._store, task)
            record = records.record_of(self._store, task)
            self._traces[uid] = Traces(record, commit.outputs, commit.attempt) if commit else Traces(record)
        return self._traces[uid]

    def _save_tail(self, task: TaskId, uid: str) -> None:
        watch = self._watches.get(task.run)
        pod = watch.pod_of(uid) if watch else {}
        log_end.save(self._cluster, self._store, task, pod)
