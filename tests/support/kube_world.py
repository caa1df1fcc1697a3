"""A cluster in virtual time: what a `RoughWorld` does to attempts, as Jobs and pods of a `FakeCluster` tell it.

Nothing here has a thread: a watch gives what there is and ends, and is asked again when the controller waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from types import ModuleType
from typing import Any, TypeVar

from runner.compute.kubernetes import conventions as c
from runner.compute.kubernetes import job_deletion, run_watch
from runner.compute.kubernetes.cluster import Created, Listing
from runner.compute.kubernetes.settings import ClusterSettings
from runner.compute.kubernetes.target import KubernetesTarget
from runner.compute.kubernetes.watch import Watched
from runner.errors import TargetUnreachable
from runner.model.access import Access
from runner.model.document import format_time
from runner.model.observation import Phase
from runner.model.task import TaskId
from runner.model.termination import to_message
from runner.override import override
from runner.ports import ObjectStore
from runner.runs import records
from tests.support.fake_api import FakeCluster
from tests.support.fake_jobs import JobController, index_of, phase_of, pods_of
from tests.support.fake_target import Ending, FakeAttempt
from tests.support.kube_workers import lost, nothing_begun, status_of, survives, victim
from tests.support.rough_world import RoughWorld

SETTINGS = ClusterSettings(store_id="store-1", unschedulable_grace=1e9, pull_grace=3.0, stop_timeout=0.0)
T = TypeVar("T")


class Hitch(Enum):
    """What a watch does instead of telling all there is, once, in order."""

    STALLS = "stalls"
    BREAKS = "breaks"
    FORGETS = "410"
    ERRS = "ERROR event"
    TWICE = "every event twice"
    BACKWARDS = "the newest event first"
    OLD = "an old event once more"


@dataclass
class KubeWorld(RoughWorld):
    """A `RoughWorld` that lies behind an API server."""

    api: FakeCluster = field(default_factory=lambda: FakeCluster(pods_at_once=False))
    restarts: int = 0
    """How many pods of pools were lost and left to the Job controller."""

    def __post_init__(self) -> None:
        self.jobs = JobController(self.api)

    @override
    def pass_time(self, seconds: float) -> None:
        self._take_jobs()
        super().pass_time(seconds)
        self.api.time += timedelta(seconds=seconds)
        for attempt in tuple(self.attempts.values()):
            if attempt.task.workers is None:
                self._show(attempt)
            else:
                self._show_workers(attempt)
        self.jobs.work()

    @override
    def settle_down(self) -> None:
        self._take_jobs()
        super().settle_down()
        self._take_jobs()

    def _take_jobs(self) -> None:
        """The Job controller's and the garbage collector's work."""
        there = dict(self.api.objects("jobs"))
        owners = {value["metadata"]["uid"] for value in self.api.objects("configmaps").values()}
        for name, job in tuple(there.items()):
            if job["metadata"]["ownerReferences"][0]["uid"] not in owners:
                self.api.drop("jobs", name)
                del there[name]
        named = {task: (name, job) for name, job in there.items() if (task := c.task_of(job)) is not None}
        for task, known in tuple(self.attempts.items()):
            if task not in named or named[task][1]["metadata"]["uid"] != known.uid:
                self._end_by_deletion(known)
        for task, (name, job) in named.items():
            if task not in self.attempts and not job.get("status"):
                self._admit(task, name, job)

    def _admit(self, task: TaskId, name: str, job: Mapping[str, Any]) -> None:
        ending, stages = self.script(task)
        assigned = records.assignment(self.store, task.assignment)
        self.attempts[task] = FakeAttempt(assigned, job["metadata"]["uid"], stages, ending, self.clock.now())
        if assigned.workers is None:
            self.api.make_pod(name)
        else:
            self.jobs.work()

    def _end_by_deletion(self, attempt: FakeAttempt) -> None:
        if attempt.ending is Ending.COMMITS_ON_STOP and attempt.phase is Phase.RUNNING:
            self.write_end(attempt, None)
        del self.attempts[attempt.task.id]

    def _show(self, attempt: FakeAttempt) -> None:
        """What the kubelet and the Job controller say of it."""
        names = [name for name, job in self.api.objects("jobs").items() if job["metadata"]["uid"] == attempt.uid]
        pod = self.api.objects("pods").get(f"{names[0]}-x") if names else None
        if pod is None:
            return
        status = self._status(attempt)
        if status != pod.get("status"):
            self.api.change("pods", pod["metadata"]["name"], status=status)
        if attempt.phase is Phase.FAILED and attempt.ending in (Ending.EVICTED, Ending.ZOMBIE):
            self.api.change("jobs", names[0], status={"conditions": [{"type": "Failed", "status": "True"}]})
            self.api.drop("pods", pod["metadata"]["name"])

    def _show_workers(self, attempt: FakeAttempt) -> None:
        """The same of an attempt with many workers: what has ended stays as it is."""
        name, job = next(
            ((name, job) for name, job in self.api.objects("jobs").items() if job["metadata"]["uid"] == attempt.uid),
            ("", {}),
        )
        if not name:
            return
        now, since = (format_time(self.api.time - timedelta(seconds=ago)) for ago in (0.0, attempt.elapsed))
        gone = attempt.phase is Phase.FAILED and attempt.ending in (Ending.EVICTED, Ending.ZOMBIE)
        started = self.executions[attempt.task.id] > 0
        for pod in pods_of(self.api, job):
            if phase_of(pod) in ("Failed", "Succeeded"):
                continue
            if gone and started:
                self.api.drop("pods", pod["metadata"]["name"])
                continue
            status = nothing_begun(now) if gone else status_of(attempt, index_of(pod), now=now, since=since)
            if status != pod.get("status"):
                self.api.change("pods", pod["metadata"]["name"], status=status)
        if gone and started:
            self.api.change("jobs", name, status={"conditions": [{"type": "Failed", "status": "True"}]})

    def _lose_one(self, attempt: FakeAttempt) -> None:
        """A pod of a pool is taken away or killed; the pool goes on."""
        job = next(job for job in self.api.objects("jobs").values() if job["metadata"]["uid"] == attempt.uid)
        for pod in pods_of(self.api, job):
            if index_of(pod) == victim(attempt) and phase_of(pod) not in ("Failed", "Succeeded"):
                self.api.change("pods", pod["metadata"]["name"], status=lost(attempt, format_time(self.api.time)))
                self.restarts += 1
        attempt.ending, attempt.stages = Ending.SUCCEEDS, 2

    def _status(self, attempt: FakeAttempt) -> dict[str, Any]:
        if attempt.phase is Phase.PENDING:
            return self._waiting(attempt)
        if attempt.ending is Ending.UNPULLABLE:
            return _step({"waiting": {"reason": "ErrImagePull", "message": "not found"}})
        if attempt.phase is Phase.RUNNING:
            started = format_time(self.api.time - timedelta(seconds=attempt.elapsed))
            return _step({"running": {"startedAt": started}})
        if attempt.record is not None:
            code = attempt.record.exit_code or 0
            return _step({"terminated": {"exitCode": code, "message": to_message(attempt.record)}})
        if attempt.ending is Ending.OOM:
            return _step({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})
        disrupted = {"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}
        return {"phase": "Failed", **_step({"terminated": {"exitCode": 143}}, disrupted)}

    def _waiting(self, attempt: FakeAttempt) -> dict[str, Any]:
        placed = "False" if attempt.ending is Ending.UNSCHEDULABLE else "True"
        since = format_time(self.api.time - timedelta(seconds=attempt.elapsed))
        reported: dict[str, Any] = {"type": "PodScheduled", "status": placed, "lastTransitionTime": since}
        if placed == "False":
            reported |= {"reason": "Unschedulable", "message": "0/1 nodes are available: 1 Insufficient cpu."}
        return {"conditions": [reported]}

    @override
    def end(self, attempt: FakeAttempt) -> None:
        if survives(attempt) and self.executions[attempt.task.id]:
            self._lose_one(attempt)
            return
        super().end(attempt)
        if attempt.task.id not in self.attempts:  # deleted by somebody
            for name, job in tuple(self.api.objects("jobs").items()):
                if job["metadata"]["uid"] == attempt.uid:
                    self.api.drop("jobs", name)


def _step(state: Mapping[str, Any], *conditions: Mapping[str, Any]) -> dict[str, Any]:
    known = {"type": "PodScheduled", "status": "True"}
    return {"conditions": [known, *conditions], "containerStatuses": [{"name": c.CONTAINER, "state": dict(state)}]}


@dataclass
class Session:
    """cluster.Cluster: one controller's connections. Requests fail before (odd) and after (even instants)."""

    world: KubeWorld
    unanswered: frozenset[int] = frozenset()
    hitches: Mapping[int, Hitch] = field(default_factory=dict)
    """By the number of the watch."""
    namespace: str = "runner"
    server: str = "https://fake:6443"
    instant: int = 0
    watches: int = 0
    followed: list[SteppedWatch] = field(default_factory=list)

    def now(self) -> Any:
        return self.world.api.time

    def version(self) -> str:
        return self.world.api.version()

    def create(self, kind: str, body: Mapping[str, object], *, dry_run: bool = False) -> Created:
        return self._asked(lambda: self.world.api.create(kind, body, dry_run=dry_run))

    def replace(self, kind: str, body: Mapping[str, object]) -> Mapping[str, object] | None:
        return self._asked(lambda: self.world.api.replace(kind, body))

    def get(self, kind: str, name: str) -> Mapping[str, object] | None:
        return self._asked(lambda: self.world.api.get(kind, name))

    def list(self, kind: str, *, labels: str = "", fields: str = "") -> Listing:
        return self._asked(lambda: self.world.api.list(kind, labels=labels, fields=fields))

    def list_everywhere(self, kind: str) -> Listing:
        return self._asked(lambda: self.world.api.list_everywhere(kind))

    def delete(self, kind: str, name: str, *, uid: str = "") -> bool:
        return self._asked(lambda: self.world.api.delete(kind, name, uid=uid))

    def allowed(self, verb: str, resource: str, subresource: str = "") -> bool:
        return self._asked(lambda: self.world.api.allowed(verb, resource, subresource))

    def log_tail(self, pod: str, *, container: str, last: int) -> str:
        return self._asked(lambda: self.world.api.log_tail(pod, container=container, last=last))

    def close(self) -> None:
        self.followed.clear()

    def watch(self, kind: str, *, labels: str, version: str, seconds: int) -> Iterator[Mapping[str, object]]:  # noqa: ARG002
        self.watches += 1
        hitch = self.hitches.get(self.watches)
        if hitch is Hitch.FORGETS or hitch is Hitch.ERRS:
            code = 410 if hitch is Hitch.FORGETS else 500
            yield {"type": "ERROR", "object": {"code": code, "message": "etcdserver: leader changed"}}
            return
        new = list(self.world.api.since(kind, labels, int(version)))
        if hitch is Hitch.TWICE:
            new = [event for event in new for _ in range(2)]
        elif hitch is Hitch.BACKWARDS:
            new.reverse()
        elif hitch is Hitch.OLD:
            new = [*list(self.world.api.since(kind, labels, 0))[:1], *new]
        yield from () if hitch is Hitch.STALLS else new[: 1 if hitch is Hitch.BREAKS else None]
        if hitch is Hitch.BREAKS:
            raise TargetUnreachable("the connection was reset")

    def _asked(self, act: Callable[[], T]) -> T:
        self._pass()
        done = act()
        self._pass()
        return done

    def _pass(self) -> None:
        self.instant += 1
        if self.instant in self.unanswered:
            raise TargetUnreachable(f"503 at instant {self.instant}")


