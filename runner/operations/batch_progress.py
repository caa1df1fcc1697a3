"""The progress of steps whose workers share batches, as their worker 0 has shown it last."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ..errors import StoreError
from ..model.batches import BatchProgress
from ..model.status import StepStatus
from ..model.task import TaskId
from ..model.workers import WorkerKind
from ..ports import ObjectStore
from ..runs.batch_board import read_progress
from .values import RunView


def progress_of(store: ObjectStore, view: RunView, key: str) -> BatchProgress | None:
    """Return the progress of the newest attempt of a step. None: it has no batches, or has shown nothing yet.

    Args:
        store: The workspace store.
        view: The run.
        key: The step.
    """
    workers, attempt = view.plan.by_key[key].workers, view.state.steps[key].attempt
    if workers is None or workers.kind is not WorkerKind.POOL or not attempt:
        return None
    with suppress(StoreError):  # it is advisory, and soon overwritten
        return read_progress(store, TaskId(view.state.run, key, attempt).batches)
    return None


def with_progress(store: ObjectStore, view: RunView) -> RunView:
    """Return the run with the progress of its running steps. Only those with batches cost a request.

    Args:
        store: The workspace store.
        view: The run.
    """
    running = (key for key, step in view.state.steps.items() if step.status is StepStatus.RUNNING)
    found = {key: progress for key in running if (progress := progress_of(store, view, key)) is not None}
    return replace(view, batches=found) if found or view.batches else view
