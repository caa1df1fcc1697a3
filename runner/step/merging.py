"""The results of an attempt's workers as those of one: outputs, artifacts and reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Mapping, Sequence

from ..backports import without_prefix
from ..data import integrity, manifest
from ..data.dataset import Datastores
from ..data.transfers.workers import each
from ..data.united import free_names, merged_lines, numbered, united
from ..data.work_dir import belonging, never_written
from ..dataclass import dataclass
from ..errors import BadInput, ObjectMissing
from ..model.data import DataRef, Kind, Manifest
from ..model.document import from_document
from ..model.extra_outputs import ExtraOutputs
from ..model.record import AttemptRecord
from ..model.task import OutputBinding, Task, TaskId
from ..ports import ObjectStore

OTHERS = "another worker"
"""The writer, for people, of a file that worker 0 of a pool lists."""
Records = Mapping[int, AttemptRecord]
"""The records of workers, by their indexes in ascending order, without worker 0."""


def name_of(index: int) -> str:
    """Return a worker's name for people."""
    return f"worker {index}"


@dataclass(frozen=True)
class Merge:
    """Merges what the workers of one attempt have stored. Each method may be repeated with the same result."""

    task: Task
    workspace: ObjectStore
    datastores: Datastores

    def outputs(self, own: AttemptRecord, others: Records) -> AttemptRecord:
        """Return the record of worker 0 with the files that all workers of a gang have written to each output.

        Args:
            own: The record of worker 0.
            others: The records of the others.

        Raises:
            BadInput: Two workers have written different files to one path, or a file is missing.
            StoreError: The store cannot be used.
        """
        whole = {0: own, **others}
        refs: dict[str, DataRef] = {}
        for binding in self.task.outputs:
            parts = {
                name_of(index): manifest.load(self.workspace, record.outputs[binding.name].digest)
                for index, record in whole.items()
            }
            refs[binding.name] = self._ref(binding, united(binding.name, parts))
        return replace(
            own,
            outputs=refs,
            warnings=_warnings(whole, refs),
            reusable=all(record.reusable for record in whole.values()),
            peak_memory=max(record.peak_memory for record in whole.values()),
        )

    def with_extra(self, own: AttemptRecord, listed: Path) -> AttemptRecord:
        """Return the record of worker 0 of a pool with the files that it lists.

        Args:
            own: The record of worker 0.
            listed: The file that holds `ExtraOutputs`; if it does not exist, nothing is added.

        Raises:
            BadInput: It cannot be read, or names other outputs, or a file that contradicts one of worker 0, or a file
                that is missing.
            StoreError: The store cannot be used.
        """
        extra = _read_extra(listed).outputs
        places = {binding.name: binding for binding in self.task.outputs}
        unknown = sorted(extra.keys() - places.keys())
        if unknown:
            raise BadInput(f"{listed.name} names outputs that the step does not have: {', '.join(unknown)}")
        refs = dict(own.outputs)
        for name, entries in extra.items():
            if not entries:
                continue
            told = belonging(Manifest(Kind.FOLDER, entries), places[name].globs)
            mine = manifest.load(self.workspace, own.outputs[name].digest)
            refs[name] = self._ref(places[name], united(name, {name_of(0): mine, OTHERS: told}))
        return replace(own, outputs=refs, warnings=_warnings({0: own}, refs))

    def files(self, own: AttemptRecord, others: Records) -> AttemptRecord:
        """Return the record with the artifacts and reports of all workers, which are copied to those of the attempt.

        Args:
            own: The record of worker 0.
            others: The records of the others.

        Raises:
            StoreError: The store cannot be used.
        """
        return replace(own, artifacts=self._artifacts(own, others), reports=self._reports(own, others))

    def _ref(self, binding: OutputBinding, whole: Manifest) -> DataRef:
        store = self.datastores(binding.datastore)
        etag = integrity.etag_of(store, binding.key, whole.entries)
        if whole.entries and not etag:
            raise BadInput(
                f"output '{binding.name}': a file that a worker has written is missing in the store",
                remedy=f"see that nothing deletes files below {binding.key} while the step runs",
            )
        return DataRef(
            datastore=binding.datastore,
            key=binding.key,
            digest=manifest.save(self.workspace, whole),
            files=len(whole.entries),
            bytes=whole.bytes,
            etag=etag,
        )

    def _artifacts(self, own: AttemptRecord, others: Records) -> tuple[str, ...]:
        task = self.task.id
        if not any(record.artifacts for record in others.values()):
            return own.artifacts
        taken = _of(self._contents(task.artifacts), own.artifacts)
        copies: list[tuple[str, str]] = []
        for index, record in others.items():
            if record.artifacts:
                mine = _of(self._contents(task.worker_artifacts(index)), record.artifacts)
                for name, free in free_names(record.artifacts, index, taken, mine).items():
                    taken[free] = mine[name]
                    copies.append((task.worker_artifacts(index) + name, task.artifacts + free))
        each(copies, lambda pair: self.workspace.copy(*pair))
        return tuple(sorted(taken))

    def _contents(self, prefix: str) -> dict[str, str]:
        """Return a text for the content of each object below a prefix; equal contents may still differ in it."""
        return {without_prefix(one.key, prefix): f"{one.size}-{one.etag}" for one in self.workspace.list(prefix)}

    def _reports(self, own: AttemptRecord, others: Records) -> tuple[str, ...]:
        task = self.task.id
        theirs = {index: record.reports for index, record in others.items() if record.reports}
        if not theirs:
            return own.reports
        # The files of worker 0 are kept: if it is started again, merged ones would have the others' lines twice.
        for name in own.reports:
            self.workspace.copy(task.reports + name, task.own_reports + name)
        names = sorted({*own.reports, *(name for each_of in theirs.values() for name in each_of)})
        for name in names:
            parts = [self.workspace.get(task.own_reports + name)] if name in own.reports else []
            parts += [
                self.workspace.get(task.worker_reports(index) + name) for index, has in theirs.items() if name in has
            ]
            self.workspace.put(task.reports + name, merged_lines(name, parts))
        return tuple(names)

    def restore_reports(self, index: int, folder: Path) -> None:
        """Bring back what an earlier process of this worker has reported: the batches that it did are not repeated.

        Args:
            index: The worker.
            folder: The folder to which the script appends its reports.

        Raises:
            StoreError: The store cannot be used.
            OSError: A file cannot be written.
        """
        task = self.task.id
        for prefix in (task.worker_reports(index), *((task.own_reports,) if index == 0 else ())):
            for one in tuple(self.workspace.list(prefix)):
                name = without_prefix(one.key, prefix)
                if "/" not in name:
                    (folder / name).write_bytes(self._found(one.key))

    def _found(self, key: str) -> bytes:
        try:
            return self.workspace.get(key)
        except ObjectMissing:  # another process of this worker may still be at work
            return b""


