"""The files that entry scripts write into the outputs: they outlive the machine of the worker that wrote them.

Where an output is written in place, its files are stored already. In a pod they are uploaded before the result of the
batches counts that wrote them, since the pod may be lost afterwards. Otherwise they are delivered when the step ends.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ...data.file_digest import digest_of_file
from ...dataclass import dataclass, field
from ...errors import StoreError
from ...model.batches import ClaimResult, Left, WrittenFile, files_of
from ...model.data import Entry
from ...model.document import to_document
from ...model.extra_outputs import ExtraOutputs
from ...model.task import OutputBinding, TaskId
from ...model.workers import WORKER
from ...ports import FolderStore, ObjectStore
from ...runs import records

_READINGS = 3
"""Attempts to upload a file that changes meanwhile."""


@dataclass(kw_only=True)
class OutputFiles:
    """The outputs of the step as one worker writes them."""

    workspace: ObjectStore
    outputs: Mapping[str, tuple[OutputBinding, Path, ObjectStore]]
    """By name: the binding, the local path, and the store of its datastore."""
    rows: str
    """The name of the file with the rows, which is nobody's but worker 0's."""
    uploads: bool
    """True in a pod."""
    _seen: dict[Path, tuple[int, int]] = field(default_factory=dict)
    _open: dict[Path, WrittenFile] = field(default_factory=dict)
    """Files that a running batch might still write to when they were listed: they are listed again."""
    _number: int = 0
    _unlisted: list[WrittenFile] = field(default_factory=list)
    """Files that were uploaded and are in no result yet."""

    @staticmethod
    def of(
        workspace: ObjectStore,
        task: TaskId,
        paths: Mapping[str, str],
        rows: str,
        store_of: Callable[[str], ObjectStore],
        environ: Mapping[str, str],
    ) -> OutputFiles:
        """Return the outputs of an attempt.

        Args:
            workspace: The workspace store.
            task: The attempt.
            paths: The local path of each output.
            rows: The name of the file with the rows.
            store_of: Opens the store of a datastore.
            environ: The variables of the process.
        """
        assigned = records.assignment(workspace, task.assignment)
        outputs = {
            one.name: (one, Path(paths[one.name]), store_of(one.datastore))
            for one in assigned.outputs
            if one.name in paths
        }
        return OutputFiles(workspace=workspace, outputs=outputs, rows=rows, uploads=WORKER in environ)

    def sent(self, since: float) -> tuple[tuple[WrittenFile, ...], Left]:
        """Upload what is new, where that is needed.

        Args:
            since: The time at which the first of the running batches began, in seconds since 1970.

        Returns:
            The files that a result has to list, and where all files are.

        Raises:
            StoreError: The store fails, or a file changes all the time.
        """
        left = Left.NOTHING
        for name, (binding, path, store) in self.outputs.items():
            if _in_place(binding, path, store):
                left = Left.STORED if any(self._files(path)) else left
            elif self.uploads:
                for file in self._files(path):
                    self._send(name, file, since)
                    left = Left.STORED
            elif any(self._files(path)):
                return (), Left.LOCAL
        return tuple(self._unlisted), left

    def listed(self, count: int) -> None:
        """Forget the first files that `sent` has returned: a result that counts lists them.

        Args:
            count: The number of files.
        """
        del self._unlisted[:count]

    def fetch(self, earlier: TaskId) -> bool:
        """Copy the files that an earlier attempt has left in the outputs.

        Args:
            earlier: The attempt, of this run or of the one that this run retries.

        Returns:
            False if there are none.
        """
        try:
            known = {one.name: one for one in records.assignment(self.workspace, earlier.assignment).outputs}
            copied = [self._fetched(name, known[name].key) for name in self.outputs if name in known]
        except StoreError:
            return False
        return any(copied)

    def _fetched(self, name: str, source: str) -> bool:
        binding, path, store = self.outputs[name]
        if not (self.uploads or _in_place(binding, path, store)):
            return False
        found = False
        for info in store.list(f"{source}/"):
            relative = info.key[len(source) + 1 :]
            if relative == self.rows:
                continue
            found = True
            if store.stat(f"{binding.key}/{relative}") is None:
                store.copy(info.key, f"{binding.key}/{relative}")
        return found

    def _send(self, name: str, file: Path, since: float) -> None:
        binding, path, store = self.outputs[name]
        for reading in range(_READINGS):
            facts = file.stat()
            is_open = facts.st_mtime >= since
            if self._seen.get(file) == (facts.st_size, facts.st_mtime_ns):
                if file in self._open and not is_open:
                    self._unlisted.append(replace(self._open.pop(file), open=False))
                return
            relative, digest = file.relative_to(path).as_posix(), digest_of_file(file)
            try:
                store.upload(f"{binding.key}/{relative}", file, digest)
            except StoreError:
                if is_open:
                    return  # the batch that writes it has no result yet: it is looked at again before it has
                if reading == _READINGS - 1:
                    raise
                continue
            self._seen[file] = (facts.st_size, facts.st_mtime_ns)
            self._number += 1
            written = WrittenFile(
                output=name, path=relative, size=facts.st_size, digest=digest, number=self._number, open=is_open
            )
            self._unlisted.append(written)
            if is_open:
                self._open[file] = written
            else:
                self._open.pop(file, None)
            return

    def _files(self, folder: Path) -> Iterator[Path]:
        for parent, _, names in os.walk(folder):
            for name in names:
                if name != self.rows or Path(parent) != folder:
                    yield Path(parent, name)


def write_extra(attempts: Iterable[Iterable[ClaimResult]], path: Path) -> None:
    """List the files of all workers for the bootstrap of worker 0.

    Args:
        attempts: The first lines of the results of this attempt, then of those that it continues.
        path: The file that the variable `workers.EXTRA` names.
    """
    outputs: dict[str, tuple[Entry, ...]] = {}
    for file in files_of(attempts):
        outputs[file.output] = (*outputs.get(file.output, ()), Entry(file.path, file.size, file.digest))
    if outputs:
        path.write_text(json.dumps(to_document(ExtraOutputs(outputs))), encoding="utf-8")


def _in_place(binding: OutputBinding, path: Path, store: ObjectStore) -> bool:
    return isinstance(store, FolderStore) and store.path(binding.key) == path
