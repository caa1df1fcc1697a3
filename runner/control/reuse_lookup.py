"""Find steps of earlier runs whose outputs can replace those of a waiting step."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..data import integrity
from ..data.dataset import Datastores
from ..errors import StoreDenied, StoreError, StoreUnreachable
from ..model import events as e
from ..model.data import DataRef
from ..model.names import step_run_id
from ..model.plan import Plan
from ..model.record import CommitRecord
from ..model.state import RunState
from ..model.step import StepSpec
from ..ports import FolderStore, ObjectStore
from ..runs import records
from .assign import outputs_of
from .decide import may_reuse, reusable
from .error_causes import UNEXPECTED
from .fingerprint import Made, bind, trials_of
from .own_outputs import foreign_outputs, is_same_commit, maker_of
from .pinning import pins_of
from .progress import Progress
from .publish import to_publish

if TYPE_CHECKING:
    from concurrent.futures import Executor

_AT_ONCE = 16
"""Steps looked up in parallel in a bucket."""


def equal_of(store: ObjectStore, datastores: Datastores, fingerprint: str, step: StepSpec) -> CommitRecord | None:
    """Return the commit record of an equal step whose outputs still have their bytes, or None.

    If only the ETags differ, the record is written again with the new ones, so that the next lookup reads no data.

    Args:
        store: The workspace store.
        datastores: The stores of the outputs.
        fingerprint: The reuse key of the step; empty: nothing is reused.
        step: The step.

    Raises:
        StoreError, ValueError: An object cannot be read.
        BadInput: A datastore is not configured.
    """
    found = records.equal_of(store, fingerprint) if fingerprint else None
    if found is not None and not _is_genuine(store, found, fingerprint, step):
        return None
    outputs = integrity.all_intact(store, datastores, found.outputs) if found else None
    if found is None or outputs is None:
        return None
    if outputs == found.outputs:
        return found
    renewed = replace(found, outputs=outputs)
    with suppress(StoreError):  # it spares work
        records.store_for_reuse(store, fingerprint, renewed)
    return renewed


def _is_genuine(store: ObjectStore, found: CommitRecord, fingerprint: str, step: StepSpec) -> bool:
    """Return True if the attempt that a reuse entry names was started as an equal step and has committed the outputs.

    A script may write the entry, but neither the assignment nor the commit record of another run.
    """
    maker = maker_of(found)
    if maker is None or foreign_outputs(step, maker, found.outputs):
        return False
    commit = records.committed(store, maker)
    if commit is None or not is_same_commit(commit, found):
        return False
    return records.assignment(store, maker.assignment).fingerprint == fingerprint


class ReuseLookup:
    """Look up each step of one run once."""

    def __init__(self, store: ObjectStore, datastores: Datastores, pool: Executor | None = None) -> None:
        """Create a lookup. With `pool`, several steps are looked up in parallel, since each lookup is a request."""
        self.store = store
        self.datastores = datastores
        self._pool = None if isinstance(store, FolderStore) else pool
        self.missed: set[str] = set()
        """Steps without an equal."""
        self.unfinished = False
        """True if the last call left steps to look up."""

    def events(self, now: Progress, *, until: Callable[[], bool]) -> tuple[e.StepReused, ...]:
        """Return the events of all steps that can be reused, with their dependents, until `until` is True.

        Raises:
            StoreUnreachable: If the store cannot be reached.
        """
        plan, state = now.plan, now.state
        ready = deque(reusable(now, self.missed))
        reused_outputs: dict[str, Mapping[str, DataRef]] = {}
        origins: dict[str, str] = {}
        made = outputs_of(state, reused_outputs)
        found: list[e.StepReused] = []
        while ready and not until():
            batch = [ready.popleft() for _ in range(min(len(ready), _AT_ONCE if self._pool else 1))]
            for step, event in zip(batch, self._looked(now, batch, made, origins), strict=True):
                if event is None:
                    self.missed.add(step.key)
                    continue
                found.append(event)
                reused_outputs[step.key], origins[step.key] = event.outputs, event.origin
                if not to_publish(step):  # else it is not told before its outputs are where they belong
                    ready.extend(self._freed(plan, state, step, made))
        self.unfinished = bool(ready)
        return tuple(found)

    def _looked(
        self, now: Progress, steps: list[StepSpec], made: Made, origins: Mapping[str, str]
    ) -> list[e.StepReused | None]:
        """Return the result of each lookup, before any of them is used."""
        if self._pool is None or len(steps) == 1:
            return [self._look(now, step, made, origins) for step in steps]
        return list(self._pool.map(lambda step: self._look(now, step, made, origins), steps))

    def _freed(self, plan: Plan, state: RunState, step: StepSpec, made: Made) -> Iterator[StepSpec]:
        for key in plan.dependents[step.key]:
            waiting = plan.by_key[key]
            if all(need in made for need in waiting.needs) and may_reuse(state, waiting, self.missed):
                yield waiting

    def _look(self, now: Progress, step: StepSpec, made: Made, origins: Mapping[str, str]) -> e.StepReused | None:
        state = now.state
        if state.submission is None:
            return None
        try:
            pins, trials = pins_of(self.store, self.datastores, step), trials_of(step, state, origins)
            sampled = state.steps[step.key].sampled
            bound = bind(now.plan, state.submission, step, made, pins, sampled=sampled, trials=trials)
            commit = equal_of(self.store, self.datastores, bound.fingerprint, step)
        except (StoreUnreachable, StoreDenied):
            raise
        except UNEXPECTED:
            return None  # its start says what is wrong
        origin = records.origin_of(commit) if commit else ""
        if commit is None or origin == step_run_id(state.run, step.key):
            return None  # its own, of an attempt that was never journaled: starting it again finds the commit
        return e.StepReused(step.key, origin, commit.outputs)
