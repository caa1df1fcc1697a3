"""One worker of an attempt: who it is, and what its end means for the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..dataclass import dataclass
from ..model.exits import KILLED
from ..model.record import AttemptRecord, Failure
from ..model.task import Task
from ..model.workers import COMPLETION_INDEX, EXTRA, GANG_TOKEN, HOSTS, WORKER, WorkerKind

_FINAL = (Failure.USER, Failure.INPUT, Failure.REFUSED, Failure.OOM)
"""Failures that another start of the same worker would meet again."""


@dataclass(frozen=True, kw_only=True)
class Worker:
    """One of the workers of an attempt, each of which is a container of its own."""

    index: int
    count: int
    kind: WorkerKind
    hosts: str = ""
    """The names of all workers of a gang: see `workers.HOSTS`."""
    token: str = ""
    """The path of a gang's token: see `workers.GANG_TOKEN`."""

    @property
    def delivers(self) -> bool:
        """Return True if its bootstrap uploads the outputs; in a pool only that of worker 0 does."""
        return self.kind is WorkerKind.GANG or self.index == 0

    def variables(self, extra: Path) -> dict[str, str]:
        """Return the variables that tell the script which worker it is.

        Args:
            extra: The file for `ExtraOutputs`.
        """
        found = {WORKER: str(self.index)}
        if self.hosts:
            found[HOSTS] = self.hosts
        if self.token:
            found[GANG_TOKEN] = self.token
        if self.kind is WorkerKind.POOL and self.index == 0:
            found[EXTRA] = str(extra)
        return found

    def named(self, record: AttemptRecord) -> AttemptRecord:
        """Return the record of a failure with a reason that names the worker, if there are several."""
        if record.failure is None or self.count == 1:
            return record
        return replace(record, reason=f"worker {self.index} of {self.count}: {record.reason}")

    def is_final(self, record: AttemptRecord, *, stopped: bool) -> bool:
        """Return True if this failure is the failure of the whole attempt.

        The failure of a gang's worker is, unless it has only lost another worker. A lost worker of a pool is started
        again by the cluster. No worker tells why it was stopped: only the cluster and the controller know.

        Args:
            record: The failure.
            stopped: True: its container received SIGTERM.
        """
        if stopped:
            return False
        if self.kind is WorkerKind.GANG:
            return record.failure is not Failure.LOST
        return record.failure in _FINAL and record.exit_code != KILLED


def worker_of(task: Task, environ: Mapping[str, str]) -> Worker | None:
    """Return the worker that this container is; None if it runs the whole attempt.

    Args:
        task: The attempt.
        environ: The variables of the container.
    """
    index = environ.get(COMPLETION_INDEX, "")
    if task.workers is None or not index.isdecimal():
        return None
    return Worker(
        index=int(index),
        count=task.workers.nodes,
        kind=task.workers.kind,
        hosts=environ.get(HOSTS, ""),
        token=environ.get(GANG_TOKEN, ""),
    )
