"""FileDataset: files as they are."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from ..data.selection import METADATA
from .consumption import DatasetConsumptionConfig
from .dataset_base import AbstractDataset
from .exceptions import UserErrorException
from .expressions import Expression, field
from .refused import refusing

_METADATA = ("Size", "LastModifiedTime")
_PRESENT = "use as_mount() or as_download()"


class FileDataset(AbstractDataset):
    """A definition of files; nothing is read before their paths or copies are asked for."""

    def to_path(self) -> list[str]:
        """Every file's path below the fixed part of the dataset's: ``/file.csv``."""
        return [f"/{file.relative}" for file in self.files().files]

    def download(
        self, target_path: str | None = None, overwrite: bool = False, ignore_not_found: bool = False
    ) -> list[str]:
        """Copy the files below `target_path` (a new temporary folder if None); their paths.

        Raises UserErrorException when there are none (unless `ignore_not_found`), or when one is there already
        (unless `overwrite`).
        """
        target = Path(target_path or tempfile.mkdtemp(prefix="runner-"))
        try:
            files = self.files()
        except UserErrorException:
            if ignore_not_found:
                return []
            raise
        taken = [path for path in (target / file.relative for file in files.files) if path.exists()]
        if taken and not overwrite:
            raise UserErrorException(f"{taken[0]} exists already", remedy="download(..., overwrite=True)")
        return [str(path) for path in files.copy(target)]

    def mount(self, mount_point: str | None = None) -> MountContext:
        """A context manager: the files are in ``mount_point`` while it is open."""
        return MountContext(self, mount_point or tempfile.mkdtemp(prefix="runner-"))

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """An input, present as files."""
        return DatasetConsumptionConfig(self._input_name(), self, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """An input, copied as files."""
        return DatasetConsumptionConfig(self._input_name(), self, "download", path_on_compute)

    def filter(self, expression: Expression) -> FileDataset:
        """Files for which a condition on partition keys or on `file_metadata` holds."""
        if not isinstance(expression, Expression):
            raise UserErrorException("filter takes a condition such as dataset['region'] == 'de'")
        return self.transformed("filter", {"expression": expression.tree})

    def file_metadata(self, col: str) -> Expression:
        """A file's own fact, for `filter`: ``Size`` in bytes or ``LastModifiedTime`` (UTC)."""
        if col not in _METADATA:
            raise UserErrorException(f"files have no metadata {col!r}; known: {', '.join(_METADATA)}")
        return field(f"{METADATA}{col}")

    as_hdfs = refusing("FileDataset.as_hdfs", "it needs a Spark cluster", _PRESENT)
    as_cache = refusing("FileDataset.as_cache", "it needs an Azure service", _PRESENT)
    hydrate = refusing("FileDataset.hydrate", "it needs an Azure service", _PRESENT)

    def __getitem__(self, column: str) -> Expression:
        return field(column)

    def _input_name(self) -> str:
        # v1 draws a random name; a stable one lets the step be reused.
        return f"input_{self.id[:8]}"


class MountContext:
    """The files of a dataset in a local folder, as a context manager. They are copies."""

    def __init__(self, dataset: FileDataset, mount_point: str) -> None:
        self.dataset = dataset
        self.mount_point = mount_point
        self._made = False

    def start(self) -> None:
        """Bring the files. Raises UserErrorException when something else lies at the mount point."""
        folder = Path(self.mount_point)
        if folder.exists() and (not folder.is_dir() or any(os.scandir(folder))):
            raise UserErrorException(
                f"{folder} cannot be a mount point: it is not an empty folder", remedy="name one that does not exist"
            )
        self._made = True
        self.dataset.download(self.mount_point, overwrite=True)

    def stop(self) -> None:
        """Remove the folder."""
        if self._made:
            shutil.rmtree(self.mount_point, ignore_errors=True)

    def __enter__(self) -> MountContext:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
