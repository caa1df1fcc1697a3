"""FileDataset: files as they are."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from . import dataset_files as files
from .consumption import DatasetConsumptionConfig
from .dataset_base import AbstractDataset
from .exceptions import UserErrorException
from .partitions import partition_columns


class FileDataset(AbstractDataset):
    """A definition of files; nothing is read before their paths or copies are asked for."""

    def to_path(self) -> list[str]:
        """Every file's path below the fixed part of the dataset's: ``/file.csv``."""
        from .session import current

        if self.staged is not None:
            return [file.name for file in files.local_files(self.definition, self.staged)]
        return [f"/{file.relative}" for file in files.remote_files(self.definition, current().datastore)]

    def download(
        self, target_path: str | None = None, overwrite: bool = False, ignore_not_found: bool = False
    ) -> list[str]:
        """Copy the files below `target_path` (a new temporary folder if None); their paths."""
        target = Path(target_path) if target_path else Path(tempfile.mkdtemp(prefix="runner-"))
        with tempfile.TemporaryDirectory(prefix="runner-") as folder:
            return [_placed(file, target, overwrite=overwrite) for file in self._at_hand(Path(folder))]

    def mount(self, mount_point: str | None = None) -> MountContext:
        """A context manager: the files are in ``mount_point`` while it is open."""
        return MountContext(self, mount_point or tempfile.mkdtemp(prefix="runner-"))

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """An input, present as files."""
        return DatasetConsumptionConfig(self._input_name(), self, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """An input, copied as files."""
        return DatasetConsumptionConfig(self._input_name(), self, "download", path_on_compute)

    @property
    def partition_keys(self) -> list[str]:
        """The keys that the files' paths give."""
        return partition_columns(self.definition.options.get("partition_format"))

    def _input_name(self) -> str:
        # v1 draws a random name; a stable one lets the step be reused.
        return f"input_{self.id[:8]}"

    def _at_hand(self, folder: Path) -> list[files.LocalFile]:
        if self.staged is not None:
            return files.local_files(self.definition, self.staged)
        return files.fetch(self.definition, folder)


class MountContext:
    """The files of a dataset in a local folder, as a context manager."""

    def __init__(self, dataset: FileDataset, mount_point: str) -> None:
        self.dataset = dataset
        self.mount_point = mount_point

    def start(self) -> None:
        """Bring the files."""
        self.dataset.download(self.mount_point, overwrite=True)

    def stop(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.mount_point, ignore_errors=True)

    def __enter__(self) -> MountContext:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _placed(file: files.LocalFile, target: Path, *, overwrite: bool) -> str:
    path = target / file.name.lstrip("/")
    if path.exists() and not overwrite:
        raise UserErrorException(f"{path} exists already", remedy="download(..., overwrite=True)")
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file.path, path)
    return str(path)
