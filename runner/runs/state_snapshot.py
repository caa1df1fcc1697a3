"""Snapshots of a run's state, so that readers need not fold its whole journal.

A snapshot is advisory. The controller writes one now and then, beside the journal. A reader that finds none, a
damaged one, or one of another version folds the whole journal and gets the same state.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Mapping
from zlib import crc32

from ..dataclass import dataclass, field
from ..errors import ObjectMissing, StoreError
from ..model.document import to_document
from ..model.events import JournalEntry
from ..model.record import Failure
from ..model.state import RunState, StepState
from ..model.status import RunStatus
from ..model.stored_documents import read_document
from ..ports import ObjectStore
from . import journal

EVERY = 256
"""The least number of journal entries between two snapshots. Shorter journals have none."""
_SHARE = 16
"""One part in so many of a long journal, at most, follows the newest snapshot."""
_VERSION = 1
"""The version of the folding rules. Raise it when an event changes the state in another way than before."""
_FRESH = StepState()

Nested = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class StateSnapshot:
    """A stored `RunState`, without the fields that the run's first journal entry holds."""

    schema: str
    """The schema of the writer, see `schema`."""
    number: int
    status: RunStatus
    controller: str = ""
    host: str = ""
    pid: int = 0
    versions: tuple[str, ...] = ()
    overdue: str = ""
    slept: float = 0.0
    ended: datetime | None = None
    last: datetime | None = None
    environments: Nested = field(default_factory=dict)
    """Image or interpreter by environment and target. The next four fields have the same keys."""
    locks: Nested = field(default_factory=dict)
    broken: Nested = field(default_factory=dict)
    making: Nested = field(default_factory=dict)
    made: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    steps: Mapping[str, StepState] = field(default_factory=dict)
    """The steps that have changed since the run's first entry, without their `endings`."""
    endings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Number of failed attempts by step and failure."""


_SCALARS = ("number", "status", "controller", "host", "pid", "versions", "overdue", "slept", "ended", "last")
_BY_TARGET = ("environments", "locks", "broken", "making", "made")
FROM_FIRST_ENTRY = ("run", "submission", "created")
"""Fields of `RunState` that follow from the run's id and its first entry."""
COMPUTED = ("counted",)
"""Fields of `RunState` that are computed from others."""
STORED = (*_SCALARS, *_BY_TARGET, "steps")


def schema() -> str:
    """Return the schema of a snapshot: it changes with the version and with the fields of a state."""
    names = [f"{one.name}:{one.type}" for shape in (RunState, StepState) for one in fields(shape)]
    return f"{_VERSION}.{crc32(' '.join(names).encode()):08x}"


def snapshot_key(run: str) -> str:
    """Return the key of a run's snapshot."""
    return f"runs/{run}/state.json"


def is_due(state: RunState, kept: int, every: int = EVERY) -> bool:
    """Return True if a snapshot should be written.

    Args:
        state: The run now.
        kept: Number of the journal entry that the last snapshot includes; 0: there is none.
        every: The least number of entries between two snapshots.
    """
    return state.number - kept >= max(every, 0 if state.over else state.number // _SHARE)


def save(store: ObjectStore, state: RunState) -> None:
    """Write the snapshot of `state`. Errors of the store are ignored."""
    data = json.dumps(to_document(to_snapshot(state)), separators=(",", ":")).encode()
    with suppress(StoreError):
        store.put(snapshot_key(state.run), data)


def latest(store: ObjectStore, initial: RunState) -> RunState:
    """Return the state of the run's snapshot.

    Args:
        store: The workspace store.
        initial: The state after the run's first entry.

    Returns:
        The state, or `initial` if there is no usable snapshot.

    Raises:
        StoreError: The store cannot be read.
    """
    try:
        data = store.get(snapshot_key(initial.run))
    except ObjectMissing:
        return initial
    with suppress(StoreError, ValueError):  # damaged, or of another version
        known = read_document(StateSnapshot, data, snapshot_key(initial.run))
        if known.schema == schema() and known.number > initial.number and known.steps.keys() <= initial.steps.keys():
            return _read(known, initial) if _entry_exists(store, initial.run, known) else initial
    return initial


def to_snapshot(state: RunState) -> StateSnapshot:
    """Return the stored form of a state."""
    changed = {key: step for key, step in state.steps.items() if step != _FRESH}
    values: dict[str, Any] = {name: getattr(state, name) for name in _SCALARS}
    values.update({name: _nested(getattr(state, name)) for name in _BY_TARGET})
    return StateSnapshot(
        schema=schema(),
        **values,
        steps={key: replace(step, endings={}) if step.endings else step for key, step in changed.items()},
        endings={key: _by_word(step.endings) for key, step in changed.items() if step.endings},
    )


def _entry_exists(store: ObjectStore, run: str, known: StateSnapshot) -> bool:
    """Return True if the journal still has the snapshot's last entry, which a power failure may have removed."""
    try:
        data = store.get(journal.entry_key(run, known.number))
    except ObjectMissing:
        return False
    entry = read_document(JournalEntry, data, journal.entry_key(run, known.number))
    return entry.time == known.last


def _read(known: StateSnapshot, initial: RunState) -> RunState:
    steps = {**initial.steps, **known.steps}
    for key, endings in known.endings.items():
        steps[key] = replace(steps[key], endings={Failure(word): many for word, many in endings.items()})
    values: dict[str, Any] = {name: getattr(known, name) for name in _SCALARS}
    values.update({name: _flat(getattr(known, name)) for name in _BY_TARGET})
    return replace(initial, **values, steps=steps, counted=None)


def _by_word(endings: Mapping[Failure, int]) -> dict[str, int]:
    return {failure.value: many for failure, many in endings.items()}


def _nested(flat: Mapping[tuple[str, str], object]) -> dict[str, dict[str, object]]:
    out: dict[str, dict[str, object]] = {}
    for (environment, target), value in flat.items():
        out.setdefault(environment, {})[target] = value
    return out


def _flat(nested: Mapping[str, Mapping[str, object]]) -> dict[tuple[str, str], object]:
    return {(environment, target): value for environment, by in nested.items() for target, value in by.items()}
