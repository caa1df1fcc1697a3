"""FileDataset: files as they are."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from ...data.selection import METADATA
from ...model.transforms import Filter
from ..base.exceptions import UserErrorException
from ..base.refused import refusing
from .abstract_dataset import AbstractDataset
from .consumption import DatasetConsumptionConfig
from .expressions import Expression, field

_METADATA = ("Size", "LastModifiedTime")
_PRESENT = "use as_mount() or as_download()"


class FileDataset(AbstractDataset):
    """A dataset of files as they are. Nothing is read before paths or copies are asked for."""

    def to_path(self) -> list[str]:
        """Return the path of every file below the part of the dataset's path that has no pattern: ``/file.csv``."""
        return [f"/{file.relative}" for file in self.files().files]

    def download(
        self, target_path: str | None = None, overwrite: bool = False, ignore_not_found: bool = False
    ) -> list[str]:
        """Copy the files to this machine.

        Args:
            target_path: The folder. None: a new temporary one.
            overwrite: True: replace files that exist. Default: False, they are an error.
            ignore_not_found: True: return an empty list if there are no files. Default: False, that is an error.

        Returns:
            The paths of the copies.

        Raises:
            UserErrorException: There are no files, or one exists.

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
        """Return a context manager that has the files in a local folder while it is open. They are copies.

        Args:
            mount_point: An empty or new folder. None: a temporary one.

        """
        return MountContext(self, mount_point or tempfile.mkdtemp(prefix="runner-"))

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Return the dataset as a mounted input of a step.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return DatasetConsumptionConfig(self._input_name(), self, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Return the dataset as an input of a step that is copied.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return DatasetConsumptionConfig(self._input_name(), self, "download", path_on_compute)

    def filter(self, expression: Expression) -> FileDataset:
        """Return the files for which a condition holds.

        Args:
            expression: A condition on partition keys or on `file_metadata`, such as ``dataset["region"] == "de"``.

        Raises:
            UserErrorException: It is no condition.

        """
        if not isinstance(expression, Expression):
            raise UserErrorException("filter takes a condition such as dataset['region'] == 'de'")
        return self.transformed(Filter(expression.tree))

    def file_metadata(self, col: str) -> Expression:
        """Return a fact of the files, for `filter`.

        Args:
            col: ``"Size"`` (bytes) or ``"LastModifiedTime"`` (UTC).

        Raises:
            UserErrorException: It is another.

        """
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
    """The files of a dataset in a local folder, as a context manager. They are copies.

    Args:
        dataset: The dataset.
        mount_point: The folder.

    """

    def __init__(self, dataset: FileDataset, mount_point: str) -> None:
        self.dataset = dataset
        self.mount_point = mount_point
        self._made = False

    def start(self) -> None:
        """Copy the files to the folder.

        Raises:
            UserErrorException: The folder is not empty.

        """
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
