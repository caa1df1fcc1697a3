"""The workspace store as a pod reaches it: tried with one tiny step, of which nothing is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from ..data import packing, snapshot
from ..dataclass import dataclass
from ..errors import RunnerError
from ..model.check import Check, failed
from ..model.digest import digest_of_bytes
from ..model.environment import EnvironmentSpec, NamedEnvironment
from ..model.names import new_run_id
from ..model.observation import LIVE, Observation, Phase
from ..model.record import Failure
from ..model.step import Interpreter
from ..model.task import Task, TaskId, TimeLimits, snapshot_key
from ..ports import Clock, ComputeTarget, EnvironmentStore, ObjectStore
from ..runs import records

NAME = "store, from a pod"
START_SECONDS = 60.0
"""The longest time until the pod's container runs: for a node, and to pull an image."""
RUN_SECONDS = 75.0
"""The container's longest time. The bootstrap gives up a silent store after 10 s (`storage.s3.connections`), and one
that answers without the assignment after 60 s (`step.bootstrap`)."""
_PAUSE = 2.0
_FILE = "run.txt"
"""The one file of the snapshot, which holds the run's id."""
NETWORK = "network policy"
_OPEN, _CLOSED = "runner-doctor: network open", "runner-doctor: network closed"
_SCRIPT = f"""
import socket
servers = [line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver ")]
for server in servers[:1]:
    try:
        socket.create_connection((server, 53), 3).close()
        print("{_OPEN}")
    except (IOError, OSError):
        print("{_CLOSED}")
"""
"""It tries to reach its name server over TCP, which the policy of its pod leaves out (manifests/network-policy.yaml).
Its output says whether it could."""
_NOT_ABOUT_THE_STORE = (Failure.IMAGE, Failure.UNSCHEDULABLE, Failure.LOST, Failure.DISRUPTED, Failure.OOM)
"""Failures after which nothing is known of the store."""
_REACH = (
    "correct `cluster_endpoint` of the target's store: under this name and port pods must reach the bucket that this "
    "machine reaches under `endpoint`; set `proxy` and `ca_bundle` of the target if the way there needs them"
)


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The objects with which the store is tried."""

    target: ComputeTarget
    """It makes the pods; its runs are in no journal."""
    store: ObjectStore
    """The workspace store as this machine reaches it."""
    image: str
    """It has a Python."""
    clock: Clock
    entropy: Callable[[int], bytes]
    """Random bytes, as many as asked for."""


def image_for(environments: EnvironmentStore) -> str:
    """Return an image with Python that needs no building.

    Args:
        environments: Those of the target.

    Returns:
        The image of the environment that steps have by default, if it has been made; else the official one that
        environments are built on.

    """
    from ..images.build_context import default_base

    usual = NamedEnvironment("default", EnvironmentSpec())
    try:
        found = environments.find(usual)
        return found.reference if found else default_base(usual.spec)
    except RunnerError:  # no engine, no registry: which the checks before have told
        return default_base(usual.spec)


def try_store(trial: Trial) -> tuple[Check, ...]:
    """Run a step that does nothing, and report whether it could read and write the store.

    Whatever happens, the Job, its pod and all that was written are removed before this returns or raises.

    Returns:
        One check of the store, one of the network policy if the step has tried it, and one if something could not be
        removed.

    """
    task = _task(trial)
    attempt = _Attempt(trial, task)
    try:
        found = (_found(attempt.outcome(), trial), *_network(attempt.output()))
    except RunnerError as error:
        found = (failed(NAME, error, "try again: runner doctor " + trial.target.name),)
    finally:
        left = attempt.clear()
    return (*found, *left)


class _Attempt:
    """The step's one attempt, from its first object to the removal of its last."""

    def __init__(self, trial: Trial, task: Task) -> None:
        self._trial = trial
        self._task = task
        self._uid = ""
        self._ended = False

    def outcome(self) -> Observation | None:
        """Start it and follow it; how it ended, or how it was when its time was over; None: nothing is there.

        Raises RunnerError.
        """
        target, store = self._trial.target, self._trial.store
        with tempfile.TemporaryDirectory(prefix="runner-doctor-") as folder:
            Path(folder, _FILE).write_text(self._task.id.run, encoding="ascii")
            packing.keep(store, snapshot.take(Path(folder)))
        records.assign(store, self._task)
        self._uid = target.start(self._task)
        seen = self._followed()
        self._ended = seen is not None and seen.phase not in LIVE
        return seen

    def output(self) -> str:
        """Return the output of the step, as far as it is in the store. Raises StoreError."""
        return records.last_lines(self._trial.store, self._task.id)

    def _followed(self) -> Observation | None:
        target, clock = self._trial.target, self._trial.clock
        until, runs = clock.monotonic() + START_SECONDS, False
        while True:
            seen = target.observe(self._task.id.run).get(self._task.id)
            if seen is not None and seen.phase not in LIVE:
                return seen
            if seen is not None and seen.phase is Phase.RUNNING and not runs:
                until, runs = clock.monotonic() + RUN_SECONDS, True
            left = until - clock.monotonic()
            if left <= 0:
                return seen
            target.wait(min(left, _PAUSE))

    def clear(self) -> tuple[Check, ...]:
        """Remove everything; each part is tried, whatever becomes of the others."""
        troubles = []
        for part in (self._end, self._finish, self._delete_records, self._delete_snapshot):
            try:
                part()
            except RunnerError as error:
                troubles.append(str(error))
        if not troubles:
            return ()
        remedy = f"kubectl delete configmap run-{self._task.id.run} (in the target's namespace) removes what it owns"
        detail = f"not all of the trial could be removed: {'; '.join(dict.fromkeys(troubles))}"
        return (Check(name=NAME, ok=False, detail=detail, remedy=remedy, optional=True),)

    def _end(self) -> None:
        """Remove the Job; one that may still run has ended before its records are removed."""
        target = self._trial.target
        if self._uid:
            (target.remove if self._ended else target.stop)(self._task.id, self._uid)

    def _finish(self) -> None:
        self._trial.target.finish(self._task.id.run)

    def _delete_records(self) -> None:
        store = self._trial.store
        for info in tuple(store.list(f"runs/{self._task.id.run}/")):
            store.delete(info.key)

    def _delete_snapshot(self) -> None:
        self._trial.store.delete(snapshot_key(self._task.snapshot))


