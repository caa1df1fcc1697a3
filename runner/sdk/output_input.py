"""An output configuration read by another step: files at a path, or a dataset object."""

from __future__ import annotations

from ..model.data import DatasetDefinition, Mode
from ..override import override
from .caller import caller
from .exceptions import UserErrorException
from .flow import Consumed, Output, Placeholder
from .views import identified


class OutputDatasetInput(Placeholder):
    """What ``as_input()`` makes: files are mounted unless said otherwise, rows are a TabularDataset object."""

    implicit = True
    reads = True

    def __init__(
        self, origin: Output, name: str, *, view: DatasetDefinition, mode: Mode | None = None, path: str = ""
    ) -> None:
        self.where = caller()
        self.origin = origin
        self.name = name
        self.view = view
        self.mode = mode or (Mode.DIRECT if view.kind == "tabular" else Mode.MOUNT)
        self.path_on_compute = path

    def as_mount(self, path_on_compute: str | None = None) -> OutputDatasetInput:
        """Present as files."""
        return self._at(Mode.MOUNT, path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> OutputDatasetInput:
        """Copied as files."""
        return self._at(Mode.DOWNLOAD, path_on_compute)

    def as_direct(self) -> OutputDatasetInput:
        """A dataset object in the step."""
        return self._at(Mode.DIRECT, None)

    @override
    def produced(self) -> Output:
        """The output it comes from."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Read under this name."""
        view = identified(self.view, self.name) if self.mode is Mode.DIRECT else self.view
        return Consumed(self.name, self.origin, self.mode, self.path_on_compute, view)

    def _at(self, mode: Mode, path: str | None) -> OutputDatasetInput:
        if self.view.kind == "tabular" and mode is not Mode.DIRECT:
            raise UserErrorException(
                f"input {self.name!r}: rows cannot be mounted or downloaded", where=caller(),
                remedy="mount the files: as_input() of the output before read_delimited_files()",
            )  # fmt: skip
        return OutputDatasetInput(self.origin, self.name, view=self.view, mode=mode, path=path or "")

    @override
    def __repr__(self) -> str:
        return f"OutputDatasetInput({self.name!r}, {self.mode.value!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.name}"
