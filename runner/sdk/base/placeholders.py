"""Placeholders for data between steps, while a pipeline is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Union

from ...dataclass import dataclass, field
from ...model.data import DatasetDefinition, DatastorePath, Mode
from ...model.step import RegisterAs

if TYPE_CHECKING:
    from ..steps.base import PipelineStep
    from .pipeline_parameter import PipelineParameter


@dataclass(eq=False, kw_only=True)
class Output:
    """An output of a step, compared by identity: every placeholder made from it shares it."""

    name: str
    datastore: str = ""
    """Empty: the pipeline's default."""
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    folder: bool = False
    pipeline_output_name: str = ""
    where: str = ""
    destination: str = ""
    """The path on its datastore; empty: v1's usual place (see `model.step.OutputSpec`)."""
    register: tuple[RegisterAs, ...] = ()
    """Registrations as datasets, made when its step has succeeded."""
    globs: tuple[str, ...] = ()
    """Patterns of the files below it that belong to it; empty: all."""
    producers: list[PipelineStep] = field(default_factory=list)
    """Steps that list it in their outputs, oldest first (a notebook cell run twice makes two)."""


Origin = Union[Output, DatasetDefinition, DatastorePath]
"""The source of an input's data."""


@dataclass(frozen=True, kw_only=True)
class Consumed:
    """An input of a step, as its author wrote it."""

    name: str
    origin: Origin | PipelineParameter
    mode: Mode = Mode.AUTO
    path_on_compute: str = ""
    view: DatasetDefinition | None = None
    """The way in which the script reads another step's output, if as a dataset."""
    writable: bool = False
    """True: the script may write into it, if it is a place in a datastore (see `model.step.InputSpec`)."""
    keep_existing: bool = False
    """True: in upload mode, files that exist in the datastore stay as they are."""

    def has_rows_of(self, other: Consumed) -> bool:
        """Return False if both are parts of one output with other rows, as a split makes them.

        Args:
            other: Another input.

        """
        return self.view is None or other.view is None or self.view.transforms == other.view.transforms

    def agrees(self, other: Consumed) -> bool:
        """Return True if both are one input: the same data in the same way.

        An output or a parameter is equal to itself alone. A mount is one input with the same data without a mode.

        Args:
            other: Another input of that name.

        """
        return self is other or (self._way == other._way and self.has_rows_of(other))

    @property
    def _way(self) -> tuple[object, ...]:
        return self.origin, self.mode.shown, self.path_on_compute, self.writable, self.keep_existing


class ShellText(str):
    """Text that a shell reads in the step. The shell replaces ``$AZUREML_DATAREFERENCE_<name>``."""

    __slots__ = ()


class Placeholder:
    """An object that stands for a local path, which only the step's process knows."""

    where: str = ""
    implicit: bool = False
    """True: in the arguments alone, it is an input (or output) of the step."""
    writes: bool = False
    """True: in the arguments alone, it is an output."""
    reads: bool = False
    """True: it can only be an input, though it has the output that it comes from."""

    def consumed(self) -> Consumed:
        """Return it as an input.

        Raises:
            TypeError: It cannot be an input.

        """
        raise TypeError(f"{type(self).__name__} cannot be an input")

    def produced(self) -> Output | None:
        """Return the output that it stands for, or None if it cannot be one of a step's outputs."""
        return None

    def __fspath__(self) -> str:
        raise TypeError(
            f"{type(self).__name__} has no path while the pipeline is being written, so it cannot be joined "
            "or opened: the step's process gets the path as an argument; join there"
        )