class SteppedWatch(Watched):
    """A watch that goes on when it is told to."""

    @override
    def start(self) -> None:
        self._list()
        assert isinstance(self._cluster, Session)
        self._cluster.followed.append(self)

    def step(self) -> None:
        """What its thread would do in one round."""
        if not self._closed.is_set() and not self._follow_once():
            self._version = ""


class SteppedTarget(KubernetesTarget):
    """Waiting for a change is letting time pass, and then hearing of it."""

    def __init__(self, name: str, session: Session, store: ObjectStore, capacity: int) -> None:
        super().__init__(
            name,
            session,
            SETTINGS,
            store=store,
            step_stores=lambda _: {Access(): "{}"},
            step_archive=b"zip",
            capacity=capacity,
            notify=_silence,
        )
        self._session = session

    @override
    def wait(self, seconds: float) -> None:
        self._session.world.pass_time(seconds)
        for one in tuple(self._session.followed):
            one.step()


def _silence(_line: str) -> None:
    """Nobody reads it."""


def _one_by_one(one: Callable[[], None], other: Callable[[], None]) -> None:
    """The requests of a history have an order."""
    one()
    other()


_REPLACED: tuple[tuple[ModuleType, str, object], ...] = (
    (run_watch, "Watched", SteppedWatch),
    (run_watch, "run_both", _one_by_one),
    (job_deletion, "sleep", lambda _seconds: None),
)


@contextmanager
def stepped() -> Iterator[None]:
    """Within, no watch has a thread, and nobody sleeps."""
    before = [getattr(module, name) for module, name, _ in _REPLACED]
    try:
        for module, name, stand_in in _REPLACED:
            setattr(module, name, stand_in)
        yield
    finally:
        for (module, name, _), real in zip(_REPLACED, before, strict=True):
            setattr(module, name, real)
