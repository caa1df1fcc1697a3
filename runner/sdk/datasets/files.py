"""The files of a dataset: in the datastore, or in the folder that a step's staging filled. Both look the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Union

from ...data.dataset import fixed_part, title
from ...data.partitions import partition_values
from ...data.selection import Found, chosen, possible
from ...dataclass import dataclass, field
from ...errors import BadInput
from ...model.data import DataRef, DatasetDefinition, Entry
from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from datetime import datetime

    from ...model.context import StagedInput
    from ...ports import ObjectStore


@dataclass(frozen=True)
class Staged:
    """The result of a step's staging of a dataset."""

    path: Path
    """The folder, or the single file."""
    applied: int = 0
    """The number of the definition's operations that were applied to the files before."""


@dataclass(frozen=True)
class Pinned:
    """The files of a step's input that its script reads by itself."""

    ref: DataRef
    applied: int = 0
    """The number of the definition's operations that were applied to the files before."""


Place = Union[Staged, Pinned]


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    path: Path
    name: str
    """The path below the part that all paths of the dataset share: ``/folder/file.csv``."""
    whole: str
    """The whole path on the datastore, as far as it is known; partition formats are matched with it."""


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """The files of a dataset, in a datastore or on this machine."""

    files: tuple[Found, ...]
    place: Callable[[Found], Path] | None
    """The path of each file on this machine; None: they have to be downloaded."""
    store: ObjectStore | None = None
    definition: DatasetDefinition = DatasetDefinition(kind="file", paths=())
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """The pinned or committed facts of each file, by its key; downloads are compared with them."""

    @contextmanager
    def at_hand(self, *, one_by_one: bool = False) -> Iterator[Iterable[LocalFile]]:
        """Yield the files on this machine: in place, or downloaded for as long as the block lasts.

        Args:
            one_by_one: True: download each file when it is asked for, as not all may be needed. Default: False, all at
                once and many at a time.

        """
        import tempfile

        if self.place is not None:
            yield [self._local(file, self.place(file)) for file in self.files]
            return
        with tempfile.TemporaryDirectory(prefix="runner-") as folder:
            if one_by_one:
                yield (self._local(file, replace(self, files=(file,)).copy(Path(folder))[0]) for file in self.files)
                return
            self.copy(Path(folder))
            yield [self._local(file, Path(folder, file.relative)) for file in self.files]

    def needed(self) -> FileSet:
        """Return the files that may have rows of the dataset, as far as the partition keys in their paths tell."""
        return replace(self, files=tuple(possible(self.files, self.definition)))

    def copy(self, into: Path) -> list[Path]:
        """Copy the files, replacing what is there.

        Args:
            into: The folder.

        Returns:
            The paths of the copies.

        Raises:
            BadInput: A path would leave the folder. Nothing is copied then.

        """
        from ...data.transfers.trees import fetch
        from ...model.data import Kind, Manifest
        from ...model.inside import check_inside

        check_inside(file.relative for file in self.files)
        targets = [into / file.relative for file in self.files]
        for target in targets:
            target.unlink(missing_ok=True)
        if self.place is not None or self.store is None:
            self._copy_local(targets)
        else:
            entries = tuple(self._entry(file) for file in self.files)
            fetch(self.store, "", Manifest(Kind.FOLDER, entries), into)
        return targets

    def _entry(self, file: Found) -> Entry:
        known = self.entries.get(file.key)
        return Entry(file.relative, file.size, known.digest if known is not None else "", file.key)

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


def file_set(definition: DatasetDefinition, staged: Place | None) -> FileSet:
    """Return the files of a dataset as they are now.

    Args:
        definition: The dataset.
        staged: In a step: where its files lie, or which they are. None: all that its paths name now.

    Raises:
        UserErrorException: There are none.

    """
    try:
        if isinstance(staged, Pinned):
            found = _pinned(definition, staged)
        else:
            found = _staged(definition, staged) if staged is not None else _stored(definition)
    except BadInput as error:
        raise as_user_error(error) from error
    files = tuple(readable(found.files, definition))
    return FileSet(files=files, place=found.place, store=found.store, definition=definition, entries=found.entries)


def place_of(definition: DatasetDefinition, given: StagedInput) -> Place:
    """Return where the files of a step's input are.

    Args:
        definition: The definition of the input.
        given: The input.

    """
    # Pinning a file dataset applies all operations to its files. Another step's output is staged whole.
    applied = len(definition.transforms) if definition.kind == "file" and definition.paths else 0
    return Staged(Path(given.path), applied) if given.ref is None else Pinned(given.ref, applied)


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
        return FileSet(files=listed.files, place=lambda file: folder.path(file.key))
    return FileSet(files=listed.files, place=None, store=store)


def _pinned(definition: DatasetDefinition, pinned: Pinned) -> FileSet:
    """Return the files that were pinned or committed for this step, in their datastore."""
    from ...data.integrity import check_unchanged
    from ...data.manifest import load
    from ...data.transfers.trees import key_of
    from ...ports import FolderStore
    from ..base.session import current

    session, ref = current(), pinned.ref
    known = load(session.store, ref.digest)
    entries = {key_of(ref.key, entry): entry for entry in known.entries}
    found = [
        Found(relative=entry.path or key.rpartition("/")[2], key=key, size=entry.size) for key, entry in entries.items()
    ]
    kept = tuple(chosen(found, definition, skipped=pinned.applied))
    store = session.datastore(ref.datastore)
    if not isinstance(store, FolderStore):
        return FileSet(files=kept, place=None, store=store, entries=entries)
    folder = store
    check_unchanged(folder, ref, known, title(definition))
    return FileSet(files=kept, place=lambda file: folder.path(file.key))


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
    return FileSet(files=kept, place=lambda file: found[file.relative])


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