def _task(trial: Trial) -> Task:
    """Return a task of a run of its own. Its snapshot names the run, so that no other run shares it."""
    run = new_run_id(trial.clock.now(), trial.entropy(10))
    return Task(
        id=TaskId(run, "doctor-1"),
        command=(Interpreter(), "-c", _SCRIPT),
        snapshot=snapshot.digest_of_files([(_FILE, False, digest_of_bytes(run.encode()))]),
        environment=trial.image,
        target=trial.target.name,
        name="doctor",
        time_limits=TimeLimits(START_SECONDS, START_SECONDS, RUN_SECONDS),  # a backstop, if this process is killed
    )


def _found(seen: Observation | None, trial: Trial) -> Check:
    """Say what the attempt shows about the store."""
    if seen is None or seen.phase is Phase.PENDING:
        reason = f": {seen.reason}" if seen is not None and seen.reason else ""
        return _untried(seen, trial, f"no pod ran within {START_SECONDS:.0f} s{reason}")
    if seen.phase is Phase.SUCCEEDED:
        return Check(name=NAME, ok=True, detail=f"a step with the image {trial.image} has read and written it")
    if seen.phase is Phase.RUNNING:
        detail = f"a step that does nothing has not ended after {RUN_SECONDS:.0f} s: the store does not answer its pod"
        return Check(name=NAME, ok=False, detail=detail, remedy=_REACH)
    if seen.failure in _NOT_ABOUT_THE_STORE:
        return _untried(seen, trial, seen.reason or "its pod was lost")
    usual = _REACH if seen.failure is Failure.STORE else f"try again: runner doctor {trial.target.name}"
    return Check(name=NAME, ok=False, detail=f"a step fails: {seen.reason}", remedy=seen.remedy or usual)


def _network(output: str) -> tuple[Check, ...]:
    """Say whether the network plugin enforces the policy of the trial's pod."""
    if _CLOSED in output:
        return (Check(name=NETWORK, ok=True, detail="enforced: a step reaches DNS, the store and stated destinations"),)
    if _OPEN not in output:
        return ()
    return (
        Check(
            name=NETWORK,
            ok=False,
            detail="not enforced: steps reach every address of the cluster's network, and a metadata service if the "
            "cloud has one",
            remedy="apply manifests/network-policy.yaml (on kind: runner cluster up), with a network plugin that "
            "enforces NetworkPolicies, such as Calico or Cilium",
            optional=True,
        ),
    )


def _untried(seen: Observation | None, trial: Trial, why: str) -> Check:
    """Report that nothing is known of the store: there need be no image that this machine knows of."""
    command = f"runner doctor {trial.target.name} --image IMAGE"
    remedy = f"to try it: {command}, which has Python and which the nodes can pull"
    about_image = seen is not None and (seen.placed or seen.failure is Failure.IMAGE)
    if not about_image:
        remedy = (seen.remedy if seen is not None else "") or f"try again: runner doctor {trial.target.name}"
    return Check(
        name=NAME, ok=False, detail=f"not tried with the image {trial.image}: {why}", remedy=remedy, optional=True
    )
