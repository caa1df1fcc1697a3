"""All attempts of one run, as its Jobs, pods and (for those that are late) events tell them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from time import monotonic

from ...errors import TargetError
from ...model.task import TaskId
from .cluster import Cluster
from .contract import run_labels, selector, task_of
from .fields import KubeObject, at, row, text
from .interpret import Sighting, wants_events
from .settings import ClusterSettings
from .sighting import DELETED
from .watch import Watched

PATIENCE_SECONDS = 15.0
"""How long a watch may be broken before what it kept is no longer given out as the truth."""
_EVENTS_EVERY = 5.0
_EVENTS_AT_ONCE = 4
"""A queue of a thousand pods must not become a thousand requests a round."""


class RunWatch:
    """A watch on a run's Jobs and one on its pods, put together per attempt."""

    def __init__(self, cluster: Cluster, settings: ClusterSettings, run: str, *, changed: Callable[[], None]) -> None:
        """Raises TargetError when the first lists cannot be had."""
        self._cluster = cluster
        self._asked: dict[str, float] = {}
        self._events: dict[str, tuple[KubeObject, ...]] = {}
        labels = selector(run_labels(settings.store_id, run))
        self._jobs = Watched(cluster, "jobs", labels, changed=changed)
        self._pods = Watched(cluster, "pods", labels, changed=changed)
        self._jobs.start()
        try:
            self._pods.start()
        except TargetError:
            self._jobs.close()
            raise

    def close(self) -> None:
        """End the background threads."""
        self._jobs.close()
        self._pods.close()

    def add(self, job: KubeObject) -> None:
        """Take in a Job that this process has just made."""
        self._jobs.add(job)

    def sightings(self, now: datetime) -> Mapping[TaskId, Sighting]:
        """What was seen of each attempt. Raises TargetError when the watches have been broken for long."""
        for watched in (self._jobs, self._pods):
            error = watched.failure(PATIENCE_SECONDS)
            if error is not None:
                raise error
        # Jobs before pods: a pod that is not among them yet only looks late, a Job that is not looks lost.
        jobs = self._jobs.objects()
        pods = self._pods_by_job()
        self._forget_pods_but_of({text(job, "metadata", "uid") for job in jobs})
        found: dict[TaskId, Sighting] = {}
        for job in jobs:
            task = task_of(job)
            if task is not None:
                found[task] = Sighting(job, tuple(pods[text(job, "metadata", "uid")]))
        return self._with_events(found, now)

    def pod_of(self, uid: str) -> KubeObject:
        """The pod of the Job of that uid, or an empty object."""
        return Sighting({}, tuple(self._pods_by_job()[uid])).pod

    def _pods_by_job(self) -> Mapping[str, list[KubeObject]]:
        found: dict[str, list[KubeObject]] = defaultdict(list)
        for pod in self._pods.objects():
            found[_job_of(pod)].append(pod)
        return found

    def _forget_pods_but_of(self, jobs: set[str]) -> None:
        gone = (pod for pod in self._pods.objects() if at(pod, DELETED) is True and _job_of(pod) not in jobs)
        self._pods.forget(text(pod, "metadata", "uid") for pod in gone)

    def _with_events(self, found: Mapping[TaskId, Sighting], now: datetime) -> Mapping[TaskId, Sighting]:
        late = [seen for seen in found.values() if wants_events(seen, now)]
        for seen in sorted(late, key=lambda seen: self._asked.get(seen.uid, 0.0))[:_EVENTS_AT_ONCE]:
            self._refresh_events(seen)
        return {
            task: Sighting(seen.job, seen.pods, self._events[seen.uid]) if seen.uid in self._events else seen
            for task, seen in found.items()
        }

    def _refresh_events(self, seen: Sighting) -> None:
        if monotonic() - self._asked.get(seen.uid, -_EVENTS_EVERY) < _EVENTS_EVERY:
            return
        self._asked[seen.uid] = monotonic()
        about = text(seen.pod, "metadata", "uid") or seen.uid
        # Events only explain: without them (no permission, no answer) the rest is as true as before.
        with suppress(TargetError):
            self._events[seen.uid] = self._cluster.list("events", fields=f"involvedObject.uid={about}").items


def _job_of(pod: KubeObject) -> str:
    return text(row(pod, "metadata", "ownerReferences", kind="Job"), "uid")
