"""The folded snapshot of a run: its state up to some entry, from which readers go on instead of from the first.

Advisory, and never the truth: it is written beside the ticks, now and then, and a reader who finds none, a damaged
one, or another version's folds the whole journal and comes to the same state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime
from typing import Any
from zlib import crc32

from ..dataclass import dataclass, field
from ..errors import ObjectMissing, StoreError
from ..model.document import to_document
from ..model.events import JournalEntry
from ..model.record import Failure
from ..model.state import RunState, StepState
from ..model.status import RunStatus
from ..model.stored import read_document
from ..ports import ObjectStore
from . import journal

EVERY = 256
"""Entries between two snapshots, at least; shorter journals are read as they are."""
_SHARE = 16
"""Of a long journal at most this part is read after the snapshot."""
_VERSION = 1
"""To be raised when an event comes to mean something else for the state."""
_FRESH = StepState()

Nested = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Folded:
    """A `RunState` as it is written; what the run's first entry says is not in it."""

    form: str
    """See `form`."""
    number: int
    status: RunStatus
    controller: str = ""
    host: str = ""
    pid: int = 0
    overdue: str = ""
    slept: float = 0.0
    ended: datetime | None = None
    last: datetime | None = None
    environments: Nested = field(default_factory=dict)
    """By environment and target, like the next three."""
    broken: Nested = field(default_factory=dict)
    making: Nested = field(default_factory=dict)
    made: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    steps: Mapping[str, StepState] = field(default_factory=dict)
    """Those of which the journal tells anything, without `endings`."""
    endings: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By step and failure."""


_ALIKE = ("number", "status", "controller", "host", "pid", "overdue", "slept", "ended", "last")
_PAIRS = ("environments", "broken", "making", "made")
FIRST_SAYS = ("run", "submission", "created")
"""Fields of `RunState` that the run's name and its first entry tell."""
COUNTED = ("counted",)
"""Fields of `RunState` that follow from others."""
HELD = (*_ALIKE, *_PAIRS, "steps")


def form() -> str:
    """What a reader must know to read a snapshot: it differs as soon as a state has another field."""
    names = [f"{one.name}:{one.type}" for shape in (RunState, StepState) for one in fields(shape)]
    return f"{_VERSION}.{crc32(' '.join(names).encode()):08x}"


def folded_key(run: str) -> str:
    """Key of a run's snapshot."""
    return f"runs/{run}/folded.json"


def is_due(state: RunState, kept: int, every: int = EVERY) -> bool:
    """Whether a snapshot is worth writing when the last one was of entry `kept`."""
    return state.number - kept >= max(every, 0 if state.over else state.number // _SHARE)


def save(store: ObjectStore, state: RunState) -> None:
    """Write the snapshot of `state`. What the store has against it does not matter."""
    data = json.dumps(to_document(written(state)), separators=(",", ":")).encode()
    with suppress(StoreError):
        store.put(folded_key(state.run), data)


def latest(store: ObjectStore, begun: RunState) -> RunState:
    """The newest state that a snapshot tells of, or `begun`: the state after the run's first entry.

    Raises StoreError when the store cannot be asked.
    """
    try:
        data = store.get(folded_key(begun.run))
    except ObjectMissing:
        return begun
    with suppress(StoreError, ValueError):  # damaged, or of another version
        known = read_document(Folded, data, folded_key(begun.run))
        if known.form == form() and known.number > begun.number and known.steps.keys() <= begun.steps.keys():
            return _read(known, begun) if _stands(store, begun.run, known) else begun
    return begun


def written(state: RunState) -> Folded:
    """The written form of a state."""
    told = {key: step for key, step in state.steps.items() if step != _FRESH}
    held: dict[str, Any] = {name: getattr(state, name) for name in _ALIKE}
    held.update({name: _nested(getattr(state, name)) for name in _PAIRS})
    return Folded(
        form(),
        **held,
        steps={key: replace(step, endings={}) if step.endings else step for key, step in told.items()},
        endings={key: _by_word(step.endings) for key, step in told.items() if step.endings},
    )


def _stands(store: ObjectStore, run: str, known: Folded) -> bool:
    """Whether the journal has the snapshot's last entry: a power failure may have taken it, and another be there."""
    try:
        data = store.get(journal.entry_key(run, known.number))
    except ObjectMissing:
        return False
    entry = read_document(JournalEntry, data, journal.entry_key(run, known.number))
    return entry.time == known.last


def _read(known: Folded, begun: RunState) -> RunState:
    steps = {**begun.steps, **known.steps}
    for key, endings in known.endings.items():
        steps[key] = replace(steps[key], endings={Failure(word): many for word, many in endings.items()})
    held: dict[str, Any] = {name: getattr(known, name) for name in _ALIKE}
    held.update({name: _flat(getattr(known, name)) for name in _PAIRS})
    return replace(begun, **held, steps=steps, counted=None)


def _by_word(endings: Mapping[Failure, int]) -> dict[str, int]:
    return {failure.value: many for failure, many in endings.items()}


def _nested(flat: Mapping[tuple[str, str], object]) -> dict[str, dict[str, object]]:
    out: dict[str, dict[str, object]] = {}
    for (environment, target), value in flat.items():
        out.setdefault(environment, {})[target] = value
    return out


def _flat(nested: Mapping[str, Mapping[str, object]]) -> dict[tuple[str, str], object]:
    return {(environment, target): value for environment, by in nested.items() for target, value in by.items()}
