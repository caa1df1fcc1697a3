"""The part of a Run that keeps and fetches files. Each kind of run says where they lie."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

from .exceptions import UserErrorException
from .reports import METRICS
from .run_logging import Logging

_IMAGES = "logs/images"


class _Figure(Protocol):
    """What ``matplotlib`` figures and its pyplot module have alike."""

    def savefig(self, path: str) -> object:
        """Write the picture to `path`."""


class RunFiles(Logging):
    """``run.upload_file``, ``run.download_file`` and their family."""

    def keep_file(self, name: str, source: Path) -> None:
        """Keep a copy of a local file under `name`. Raises where this run keeps none."""
        raise NotImplementedError

    def fetch_file(self, name: str, target: Path) -> None:
        """Make the run's file a local one. Raises ObjectMissing."""
        raise NotImplementedError

    def get_file_names(self) -> list[str]:
        """The names of its files, sorted; logs come last."""
        return []

    def upload_file(self, name: str, path_or_stream: object, datastore_name: str | None = None) -> None:
        """Keep a file, or what a stream yields, among the run's under `name`. Raises UserErrorException.

        It lies with the run, whatever datastore is named.
        """
        checked = file_name(name)
        read = getattr(path_or_stream, "read", None)
        if read is None:
            self.keep_file(checked, _existing(path_or_stream))
            return
        with _temporary() as folder:
            data = read()
            copy = folder / "stream"
            copy.write_bytes(data.encode() if isinstance(data, str) else data)
            self.keep_file(checked, copy)

    def upload_files(
        self,
        names: Sequence[str],
        paths: Sequence[str],
        return_artifacts: bool = False,
        timeout_seconds: int | None = None,
        datastore_name: str | None = None,
    ) -> None:
        """Keep several files. Raises UserErrorException, before any is kept, for one that is missing."""
        if len(names) != len(paths):
            raise UserErrorException(f"upload_files: {len(names)} names for {len(paths)} paths")
        for path in paths:
            _existing(path)
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path)

    def upload_folder(self, name: str, path: str, datastore_name: str | None = None) -> None:
        """Keep every file of a folder below `name`. Raises UserErrorException."""
        root = Path(path)
        if not root.is_dir():
            raise UserErrorException(f"there is no folder {path!r} to upload", where=str(root.absolute()))
        for file in sorted(found for found in root.rglob("*") if found.is_file()):
            self.upload_file(f"{name}/{file.relative_to(root).as_posix()}", file)

    def log_image(self, name: str, path: str | None = None, plot: object = None, description: str = "") -> None:
        """Keep a picture: the file at `path`, or a ``matplotlib`` figure given as `plot`; the metric is its name."""
        if (path is None) == (plot is None):
            raise UserErrorException("log_image takes either path or plot")
        suffix = Path(path).suffix if path else ".png"
        kept = self._free_name(f"{_IMAGES}/{name.replace('/', '_')}", suffix)
        if path is not None:
            self.upload_file(kept, path)
        else:
            with _temporary() as folder:
                picture = folder / f"plot{suffix}"
                cast("_Figure", plot).savefig(str(picture))
                self.keep_file(kept, picture)
        self.report(METRICS, self.metric(name, kept, "image", description))

    def download_file(self, name: str, output_file_path: str | None = None, _validate_checksum: bool = False) -> None:
        """Copy one of its files to `output_file_path` (a folder, a path, or the current folder).

        Raises UserErrorException for a file that the run does not have.
        """
        from ..errors import ObjectMissing

        given = str(output_file_path or "")
        target = Path(given or Path(name).name)
        if target.is_dir() or given.endswith(("/", os.sep)):
            target = target / Path(name).name
        kept = file_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.fetch_file(kept, target)
        except ObjectMissing as error:
            listed = ", ".join(self.get_file_names()) or "none"
            raise UserErrorException(
                f"the run has no file {name!r}", error, where=f"{self!r}", remedy=f"its files: {listed}"
            ) from error

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | None = None,
        output_paths: Sequence[str] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
        timeout_seconds: int | None = None,
    ) -> None:
        """Copy its files whose name begins with `prefix` below `output_directory`, one of them to each output path.

        With `append_prefix` the prefix stays part of the local paths. Raises UserErrorException.
        """
        wanted = [name for name in self.get_file_names() if name.startswith(prefix or "")]
        if output_paths is not None and len(output_paths) != len(wanted):
            raise UserErrorException(
                f"download_files: {len(output_paths)} output_paths for {len(wanted)} files",
                remedy=f"the files: {', '.join(wanted) or 'none'}",
            )
        for index, name in enumerate(wanted):
            shown = name if append_prefix or not prefix else name[len(prefix) :].lstrip("/") or Path(name).name
            target = Path(output_directory or ".") / (output_paths[index] if output_paths else shown)
            self.download_file(name, str(target))

    def get_all_logs(self, destination: str | None = None) -> list[str]:
        """Copy its logs below `destination` (the current folder); the files' paths."""
        logs = [name for name in self.get_file_names() if name.startswith(("logs/", "user_logs/", "azureml-logs/"))]
        for name in logs:
            self.download_file(name, str(Path(destination or ".") / name))
        return [str(Path(destination or ".") / name) for name in logs]

    def _free_name(self, stem: str, suffix: str) -> str:
        known = set(self.get_file_names())
        name, number = f"{stem}{suffix}", 1
        while name in known:
            number += 1
            name = f"{stem}_{number}{suffix}"
        return name


def file_name(name: str) -> str:
    """`name` as a path below the run's files. Raises UserErrorException when it can be none."""
    parts = [part for part in str(name).replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        raise UserErrorException(f"{name!r} cannot name a file of the run", remedy="use a name such as outputs/x.txt")
    return "/".join(parts)


def _existing(path: object) -> Path:
    source = Path(str(path))
    if not source.is_file():
        raise UserErrorException(f"there is no file {str(source)!r} to upload", where=str(source.absolute()))
    return source


def _temporary() -> _Folder:
    return _Folder()


class _Folder:
    """A temporary folder as a path; `tempfile` is loaded when it is needed."""

    def __enter__(self) -> Path:
        from tempfile import mkdtemp

        self.path = Path(mkdtemp(prefix="runner-"))
        return self.path

    def __exit__(self, *_exit: object) -> None:
        from shutil import rmtree

        rmtree(self.path, ignore_errors=True)
