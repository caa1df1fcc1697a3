"""A dataset's files: in the datastore, or where a step's staging put them; both look the same from here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ..data.dataset import fixed_part
from ..data.partitions import partition_values
from ..data.selection import Found, chosen
from ..dataclass import dataclass
from ..errors import BadInput
from ..model.data import DatasetDefinition
from .exceptions import UserErrorException

if TYPE_CHECKING:
    from datetime import datetime

    from ..ports import ObjectStore


@dataclass(frozen=True)
class Staged:
    """Where a step's staging put a dataset's files."""

    path: Path
    """The folder, or the lone file."""
    applied: int = 0
    """How many of the definition's operations had chosen among the files before."""


@dataclass(frozen=True)
class LocalFile:
    """A file at hand."""

    path: Path
    name: str
    """Below what the dataset's paths have in common: ``/folder/file.csv``."""
    whole: str
    """Its whole path on the datastore, as far as it is known: what partition formats are matched with."""


@dataclass(frozen=True)
class FileSet:
    """The files of a dataset, wherever they lie."""

    files: tuple[Found, ...]
    place: Callable[[Found], Path] | None
    """Where each lies on this machine; None: they have to be downloaded."""
    store: ObjectStore | None = None
    definition: DatasetDefinition = DatasetDefinition("file", ())

    @contextmanager
    def at_hand(self) -> Iterator[list[LocalFile]]:
        """The files on this machine: in place where they are, else downloaded for as long as the block lasts."""
        import tempfile

        if self.place is not None:
            yield [self._local(file, self.place(file)) for file in self.files]
            return
        with tempfile.TemporaryDirectory(prefix="runner-") as folder:
            self.copy(Path(folder))
            yield [self._local(file, Path(folder, file.relative)) for file in self.files]

    def copy(self, into: Path) -> list[Path]:
        """Make copies below `into`, replacing what is there; their paths."""
        from ..data.transfer import fetch
        from ..model.data import Entry, Kind, Manifest

        targets = [into / file.relative for file in self.files]
        for target in targets:
            target.unlink(missing_ok=True)
        if self.place is not None or self.store is None:
            self._copy_local(targets)
        else:
            entries = tuple(Entry(file.relative, file.size, "", file.key) for file in self.files)
            fetch(self.store, "", Manifest(Kind.FOLDER, entries), into)
        return targets

    def partition(self, file: Found) -> dict[str, str | datetime]:
        """The columns that the file's path gives. Raises UserErrorException for a path that does not fit."""
        return partition(self.definition, f"/{file.key}")

    def _copy_local(self, targets: Sequence[Path]) -> None:
        for file, target in zip(self.files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.place is not None:
                shutil.copyfile(self.place(file), target)

    def _local(self, file: Found, path: Path) -> LocalFile:
        return LocalFile(path, f"/{file.relative}", f"/{file.key}")


def file_set(definition: DatasetDefinition, staged: Staged | None) -> FileSet:
    """The dataset's files now. Raises UserErrorException when there are none."""
    try:
        found = _staged(definition, staged) if staged is not None else _stored(definition)
    except BadInput as error:
        raise told(error) from error
    files = tuple(readable(found.files, definition))
    return FileSet(files, found.place, found.store, definition)


def readable(files: Sequence[Found], definition: DatasetDefinition) -> Sequence[Found]:
    """Those whose names fit ``path_glob`` or ``file_extension`` of how an output is read as rows (pure).

    The extension that v1 takes when none is given (``soft_extension``) counts only if a file has it.
    Raises UserErrorException when none fits.
    """
    options = definition.options
    pattern, extension = str(options.get("path_glob") or ""), str(options.get("file_extension") or "")
    if not pattern and not extension:
        soft = str(options.get("soft_extension") or "")
        return [file for file in files if file.relative.endswith(soft)] or files
    from re import fullmatch

    rule = translate(pattern) if pattern else ".*"
    fitting = [file for file in files if fullmatch(rule, file.relative) and file.relative.endswith(extension)]
    if files and not fitting:
        raise UserErrorException(
            f"no file of the dataset fits {pattern or extension!r}: there are {_some(files)}",
            remedy="correct path_glob or file_extension",
        )
    return fitting


def partition(definition: DatasetDefinition, path: str) -> dict[str, str | datetime]:
    """The columns that a path gives by the definition's format. Raises UserErrorException where it does not fit."""
    try:
        return partition_values(definition.options.get("partition_format"), path)
    except BadInput as error:
        raise told(error) from error


def told(error: BadInput) -> UserErrorException:
    """The same problem as v1's kind of exception."""
    if isinstance(error, UserErrorException):
        return error
    problem = error.problems[0]
    return UserErrorException(problem.what, error, where=problem.where, remedy=problem.remedy)


def _stored(definition: DatasetDefinition) -> FileSet:
    from ..data.dataset import listing, nothing_there
    from ..ports import FolderStore
    from .session import current

    session = current()
    listed = listing(session.datastore, definition)
    if not listed.files:
        raise nothing_there(definition)
    store = session.datastore(listed.datastore)
    if isinstance(store, FolderStore):
        folder = store
        return FileSet(listed.files, lambda file: folder.path(file.key))
    return FileSet(listed.files, None, store)


def _staged(definition: DatasetDefinition, staged: Staged) -> FileSet:
    from ..data.manifest import files_below

    base = _base(definition)
    if staged.path.is_file():
        found = {staged.path.name: staged.path}
        base = str(PurePosixPath(base).parent) if base else ""
    else:
        found = dict(files_below(staged.path))
    files = [_found(relative, path, base) for relative, path in found.items()]
    kept = tuple(chosen(files, definition, skipped=staged.applied))
    return FileSet(kept, lambda file: found[file.relative])


def _found(relative: str, path: Path, base: str) -> Found:
    facts = path.stat()
    key = f"{base}/{relative}" if base not in ("", ".") else relative
    return Found(relative, key, facts.st_size)  # a staged copy's own time says nothing of the data


def _base(definition: DatasetDefinition) -> str:
    """The folder that a dataset of one path has its files below; several paths have theirs by the names' own."""
    return fixed_part(definition.paths[0].path.strip("/")) if len(definition.paths) == 1 else ""


def _some(files: Sequence[Found]) -> str:
    shown = ", ".join(file.relative for file in files[:5])
    return shown + (", …" if len(files) > 5 else "")