def copied_artifacts(store: ObjectStore, task: TaskId, index: int, names: Sequence[str]) -> tuple[str, ...]:
    """Copy the artifacts of a failed worker to those of the attempt, and return their names there.

    Each has the worker's index, so that none meets one of worker 0, which may still upload its own.

    Args:
        store: The workspace store.
        task: The attempt.
        index: The worker.
        names: The names of its artifacts.

    Raises:
        StoreError: The store cannot be used.
    """
    copies = {name: numbered(name, index) for name in names}
    each(copies.items(), lambda pair: store.copy(task.worker_artifacts(index) + pair[0], task.artifacts + pair[1]))
    return tuple(sorted(copies.values()))


def _of(contents: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: contents.get(name, "") for name in names}


def _read_extra(listed: Path) -> ExtraOutputs:
    try:
        return from_document(ExtraOutputs, json.loads(listed.read_bytes()))
    except FileNotFoundError:
        return ExtraOutputs()
    except (BadInput, OSError, ValueError) as error:
        raise BadInput(f"{listed.name}, which lists files of other workers, cannot be read: {error}") from error


def _warnings(whole: Mapping[int, AttemptRecord], refs: Mapping[str, DataRef]) -> tuple[str, ...]:
    """Return the warnings of all workers once each. An output that one of them has written is not empty."""
    unfounded = {never_written(name) for name, ref in refs.items() if ref.files}
    found: dict[str, str] = {}
    for index, record in whole.items():
        for line in record.warnings:
            if line not in unfounded:
                found.setdefault(line, f"{name_of(index)}: {line}" if index else line)
    return tuple(found.values())
