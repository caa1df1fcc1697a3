"""The data that a step of a run read and wrote, as its assignment and its outcome tell."""

from __future__ import annotations

from collections.abc import Mapping

from ..model.data import DataRef
from ..model.task import Task
from ..ports import ObjectStore
from ..runs import records
from .values import RunView


def assigned_task(store: ObjectStore, view: RunView, key: str) -> Task | None:
    """Return the task of the newest attempt of a step; of a reused step, that of the original attempt.

    Args:
        store: The workspace store.
        view: The run.
        key: The step's key.

    Returns:
        The task; None if the step has not started, or its assignment is gone.

    Raises:
        StoreError: The store cannot be read.

    """
    task = records.shown_attempt(store, view.state, key)
    if task is None or store.stat(task.assignment) is None:
        return None
    return records.assignment(store, task.assignment)


def inputs_of(task: Task | None) -> Mapping[str, DataRef]:
    """Return the data that a step read, by the names of its inputs.

    Args:
        task: Its task; None: it has not started.

    """
    return {binding.name: binding.ref for binding in task.inputs} if task else {}


def outputs_of(view: RunView, key: str) -> Mapping[str, DataRef]:
    """Return the outputs of a step, by their names.

    Args:
        view: The run.
        key: The step's key.

    """
    return view.state.steps[key].outputs


def content_of(ref: DataRef) -> str:
    """Return the digest by which data are compared: that of the files' names and bytes alone, if it is known.

    Args:
        ref: The data.

    """
    return ref.content or ref.digest
