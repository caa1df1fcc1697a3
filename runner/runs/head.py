"""The advisory head: a summary of a run that its controller overwrites. The journal stays the truth."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime

from ..dataclass import dataclass
from ..errors import ObjectMissing, StoreError
from ..model.document import to_document
from ..model.state import RunState
from ..model.status import RunStatus, StepStatus
from ..model.stored import read_document
from ..ports import ObjectStore


@dataclass(frozen=True)
class Head:
    """A run at a glance."""

    number: int
    status: RunStatus
    time: datetime
    """When the controller was last alive."""
    host: str = ""
    pid: int = 0
    succeeded: int = 0
    ended: datetime | None = None
    error: str = ""
    """Why the controller stopped before the run's end."""


def head_key(run: str) -> str:
    """Key of a run's head."""
    return f"runs/{run}/head.json"


def write(store: ObjectStore, state: RunState, now: datetime, error: str = "") -> None:
    """Overwrite the head by what `state` says."""
    done = sum(step.status in (StepStatus.SUCCEEDED, StepStatus.REUSED) for step in state.steps.values())
    put(store, state.run, Head(state.number, state.status, now, state.host, state.pid, done, state.ended, error))


def put(store: ObjectStore, run: str, shown: Head) -> None:
    """Overwrite the run's head."""
    store.put(head_key(run), json.dumps(to_document(shown)).encode())


def read(store: ObjectStore, run: str) -> Head | None:
    """The run's head, or None: before the controller's first, or when there is none that can be read."""
    try:
        data = store.get(head_key(run))
    except ObjectMissing:
        return None
    with suppress(StoreError):  # it is advisory, and soon overwritten
        return read_document(Head, data, head_key(run))
    return None


def correct(store: ObjectStore, state: RunState, now: datetime) -> None:
    """Overwrite the head of a run that has ended unless it says so: its controller may have died in between."""
    shown = read(store, state.run)
    if shown is None or shown.status is not state.status:
        write(store, state, now)
