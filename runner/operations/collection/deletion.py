"""Delete runs that are finally condemned: many at a time, each in an order that another process can complete."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from ...data import retention
from ...data.dataset import Datastores
from ...errors import BadInput, StoreDenied
from ...model.names import short
from ...ports import ObjectInfo, ObjectStore
from ...runs import index_blocks, journal, tags
from .folders import remove_folders
from .listed import CHILDREN
from .outputs import objects_of
from .survey import Survey

BATCH = 64
"""Runs that are deleted together."""
Output = tuple[str, ObjectInfo]
"""A datastore, and an object of it."""


@dataclass(kw_only=True)
class RunDeletion:
    """Deletes the outputs of runs, then their records."""

    store: ObjectStore
    datastores: Datastores
    each: Callable[[Collection[str], Callable[[str], None]], None]
    """Calls a function for each text, in a bucket for several at a time."""
    pool: Executor | None

    def delete(self, survey: Survey, runs: Sequence[str]) -> tuple[dict[str, list[Output]], list[str]]:
        """Delete some runs.

        Args:
            survey: The runs with their outputs.
            runs: At most `BATCH` of them, which are finally condemned.

        Returns:
            The deleted outputs of each run, and a line for each run that could not be deleted.

        Raises:
            StoreError: A store cannot be used.

        """
        problems: list[str] = []
        outputs: dict[str, list[Output]] = {}
        looked = (self.pool.map if self.pool else map)(lambda run: self._outputs(survey, run), runs)
        for run, found in zip(runs, looked, strict=True):
            if isinstance(found, str):
                problems.append(f"run {short(run)} cannot be deleted: {found}")
            else:
                outputs[run] = found
        if not self._refusal(survey, outputs):
            return outputs, problems
        # Each run again for itself: one whose outputs cannot be deleted holds no other one.
        refusals = {run: self._refusal(survey, {run: found}) for run, found in outputs.items()}
        problems += [f"run {short(run)} cannot be deleted: {why}" for run, why in refusals.items() if why]
        return {run: found for run, found in outputs.items() if not refusals[run]}, problems

    def _refusal(self, survey: Survey, outputs: dict[str, list[Output]]) -> str:
        """Delete runs together. Return why a store has refused a part of it, or an empty text."""
        try:
            self._delete_outputs(outputs)
            self._delete_records(survey, outputs)
        except StoreDenied as error:
            return str(error)
        return ""

    def _outputs(self, survey: Survey, run: str) -> list[Output] | str:
        """Return the outputs of a run, or why they are not known."""
        try:
            return list(objects_of(self.datastores, run, survey.leaving[run]))
        except (BadInput, StoreDenied) as error:
            return str(error)

    def _delete_outputs(self, outputs: dict[str, list[Output]]) -> None:
        for name in sorted({name for found in outputs.values() for name, _ in found}):
            keys = {run: [info.key for where, info in found if where == name] for run, found in outputs.items()}
            store = self.datastores(name)
            self.each([key for its in keys.values() for key in its], store.delete)
            for run, its in keys.items():
                remove_folders(store, run, its)

    def _delete_records(self, survey: Survey, runs: Iterable[str]) -> None:
        going = list(runs)
        self.each([survey.listed(run).index for run in going if survey.listed(run).index], self.store.delete)
        index_blocks.forget(self.store, going)
        self.each([tags.mark_key(run) for run in going], self.store.delete)
        # The first entry before the last one: from here on there is no such run, instead of one in progress.
        self.each([journal.entry_key(run, 1) for run in going], self.store.delete)
        below = list((self.pool.map if self.pool else map)(self._records, going))
        self.each([key for keys in below for key in keys], self.store.delete)
        self.each([retention.condemned_key(run) for run in going], self.store.delete)
        for run, keys in zip(going, below, strict=True):
            remove_folders(self.store, run, [retention.condemned_key(run), *keys])

    def _records(self, run: str) -> list[str]:
        found = (*self.store.list(f"{CHILDREN}{run}"), *self.store.list(f"runs/{run}/"))
        return [info.key for info in found if info.key != retention.condemned_key(run)]
