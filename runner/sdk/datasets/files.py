"""The files of a dataset: in the datastore, or in the folder that a step's staging filled. Both look the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from ...data.dataset import fixed_part
from ...data.partitions import partition_values
from ...data.selection import Found, chosen
from ...dataclass import dataclass
from ...errors import BadInput
from ...model.data import DatasetDefinition
from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from datetime import datetime

    from ...ports import ObjectStore


@dataclass(frozen=True)
class Staged:
    """The result of a step's staging of a dataset."""

    path: Path
    """The folder, or the single file."""
    applied: int = 0
    """The number of the definition's operations that were applied to the files before."""


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    path: Path
    name: str
    """The path below the part that all paths of the dataset share: ``/folder/file.csv``."""
    whole: str
    """The whole path on the datastore, as far as it is known; partition formats are matched with it."""


@dataclass(frozen=True)
class FileSet:
    """The files of a dataset, in a datastore or on this machine."""

    files: tuple[Found, ...]
    place: Callable[[Found], Path] | None
    """The path of each file on this machine; None: they have to be downloaded."""
    store: ObjectStore | None = None
    definition: DatasetDefinition = DatasetDefinition(kind="file", paths=())

    @contextmanager
    def at_hand(self) -> Iterator[list[LocalFile]]:
        """Yield the files on this machine: in place, or downloaded for as long as the block lasts."""
        import tempfile

        if self.place is not None:
            yield [self._local(file, self.place(file)) for file in self.files]
            return
        with tempfile.TemporaryDirectory(prefix="runner-") as folder:
            self.copy(Path(folder))
            yield [self._local(file, Path(folder, file.relative)) for file in self.files]

    def copy(self, into: Path) -> list[Path]:
        """Copy the files, replacing what is there.

        Args:
            into: The folder.

        Returns:
            The paths of the copies.

        """
        from ...data.transfer import fetch
        from ...model.data import Entry, Kind, Manifest

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
        """Return the columns that a file's path gives.

        Args:
            file: The file.

        Raises:
            UserErrorException: The path does not fit the partition format.

        """
        return partition(self.definition, f"/{file.key}")

    def _copy_local(self, targets: Sequence[Path]) -> None:
        for file, target in zip(self.files, targets):
            target.parent.mkdir(parents=True, exist_ok=True)
            if self.place is not None:
                shutil.copyfile(self.place(file), target)

    def _local(self, file: Found, path: Path) -> LocalFile:
        return LocalFile(path, f"/{file.relative}", f"/{file.key}")


def file_set(definition: DatasetDefinition, staged: Staged | None) -> FileSet:
    """Return the files of a dataset as they are now.

    Args:
        definition: The dataset.
        staged: The result of a step's staging. None: the files are in their datastore.

    Raises:
        UserErrorException: There are none.

    """
    try:
        found = _staged(definition, staged) if staged is not None else _stored(definition)
    except BadInput as error:
        raise as_user_error(error) from error
    files = tuple(readable(found.files, definition))
    return FileSet(files, found.place, found.store, definition)


def readable(files: Sequence[Found], definition: DatasetDefinition) -> Sequence[Found]:
    """Return the files whose names match ``path_glob`` or ``file_extension`` of the definition (pure).

    v1's extension for outputs without one (``soft_extension``) counts only if a file has it.

    Args:
        files: The files.
        definition: The dataset.

    Raises:
        UserErrorException: None matches.

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
    """Return the columns that a path gives by the definition's partition format.

    Args:
        definition: The dataset.
        path: The file's whole path.

    Raises:
        UserErrorException: The path does not fit.

    """
    try:
        return partition_values(definition.options.get("partition_format"), path)
    except BadInput as error:
        raise as_user_error(error) from error


def as_user_error(error: BadInput) -> UserErrorException:
    """Return the same problem as a UserErrorException, which v1 raises.

    Args:
        error: The error.

    """
    if isinstance(error, UserErrorException):
        return error
    problem = error.problems[0]
    return UserErrorException(problem.what, error, where=problem.where, remedy=problem.remedy)


def _stored(definition: DatasetDefinition) -> FileSet:
    from ...data.dataset import listing, nothing_there
    from ...ports import FolderStore
    from ..base.session import current

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
    from ...data.manifest import files_below

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
    return Found(relative=relative, key=key, size=facts.st_size)  # a staged copy's own time says nothing of the data


def _base(definition: DatasetDefinition) -> str:
    """Return the folder of the files of a dataset with one path. With several paths the names have it."""
    return fixed_part(definition.paths[0].path.strip("/")) if len(definition.paths) == 1 else ""


def _some(files: Sequence[Found]) -> str:
    shown = ", ".join(file.relative for file in files[:5])
    return shown + (", …" if len(files) > 5 else "")
