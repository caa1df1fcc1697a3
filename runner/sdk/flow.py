"""How data flow between steps while a pipeline is being written: placeholders and what they mean."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ..dataclass import dataclass
from ..model.data import DataPath, DatasetDefinition, Mode
from ..model.step import RegisterAs

if TYPE_CHECKING:
    from .parameter import PipelineParameter
    from .steps.base import PipelineStep


@dataclasses.dataclass(eq=False)
class Output:
    """One output of one step, known by identity: every placeholder made from it shares it."""

    name: str
    datastore: str = ""
    """Empty: the pipeline's default."""
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    folder: bool = False
    shown_as: str = ""
    where: str = ""
    destination: str = ""
    """Where it is to lie on its datastore; empty: v1's usual place (see `model.step.OutputSpec`)."""
    register: tuple[RegisterAs, ...] = ()
    """The datasets it becomes when its step has succeeded."""
    globs: tuple[str, ...] = ()
    """Which of the files below it belong to it; empty: all."""
    producers: list[PipelineStep] = dataclasses.field(default_factory=list)
    """Steps that list it in their outputs, oldest first (a notebook cell run twice makes two)."""


Origin = Output | DatasetDefinition | DataPath
"""Where an input's data come from."""


@dataclass(frozen=True)
class Consumed:
    """One input of a step, as its author wrote it."""

    name: str
    origin: Origin | PipelineParameter
    mode: Mode = Mode.MOUNT
    path_on_compute: str = ""
    view: DatasetDefinition | None = None
    """How the script sees another step's output, when as a dataset."""
    writable: bool = False
    """The script may write into it, if it proves to be a place in a datastore (see `model.step.InputSpec`)."""
    keep_existing: bool = False
    """In upload mode: files that are in the datastore already stay as they are."""


class ShellText(str):
    """Text that a shell reads in the step: it puts the values of ``$AZUREML_DATAREFERENCE_<name>`` in itself."""

    __slots__ = ()


class Placeholder:
    """Stands for a local path that only the step's process will know."""

    where: str = ""
    implicit: bool = False
    """Standing in the arguments alone makes it an input (or output) of the step."""
    writes: bool = False
    """Standing in the arguments alone makes it an output."""
    reads: bool = False
    """It can only be an input, though it knows the output it comes from."""

    def consumed(self) -> Consumed:
        """What using it as an input means. Raises TypeError where it cannot be one."""
        raise TypeError(f"{type(self).__name__} cannot be an input")

    def produced(self) -> Output | None:
        """The output it stands for, if it may stand in a step's outputs."""
        return None

    def __fspath__(self) -> str:
        raise TypeError(
            f"{type(self).__name__} has no path while the pipeline is being written, so it cannot be joined "
            "or opened: the step's process gets the path as an argument; join there"
        )
