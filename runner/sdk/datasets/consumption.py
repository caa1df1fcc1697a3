"""DatasetConsumptionConfig: a dataset as a named input of a step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...model.data import Mode
from ...override import override
from ..base.caller import caller
from ..base.exceptions import NotOffered, UserErrorException
from ..base.pipeline_parameter import PipelineParameter
from ..base.placeholders import Consumed, Placeholder
from .abstract_dataset import AbstractDataset

if TYPE_CHECKING:
    from ...model.data import DatasetDefinition

_MODES = ("direct", "mount", "download")


class DatasetConsumptionConfig(Placeholder):
    """A dataset as a named input of a step: as an object (``direct``), or as files (``mount``, ``download``).

    Example:
        >>> data = DatasetConsumptionConfig("data", PipelineParameter("dataset", default_value=dataset))
        >>> step = PythonScriptStep("train.py", inputs=[data], source_directory="src")
        >>> # in the script: Run.get_context().input_datasets["data"]

    Args:
        name: The input's name: letters, digits, underscore.
        dataset: A dataset, a PipelineParameter whose default is one, or a tuple of workspace, name and optionally
            version.
        mode: ``"direct"``, ``"mount"`` or ``"download"``; a tabular dataset can only be direct. Default: direct.
        path_on_compute: The path in the step. None: a path is chosen.

    Raises:
        UserErrorException: There is no such dataset, or the mode is invalid.

    """

    implicit = True

    def __init__(
        self,
        name: str,
        dataset: AbstractDataset | PipelineParameter | tuple[object, ...],
        mode: str = "direct",
        path_on_compute: str | None = None,
    ) -> None:
        self.where = caller()
        self.name = name
        self.dataset = self._resolved(dataset)
        self.mode = self._checked(mode)
        self.path_on_compute = path_on_compute

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Return the input as mounted files.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return DatasetConsumptionConfig(self.name, self.dataset, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Return the input as files that are copied.

        Args:
            path_on_compute: The path in the step. None: a path is chosen.

        """
        return DatasetConsumptionConfig(self.name, self.dataset, "download", path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """Refuse: there is no Spark cluster here.

        Returns:
            Nothing.

        Raises:
            NotOffered: Always; it names what to do instead.

        """
        raise NotOffered("as_hdfs needs a Spark cluster", remedy="use as_mount() or as_download()")

    @override
    def consumed(self) -> Consumed:
        """Return the dataset's definition under this name. Its id stands for a direct input in the arguments."""
        if isinstance(self.dataset, PipelineParameter):
            return Consumed(
                name=self.name, origin=self.dataset, mode=Mode(self.mode), path_on_compute=self.path_on_compute or ""
            )
        definition = replace(self.dataset.definition, id=self.dataset.id)
        return Consumed(
            name=self.name, origin=definition, mode=Mode(self.mode), path_on_compute=self.path_on_compute or ""
        )

    def _resolved(self, dataset: object) -> AbstractDataset | PipelineParameter:
        if isinstance(dataset, tuple):
            return _registered(dataset)
        if isinstance(dataset, (AbstractDataset, PipelineParameter)):
            return dataset
        raise UserErrorException(
            f"input {self.name!r}: a {type(dataset).__name__} is no dataset",
            where=self.where,
            remedy="give a Dataset, a PipelineParameter whose default is one, or (workspace, name)",
        )

    def _checked(self, mode: str) -> str:
        if mode not in _MODES:
            raise UserErrorException(
                f"input {self.name!r}: mode {mode!r} is not one of {', '.join(_MODES)}", where=self.where
            )
        definition = _definition(self.dataset)
        if mode != "direct" and definition is not None and definition.kind == "tabular":
            raise UserErrorException(
                f"input {self.name!r}: a tabular dataset cannot be mounted or downloaded",
                where=self.where,
                remedy="pass it by as_named_input() alone and read it with to_pandas_dataframe()",
            )
        return mode

    @override
    def __repr__(self) -> str:
        return f"DatasetConsumptionConfig({self.name!r}, {self.dataset!r}, {self.mode!r})"

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.name}"


def _registered(named: tuple[object, ...]) -> AbstractDataset:
    from ..base.session import OpenWorkspace
    from .dataset import registered_dataset

    workspace, name, version, *more = (*named, "latest") if len(named) == 2 else (*named, "", "")[:4]
    if not isinstance(workspace, OpenWorkspace) or not isinstance(name, str) or any(more):
        raise UserErrorException("a dataset given as a tuple is (workspace, name) or (workspace, name, version)")
    return registered_dataset(workspace, name, version if isinstance(version, int) else str(version or "latest"))


def _definition(dataset: AbstractDataset | PipelineParameter) -> DatasetDefinition | None:
    """Return the definition as far as it is known now; a parameter's value may be another one."""
    known = dataset.default_value if isinstance(dataset, PipelineParameter) else dataset
    return known.definition if isinstance(known, AbstractDataset) else None
