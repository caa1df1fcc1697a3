"""DataTransferStep: a copy between datastores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...model.data import Mode
from ...model.step import Interpreter
from ...override import override
from ..base.placeholders import Consumed, Placeholder
from ..datastores.data_paths import DataReference, plain_path
from ..outputs.pipeline_data import PipelineData
from .base import PipelineStep
from .settings import settings_of

_FOLDER = Path(__file__).with_name("transfer")
_SCRIPT = "copy_data.py"
_KINDS = ("file", "directory")


class DataTransferStep(PipelineStep):
    """A step that copies a file or a folder to a place in the same or another datastore.

    Files that lie at the destination under other names stay.

    Example:
        >>> source = DataReference(store, "raw", path_on_datastore="raw/2026")
        >>> target = DataReference(archive, "copy", path_on_datastore="copies/2026")
        >>> step = DataTransferStep("archive", source, target)

    Args:
        name: The step's name.
        source_data_reference: The data to copy: a DataReference, PipelineData or a named dataset. Required.
        destination_data_reference: The place to copy to: a DataReference with a path, or PipelineData. Required.
        compute_target: A ComputeTarget or its name. None: the configured default. (v1 takes a Data Factory here.)
        source_reference_type: ``"file"`` or ``"directory"``; the step fails if the source is the other.
            None: either.
        destination_reference_type: ``"file"`` or ``"directory"``. None: the same as the source.
        allow_reuse: True: an equal copy of an earlier run takes the place of this one. Default: True.

    Raises:
        ValueError: An argument is missing or of a wrong type, or the destination is a whole datastore.

    """

    def __init__(
        self,
        name: str,
        source_data_reference: object = None,
        destination_data_reference: object = None,
        compute_target: object = None,
        source_reference_type: str | None = None,
        destination_reference_type: str | None = None,
        allow_reuse: bool = True,
    ) -> None:
        if not name:
            raise ValueError("DataTransferStep: name is required")
        source = _source(name, source_data_reference)
        self._destination = _destination(name, destination_data_reference)
        kinds = (
            _kind(name, "source_reference_type", source_reference_type),
            _kind(name, "destination_reference_type", destination_reference_type),
        )
        settings = settings_of(None, compute_target, source_directory=str(_FOLDER), script=_SCRIPT, reuse=allow_reuse)
        super().__init__(
            name,
            [source],
            [self._destination],
            arguments=[source, self._destination, *kinds],
            settings=settings,
        )

    def get_output(self) -> PipelineData:
        """Return the copy, as an input of a later step."""
        return self._destination

    @override
    def command(self) -> list[object]:
        """Return the interpreter, the script that copies and its arguments."""
        return [Interpreter(), _SCRIPT, *self.arguments]


class TransferSource(Placeholder):
    """A data reference that is read only, even where its mode would write.

    Args:
        reference: The data reference.

    """

    def __init__(self, reference: Placeholder) -> None:
        self.reference = reference

    @override
    def consumed(self) -> Consumed:
        """Return the place as an input that cannot be written to."""
        return replace(self.reference.consumed(), mode=Mode.AUTO, writable=False, keep_existing=False)


def _source(step: str, given: object) -> Placeholder:
    if not isinstance(given, Placeholder):
        what = "is required" if given is None else f"cannot be a {type(given).__name__}"
        raise ValueError(f"DataTransferStep {step!r}: source_data_reference {what}; pass a DataReference")  # noqa: TRY004 - as v1
    return TransferSource(given) if given.consumed().writable else given


def _destination(step: str, given: object) -> PipelineData:
    """The output: a fixed place of a datastore, or wherever a PipelineData lies."""
    if isinstance(given, PipelineData):
        return given
    if not isinstance(given, DataReference):
        what = "is required" if given is None else f"cannot be a {type(given).__name__}"
        raise ValueError(  # noqa: TRY004 - as v1
            f"DataTransferStep {step!r}: destination_data_reference {what}; pass a DataReference or PipelineData"
        )
    place = plain_path(given.path_on_datastore)
    if not place:
        raise ValueError(
            f"DataTransferStep {step!r}: the destination is the whole datastore {given.datastore.name!r}; "
            "give it a path: datastore.path('copies/mine')"
        )
    from ..datastores.datastore import check_free

    check_free(given.datastore.name, [place])
    made = PipelineData(given.data_reference_name, datastore=given.datastore)
    made.origin.destination = place
    made.origin.where = given.where
    return made


def _kind(step: str, argument: str, given: str | None) -> str:
    if given is None:
        return "any"
    if given not in _KINDS:
        raise ValueError(f"DataTransferStep {step!r}: {argument} {given!r} is not one of {', '.join(_KINDS)}")
    return given
