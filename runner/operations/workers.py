"""The workers of a step, for people and views."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..backports import without_prefix
from ..errors import BadInput
from ..model.names import short
from ..model.plan import Plan
from ..model.task import TaskId
from ..model.workers import Workers
from ..ports import ObjectStore
from .values import RunView

_NAMED = re.compile(r"worker (\d+) of \d+: ")


def workers_of(plan: Plan, given: Mapping[str, object], key: str) -> Workers | None:
    """Return the workers of a step with the numbers that parameters give; None if it has none.

    Args:
        plan: The plan.
        given: The values that the run was submitted with, by the parameter's name.
        key: The step.
    """
    asked = plan.by_key[key].workers
    return asked and asked.bound({**plan.parameters, **given})


def workers_in(view: RunView, key: str) -> Workers | None:
    """Return the workers of a step of a run; None if it has none."""
    return workers_of(view.plan, view.state.submission.parameters if view.state.submission else {}, key)


def count_in(view: RunView, key: str) -> int:
    """Return the number of workers of a step of a run."""
    found = workers_in(view, key)
    return found.nodes if found else 1


def workers_text(workers: Workers | None) -> str:
    """Return ``4 workers, 2 processes each``; empty for a step without workers."""
    if workers is None:
        return ""
    each = "one process per core" if not workers.processes else _many(workers.processes, "process", "processes")
    return f"{_many(workers.nodes, 'worker', 'workers')}, {each}{' each' if workers.nodes > 1 else ''}"


def logged_workers(store: ObjectStore, task: TaskId) -> tuple[int, ...]:
    """Return the indexes of the workers that have written a log, in order, without worker 0.

    Args:
        store: The workspace store.
        task: The attempt.

    Raises:
        StoreError: The store cannot be used.
    """
    prefix = task.other_logs
    found = {without_prefix(info.key, prefix).partition("-")[0] for info in store.list(prefix)}
    return tuple(sorted(int(index) for index in found if index.isdecimal()))


def check_worker(view: RunView, key: str, worker: int) -> None:
    """Raise BadInput if a step of a run has no worker of that index."""
    most = count_in(view, key)
    if not 0 <= worker < most:
        has = f"has the workers 0 to {most - 1}" if most > 1 else "has one worker, 0"
        raise BadInput(
            f"step '{view.plan.names[key]}' of run {short(view.state.run)} {has}; there is no worker {worker}",
            remedy="name one of them",
        )


def worker_named(reason: str) -> int:
    """Return the worker that the reason of a failure names; 0: worker 0, or none.

    Args:
        reason: The reason, as `runner.step.worker` writes it: ``worker 2 of 4: …``.
    """
    found = _NAMED.match(reason)
    return int(found[1]) if found else 0


def _many(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"
