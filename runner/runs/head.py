"""The head of a run: a summary that its controller overwrites. It is advisory; the journal decides."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime

from ..dataclass import dataclass
from ..errors import ObjectMissing, StoreError
from ..model.document import to_document
from ..model.state import RunState
from ..model.status import RunStatus, StepStatus
from ..model.stored_documents import read_document
from ..ports import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Head:
    """The summary of a run."""

    number: int
    status: RunStatus
    time: datetime
    """The last time at which the controller was alive."""
    host: str = ""
    pid: int = 0
    succeeded: int = 0
    ended: datetime | None = None
    error: str = ""
    """The reason why the controller stopped before the run's end."""


def head_key(run: str) -> str:
    """Return the key of a run's head."""
    return f"runs/{run}/head.json"


def write(store: ObjectStore, state: RunState, now: datetime, error: str = "") -> None:
    """Overwrite the head of a run.

    Args:
        store: The workspace store.
        state: The run now.
        now: The time to note as the controller's last sign of life.
        error: The reason why the controller stops; empty: it does not.
    """
    done = sum(step.status in (StepStatus.SUCCEEDED, StepStatus.REUSED) for step in state.steps.values())
    put(
        store,
        state.run,
        Head(
            number=state.number,
            status=state.status,
            time=now,
            host=state.host,
            pid=state.pid,
            succeeded=done,
            ended=state.ended,
            error=error,
        ),
    )


def put(store: ObjectStore, run: str, shown: Head) -> None:
    """Overwrite the head of a run."""
    store.put(head_key(run), json.dumps(to_document(shown)).encode())


def read(store: ObjectStore, run: str) -> Head | None:
    """Return the head of a run; None if the controller has written none yet or it cannot be read."""
    try:
        data = store.get(head_key(run))
    except ObjectMissing:
        return None
    with suppress(StoreError):  # it is advisory, and soon overwritten
        return read_document(Head, data, head_key(run))
    return None


def correct(store: ObjectStore, state: RunState, now: datetime) -> None:
    """Overwrite the head of a run that has ended unless it shows the end: its controller may have died before."""
    shown = read(store, state.run)
    if shown is None or shown.status is not state.status:
        write(store, state, now)
