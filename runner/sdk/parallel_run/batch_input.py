"""An input that is cut into mini-batches, as this machine has it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...data.partitions import partition_columns
from ...model.context import StagedInput, StepContext
from ...model.data import DatasetDefinition
from ...model.transforms import Filter, Skip, Take, Transform
from ..base.exceptions import UserErrorException
from .settings import Source

if TYPE_CHECKING:
    from ..datasets.file_dataset import FileDataset
    from ..datasets.files import FileSet
    from ..datasets.tabular import TabularDataset


_listed: dict[str, list[str]] = {}
"""The files of each input by its path: a process lists an input once."""


class BatchInput:
    """An input that is cut into mini-batches.

    Args:
        source: Its name and kind.
        context: The step as its process sees it.

    Raises:
        UserErrorException: The step has no such input.

    """

    def __init__(self, source: Source, context: StepContext) -> None:
        self.name = source.name
        self.kind = source.kind
        staged = context.inputs.get(source.name)
        if staged is None:
            known = ", ".join(context.inputs) or "none"
            raise UserErrorException(f"the step has no input {source.name!r} (it has: {known})")
        self._staged: StagedInput = staged
        self.definition = staged.dataset or DatasetDefinition(kind=self.kind, paths=())
        self.partition_keys = partition_columns(self.definition.options.get("partition_format"))
        self._copies: Path | None = None

    @cached_property
    def dataset(self) -> FileDataset | TabularDataset:
        """The whole input as a dataset."""
        from ..datasets.dataset import dataset_of_input  # not needed for the paths of files

        return dataset_of_input(self.definition, self._staged)

    @cached_property
    def names(self) -> list[str]:
        """The paths of all files below the input's folder, in the order of the dataset.

        Raises:
            UserErrorException: There are none.

        """
        if self._staged.path not in _listed:
            plain = self._names_of_folder()
            _listed[self._staged.path] = [file.relative for file in self.files.files] if plain is None else plain
        found = _listed[self._staged.path]
        if not found:
            raise self._nothing()
        return found

    def _names_of_folder(self) -> list[str] | None:
        """Return the names of all files of a plain folder; None: the dataset's own rules choose among them."""
        options, settled = self.definition.options, bool(self.definition.paths) or not self.definition.transforms
        chooses = any(options.get(rule) for rule in ("path_glob", "file_extension", "soft_extension"))
        if self._staged.ref is not None or chooses or not settled:
            return None
        return plain_files(self._staged.path)

    def _nothing(self) -> UserErrorException:
        return UserErrorException(
            f"input {self.name!r} has no files", remedy="correct its path, or the step that writes it"
        )

    @cached_property
    def files(self) -> FileSet:
        """All files, in the order of the dataset.

        Raises:
            UserErrorException: There are none.

        """
        from ..datasets.files import file_set, place_of  # a batch names its files itself

        found = file_set(self.definition, place_of(self.definition, self._staged))
        if not found.files:
            raise self._nothing()
        return found

    def paths(self, spec: Mapping[str, object]) -> list[str]:
        """Return the local paths of the files of a batch, without a look at any other file.

        Files that are not on this machine are downloaded; the next call deletes them.

        Args:
            spec: The batch.

        """
        names = _texts(spec["files"])
        if self._staged.ref is not None:
            return self._downloaded(names)
        root = Path(self._staged.path)
        return [str(root)] if root.is_file() else [str(root / name) for name in names]

    def part(self, spec: Mapping[str, object]) -> FileDataset | TabularDataset:
        """Return a batch as a dataset.

        Args:
            spec: The batch.

        """
        keys = spec.get("keys")
        operations: list[Transform]
        if isinstance(keys, Mapping):
            operations = [Filter(["eq", ["field", key], value]) for key, value in keys.items()]
        elif isinstance(spec.get("first"), int):
            operations = [Skip(int(str(spec["first"]))), Take(int(str(spec["count"])))]
        else:  # the number of its first row is known only after all before it were read
            operations = []
        found = self.dataset
        for operation in operations:
            found = found.transformed(operation)
        return found

    def _downloaded(self, names: Sequence[str]) -> list[str]:
        if self._copies is not None:
            shutil.rmtree(self._copies, ignore_errors=True)
        self._copies = Path(tempfile.mkdtemp(prefix="runner-"))
        wanted = set(names)
        files = tuple(file for file in self.files.files if file.relative in wanted)
        return [str(path) for path in replace(self.files, files=files).copy(self._copies)]


def plain_files(folder: str) -> list[str] | None:
    """Return the paths of all files below a folder, sorted, without a look at any file itself.

    Args:
        folder: The folder.

    Returns:
        None if it is no folder, or has a link or anything but files and folders: those need more care.

    """
    found: list[str] = []
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            with os.scandir(f"{folder}/{inside}") as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        found.append(inside + entry.name)
                    elif entry.is_dir(follow_symlinks=False):
                        waiting.append(f"{inside}{entry.name}/")
                    else:
                        return None
        except NotADirectoryError:
            return None
    return sorted(found)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else []
