"""All attempts of one run, as its Jobs and pods tell them; what changes is put together anew, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from ...errors import TargetError
from ...model.task import TaskId
from .cluster import Cluster
from .contract import run_labels, selector, task_of
from .eventbook import EventBook
from .fields import KubeObject, at, row, text
from .interpret import Sighting, may_want_events
from .settings import ClusterSettings
from .sighting import DELETED
from .watch import Watched

PATIENCE_SECONDS = 15.0
"""How long a watch may be broken before what it kept is no longer given out as the truth."""


class RunWatch:
    """A watch on a run's Jobs and one on its pods, put together per attempt."""

    def __init__(self, cluster: Cluster, settings: ClusterSettings, run: str, *, changed: Callable[[], None]) -> None:
        """Raises TargetError when the first lists cannot be had."""
        self._book = EventBook(cluster)
        self._known: dict[str, KubeObject] = {}
        """Jobs by uid."""
        self._pods_of: dict[str, dict[str, KubeObject]] = {}
        """Pods by uid, by their Job's uid."""
        self._sightings: dict[TaskId, Sighting] = {}
        self._starting: dict[str, TaskId] = {}
        """Those that do not run yet, by their Job's uid."""
        labels = selector(run_labels(settings.store_id, run))
        self._jobs = Watched(cluster, "jobs", labels, changed=changed)
        self._pods = Watched(cluster, "pods", labels, changed=changed)
        try:
            beside(self._jobs.start, self._pods.start)
        except TargetError:
            self.close()
            raise

    def close(self) -> None:
        """End the background threads."""
        self._jobs.close()
        self._pods.close()

    def add(self, job: KubeObject) -> None:
        """Take in a Job that this process has just made."""
        self._jobs.add(job)

    def sightings(self, now: datetime) -> Mapping[TaskId, Sighting]:
        """What was seen of each attempt: the same value as long as nothing has changed.

        Raises TargetError when the watches have been broken for long.
        """
        for watched in (self._jobs, self._pods):
            error = watched.failure(PATIENCE_SECONDS)
            if error is not None:
                raise error
        # Jobs before pods: a pod that is not among them yet only looks late, a Job that is not looks lost.
        changed = self._take_jobs()
        changed |= self._take_pods()
        for uid in changed:
            self._put_together(uid)
        late = {uid: self._sightings[task] for uid, task in self._starting.items()}
        for uid in self._book.refresh(late, now):
            self._put_together(uid)
        return self._sightings

    def pod_of(self, uid: str) -> KubeObject:
        """The pod of the Job of that uid, or an empty object."""
        return Sighting({}, tuple(self._pods_of.get(uid, {}).values())).pod

    def held(self) -> Mapping[str, str]:
        """Jobs that are deleted and do not go, by name: the finalizers that keep them."""
        found: dict[str, str] = {}
        for job in self._jobs.objects():
            keepers = at(job, "metadata", "finalizers")
            if text(job, "metadata", "deletionTimestamp") and isinstance(keepers, list) and keepers:
                found[text(job, "metadata", "name")] = ", ".join(map(str, keepers))
        return found

    def _take_jobs(self) -> set[str]:
        news = self._jobs.news()
        for uid, job in news.items():
            if job is None:
                self._drop(uid)
            else:
                self._known[uid] = job
        return set(news)

    def _take_pods(self) -> set[str]:
        changed: set[str] = set()
        gone: list[str] = []
        for uid, pod in self._pods.news().items():
            if pod is None:
                continue
            job = _job_of(pod)
            if at(pod, DELETED) is True and job not in self._known:
                gone.append(uid)
                self._lose(job, uid)
            else:
                self._pods_of.setdefault(job, {})[uid] = pod
            changed.add(job)
        self._pods.forget(gone)
        return changed

    def _drop(self, uid: str) -> None:
        """A Job that is gone takes with it what is known of its pods, if they have gone too."""
        job = self._known.pop(uid, None)
        task = None if job is None else task_of(job)
        if task is not None and self._sightings.get(task, _NONE).uid == uid:
            del self._sightings[task]
        self._starting.pop(uid, None)
        self._book.forget(uid)
        gone = [one for one, pod in self._pods_of.get(uid, {}).items() if at(pod, DELETED) is True]
        for one in gone:
            self._lose(uid, one)
        self._pods.forget(gone)

    def _lose(self, job: str, pod: str) -> None:
        pods = self._pods_of.get(job, {})
        pods.pop(pod, None)
        if not pods:
            self._pods_of.pop(job, None)

    def _put_together(self, uid: str) -> None:
        job = self._known.get(uid)
        task = None if job is None else task_of(job)
        if job is None or task is None:
            return
        seen = Sighting(job, tuple(self._pods_of.get(uid, {}).values()), self._book.events(uid))
        self._sightings[task] = seen
        if may_want_events(seen):
            self._starting[uid] = task
        else:
            self._starting.pop(uid, None)


def beside(one: Callable[[], None], other: Callable[[], None]) -> None:
    """Do both at once: a run that is taken over may have thousands of each to list. Raises what either raises."""
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(one)
        other()
    begun.result()


_NONE = Sighting({})


def _job_of(pod: KubeObject) -> str:
    return text(row(pod, "metadata", "ownerReferences", kind="Job"), "uid")
