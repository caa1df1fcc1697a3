"""An output configuration read by another step: files at a path, or a dataset object."""

from __future__ import annotations

from ...model.data import DatasetDefinition, Mode
from ...override import override
from ..base.caller import caller
from ..base.exceptions import UserErrorException
from ..base.placeholders import Consumed, Output, Placeholder
from ..datasets.read_options import identified


class OutputDatasetInput(Placeholder):
    """The result of ``as_input()``: files at a path, or rows as a TabularDataset object in the step.

    Args:
        origin: The output.
        name: The input's name.
        view: The way in which the files are read.
        mode: The mode. None: files are mounted if they are large, rows are direct.
        path: The path in the step. Default: empty, a path is chosen.

    """

    implicit = True
    reads = True

    def __init__(
        self, origin: Output, name: str, *, view: DatasetDefinition, mode: Mode | None = None, path: str = ""
    ) -> None:
        self.where = caller()
        self.origin = origin
        self.name = name
        self.view = view
        self.mode = mode or (Mode.DIRECT if view.kind == "tabular" else Mode.AUTO)
        self.path_on_compute = path

    def as_mount(self, path_on_compute: str | None = None) -> OutputDatasetInput:
        """Return the input as mounted files.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return self._at(Mode.MOUNT, path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> OutputDatasetInput:
        """Return the input as files that are copied.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return self._at(Mode.DOWNLOAD, path_on_compute)

    def as_direct(self) -> OutputDatasetInput:
        """Return the input as a dataset object in the step."""
        return self._at(Mode.DIRECT, None)

    @override
    def produced(self) -> Output:
        """Return the output that it comes from."""
        return self.origin

    @override
    def consumed(self) -> Consumed:
        """Return the input under its name."""
        view = identified(self.view, self.name) if self.mode is Mode.DIRECT else self.view
        return Consumed(
            name=self.name, origin=self.origin, mode=self.mode, path_on_compute=self.path_on_compute, view=view
        )

    def _at(self, mode: Mode, path: str | None) -> OutputDatasetInput:
        if self.view.kind == "tabular" and mode is not Mode.DIRECT:
            raise UserErrorException(
                f"input {self.name!r}: rows cannot be mounted or downloaded", where=caller(),
                remedy="mount the files: as_input() of the output before read_delimited_files()",
            )  # fmt: skip
        return OutputDatasetInput(self.origin, self.name, view=self.view, mode=mode, path=path or "")

    @override
    def __repr__(self) -> str:
        return f"OutputDatasetInput({self.name!r}, {self.mode.shown.value!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.name}"
