"""Snapshots of all attempts of one run. Only those whose objects have changed are built again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from ...errors import TargetError
from ...model.task import TaskId
from ...model.workers import WorkerKind
from .cluster import Cluster
from .conventions import run_labels, selector, task_of
from .event_poller import EventPoller
from .interpret import PodSnapshot, has_not_started
from .json_fields import KubeObject, number, row, text, value_at
from .pod_snapshot import DELETED, state
from .settings import ClusterSettings
from .watch import Watched

STALE_SECONDS = 15.0
"""Seconds for which a watch may be broken before its state counts as stale."""


class RunWatch:
    """A watch on a run's Jobs and one on its pods, joined per attempt."""

    def __init__(self, cluster: Cluster, settings: ClusterSettings, run: str, *, changed: Callable[[], None]) -> None:
        """Start the watches. Raises TargetError if the first lists cannot be read."""
        self._events = EventPoller(cluster)
        self._jobs_by_uid: dict[str, KubeObject] = {}
        """Jobs by uid."""
        self._pods_of: dict[str, dict[str, KubeObject]] = {}
        """Pods by uid, by their Job's uid."""
        self._snapshots: dict[TaskId, PodSnapshot] = {}
        self._starting: dict[str, TaskId] = {}
        """Attempts that do not run yet, by their Job's uid."""
        labels = selector(run_labels(settings.store_id, run))
        self._jobs = Watched(cluster, "jobs", labels, changed=changed)
        self._pods = Watched(cluster, "pods", labels, changed=changed)
        try:
            run_both(self._jobs.start, self._pods.start)
        except TargetError:
            self.close()
            raise

    def close(self) -> None:
        """End the background threads."""
        self._jobs.close()
        self._pods.close()

    def add(self, job: KubeObject) -> None:
        """Add a Job that this process has just created."""
        self._jobs.add(job)

    def snapshots(self, now: datetime) -> Mapping[TaskId, PodSnapshot]:
        """Return the snapshot of each attempt: the same value as long as nothing has changed.

        Raises TargetError if the watches have been broken for `STALE_SECONDS`.
        """
        for watched in (self._jobs, self._pods):
            error = watched.failure(STALE_SECONDS)
            if error is not None:
                raise error
        # Jobs before pods: a pod that is not there yet only looks late, a Job that is not there looks lost.
        changed = self._take_jobs()
        changed |= self._take_pods()
        for uid in changed:
            self._update_snapshot(uid)
        late = {uid: self._snapshots[task] for uid, task in self._starting.items()}
        for uid in self._events.refresh(late, now):
            self._update_snapshot(uid)
        return self._snapshots

    def pod_of(self, uid: str) -> KubeObject:
        """Return the pod of the Job with that uid that tells most, or an empty object."""
        pods = tuple(self._pods_of.get(uid, {}).values())
        failed = [pod for pod in pods if number(state(pod, "terminated"), "exitCode")]
        return min(failed, key=_finished, default=None) or PodSnapshot({}, pods).pod

    def kind_of(self, task: TaskId) -> WorkerKind | None:
        """Return the kind of an attempt's workers; None for an attempt of one pod, or one that is not known."""
        return self._snapshots.get(task, _NONE).kind

    def held(self) -> Mapping[str, str]:
        """Return the finalizers of deleted Jobs that still exist, by name."""
        found: dict[str, str] = {}
        for job in self._jobs.objects():
            keepers = value_at(job, "metadata", "finalizers")
            if text(job, "metadata", "deletionTimestamp") and isinstance(keepers, list) and keepers:
                found[text(job, "metadata", "name")] = ", ".join(map(str, keepers))
        return found

    def _take_jobs(self) -> set[str]:
        news = self._jobs.news()
        for uid, job in news.items():
            if job is None:
                self._forget_job(uid)
            else:
                self._jobs_by_uid[uid] = job
        return set(news)

    def _take_pods(self) -> set[str]:
        changed: set[str] = set()
        gone: list[str] = []
        for uid, pod in self._pods.news().items():
            if pod is None:
                continue
            job = _job_of(pod)
            if value_at(pod, DELETED) is True and job not in self._jobs_by_uid:
                gone.append(uid)
                self._forget_pod(job, uid)
            else:
                self._pods_of.setdefault(job, {})[uid] = pod
            changed.add(job)
        self._pods.forget(gone)
        return changed

    def _forget_job(self, uid: str) -> None:
        """Drop a deleted Job and what is known of its deleted pods."""
        job = self._jobs_by_uid.pop(uid, None)
        task = None if job is None else task_of(job)
        if task is not None and self._snapshots.get(task, _NONE).uid == uid:
            del self._snapshots[task]
        self._starting.pop(uid, None)
        self._events.forget(uid)
        gone = [one for one, pod in self._pods_of.get(uid, {}).items() if value_at(pod, DELETED) is True]
        for one in gone:
            self._forget_pod(uid, one)
        self._pods.forget(gone)

    def _forget_pod(self, job: str, pod: str) -> None:
        pods = self._pods_of.get(job, {})
        pods.pop(pod, None)
        if not pods:
            self._pods_of.pop(job, None)

    def _update_snapshot(self, uid: str) -> None:
        job = self._jobs_by_uid.get(uid)
        task = None if job is None else task_of(job)
        if job is None or task is None:
            return
        snapshot = PodSnapshot(job, tuple(self._pods_of.get(uid, {}).values()), self._events.events(uid))
        self._snapshots[task] = snapshot
        if has_not_started(snapshot):
            self._starting[uid] = task
        else:
            self._starting.pop(uid, None)


def run_both(one: Callable[[], None], other: Callable[[], None]) -> None:
    """Call both at the same time: a resumed run may have thousands of Jobs and pods to list.

    Raises the errors of both.
    """
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(one)
        other()
    begun.result()


_NONE = PodSnapshot({})


def _finished(pod: KubeObject) -> str:
    return text(state(pod, "terminated"), "finishedAt")


def _job_of(pod: KubeObject) -> str:
    return text(row(pod, "metadata", "ownerReferences", kind="Job"), "uid")
