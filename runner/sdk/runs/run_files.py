"""The files of a run: checked names, uploads and downloads. Each kind of run has the files in another place."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from ...errors import ObjectMissing
from ...model.inside import check_inside
from ..base.exceptions import UserErrorException

if TYPE_CHECKING:
    from ...ports import ObjectStore

_IMAGES = "logs/images"
_LOGS = ("logs/", "user_logs/", "azureml-logs/")


class _Figure(Protocol):
    """The method that ``matplotlib`` figures and its pyplot module share."""

    def savefig(self, path: str) -> object:
        """Write the picture to `path`."""


class FileStore(Protocol):
    """The place of the files of one run."""

    def names(self) -> list[str]:
        """Return the names of all files, sorted; logs come last."""

    def keep(self, name: str, source: Path) -> None:
        """Store a copy of a local file.

        Args:
            name: The name among the run's files.
            source: The local file.

        Raises:
            StoreError: The store fails.
            OSError: The file cannot be read.

        """

    def fetch(self, name: str, target: Path) -> None:
        """Copy a file of the run.

        Args:
            name: The name among the run's files.
            target: The local path.

        Raises:
            ObjectMissing: There is no such file.

        """


class StoredFiles:
    """Files below a prefix of the workspace store.

    Args:
        store: The workspace store.
        prefix: The prefix.

    """

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    def names(self) -> list[str]:
        """Return the names, sorted."""
        return [info.key[len(self._prefix) :] for info in self._store.list(self._prefix)]

    def keep(self, name: str, source: Path) -> None:
        """Upload a file now.

        Args:
            name: The name among the run's files.
            source: The local file.

        """
        self._store.upload(self._prefix + name, source)

    def fetch(self, name: str, target: Path) -> None:
        """Download a file over the one at `target`.

        Args:
            name: The name among the run's files.
            target: The local path.

        Raises:
            ObjectMissing: There is no such file.

        """
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        self._store.download(self._prefix + name, target)


class RunFiles:
    """Uploads to and downloads from the files of one run.

    Args:
        store: The files.
        run: The run, as error messages name it.

    """

    def __init__(self, store: FileStore, run: str) -> None:
        self._store = store
        self._run = run
        """The run, as error messages name it."""

    def upload(self, name: str, path_or_stream: object) -> None:
        """Store a file, or the content of a stream.

        Args:
            name: The name among the run's files.
            path_or_stream: The local file, or an object with ``read()``.

        Raises:
            UserErrorException: The name is invalid, or there is no such file.

        """
        checked = file_name(name)
        read = getattr(path_or_stream, "read", None)
        if read is None:
            self._store.keep(checked, _existing(path_or_stream))
            return
        with temporary_folder() as folder:
            data = read()
            copy = folder / "stream"
            copy.write_bytes(data.encode() if isinstance(data, str) else data)
            self._store.keep(checked, copy)

    def upload_several(self, names: Sequence[str], paths: Sequence[str]) -> None:
        """Store several files.

        Args:
            names: The names among the run's files.
            paths: The local files, in the same order.

        Raises:
            UserErrorException: A file is missing (none is stored then), or a name is invalid.

        """
        if len(names) != len(paths):
            raise UserErrorException(f"upload_files: {len(names)} names for {len(paths)} paths")
        for path in paths:
            _existing(path)
        for name, path in zip(names, paths):
            self.upload(name, path)

    def upload_folder(self, name: str, path: str) -> None:
        """Store every file of a folder.

        Args:
            name: The name that the files' names begin with.
            path: The local folder.

        Raises:
            UserErrorException: There is no such folder.

        """
        root = Path(path)
        if not root.is_dir():
            raise UserErrorException(f"there is no folder {path!r} to upload", where=str(root.absolute()))
        for file in sorted(found for found in root.rglob("*") if found.is_file()):
            self.upload(f"{name}/{file.relative_to(root).as_posix()}", file)

    def free_name(self, stem: str, suffix: str) -> str:
        """Return `stem` and `suffix`, with a number between them if the run has such a file.

        Args:
            stem: The name without its suffix.
            suffix: The suffix with its dot.

        """
        known = set(self._store.names())
        name, number = f"{stem}{suffix}", 1
        while name in known:
            number += 1
            name = f"{stem}_{number}{suffix}"
        return name

    def keep_image(self, name: str, path: str | None, plot: object) -> str:
        """Store an image and return the file's name.

        Args:
            name: The metric's name.
            path: The image file. None: `plot` is given.
            plot: The figure. None: `path` is given.

        Raises:
            UserErrorException: Both are given, or neither.

        """
        if (path is None) == (plot is None):
            raise UserErrorException("log_image takes either path or plot")
        suffix = Path(path).suffix if path else ".png"
        kept = self.free_name(f"{_IMAGES}/{name.replace('/', '_')}", suffix)
        if path is not None:
            self.upload(kept, path)
            return kept
        with temporary_folder() as folder:
            picture = folder / f"plot{suffix}"
            cast("_Figure", plot).savefig(str(picture))
            self.upload(kept, picture)
        return kept

    def download(self, name: str, path: str) -> None:
        """Copy a file to this machine.

        Args:
            name: The name among the run's files.
            path: A path or a folder; empty: the current folder.

        Raises:
            UserErrorException: The run has no such file.

        """
        target = Path(path or Path(name).name)
        if target.is_dir() or path.endswith(("/", os.sep)):
            target = target / Path(name).name
        kept = file_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._store.fetch(kept, target)
        except ObjectMissing as error:
            listed = ", ".join(self._store.names()) or "none"
            raise UserErrorException(
                f"the run has no file {name!r}", error, where=self._run, remedy=f"its files: {listed}"
            ) from error

    def download_several(
        self, prefix: str, folder: str, output_paths: Sequence[str] | None, *, keep_prefix: bool
    ) -> None:
        """Copy files to this machine.

        Args:
            prefix: The beginning of their names.
            folder: The folder.
            output_paths: A path in the folder for each file. None: the files' names.
            keep_prefix: True: the prefix is part of the local paths.

        Raises:
            BadInput: A file's name would leave the folder. Nothing is copied then.
            UserErrorException: The number of paths is not that of the files.

        """
        wanted = [name for name in self._store.names() if name.startswith(prefix)]
        if output_paths is not None and len(output_paths) != len(wanted):
            raise UserErrorException(
                f"download_files: {len(output_paths)} output_paths for {len(wanted)} files",
                remedy=f"the files: {', '.join(wanted) or 'none'}",
            )
        shown = [
            name if keep_prefix or not prefix else name[len(prefix) :].lstrip("/") or Path(name).name for name in wanted
        ]
        check_inside((*wanted, *shown))
        for name, path in zip(wanted, output_paths or shown):
            self.download(name, str(Path(folder) / path))

    def download_logs(self, folder: str) -> list[str]:
        """Copy the logs to this machine and return their paths.

        Args:
            folder: The folder.

        Raises:
            BadInput: A log's name would leave the folder. Nothing is copied then.

        """
        logs = {name: str(Path(folder) / name) for name in self._store.names() if name.startswith(_LOGS)}
        check_inside(logs)
        for name, path in logs.items():
            self.download(name, path)
        return list(logs.values())


def file_name(name: str) -> str:
    """Return a name as a path below the run's files.

    Args:
        name: The name.

    Raises:
        UserErrorException: It is invalid.

    """
    parts = [part for part in str(name).replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise UserErrorException(f"{name!r} cannot name a file of the run", remedy="use a name such as outputs/x.txt")
    return "/".join(parts)


def _existing(path: object) -> Path:
    source = Path(str(path))
    if not source.is_file():
        raise UserErrorException(f"there is no file {str(source)!r} to upload", where=str(source.absolute()))
    return source


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder that is removed at the end; `tempfile` is loaded when it is needed."""
    import shutil
    from tempfile import mkdtemp

    folder = mkdtemp(prefix="runner-")
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
