"""DatasetConsumptionConfig: a dataset as a named input of a step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..model.data import Mode
from ..override import override
from .caller import caller
from .dataset_base import AbstractDataset
from .exceptions import NotOffered, UserErrorException
from .flow import Consumed, Placeholder
from .parameter import PipelineParameter

if TYPE_CHECKING:
    from ..model.data import DatasetDefinition

_MODES = ("direct", "mount", "download")


class DatasetConsumptionConfig(Placeholder):
    """How a step reads a dataset: as the object itself (``direct``), or as files (mount, download)."""

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
        """Present as files at `path_on_compute`, or anywhere."""
        return DatasetConsumptionConfig(self.name, self.dataset, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Copied as files to `path_on_compute`, or anywhere."""
        return DatasetConsumptionConfig(self.name, self.dataset, "download", path_on_compute)

    def as_hdfs(self) -> DatasetConsumptionConfig:
        """Refuse: there is no Spark cluster here."""
        raise NotOffered("as_hdfs needs a Spark cluster", remedy="use as_mount() or as_download()")

    @override
    def consumed(self) -> Consumed:
        """The dataset's definition under this name; its id is what a directly consumed one has in the arguments."""
        if isinstance(self.dataset, PipelineParameter):
            return Consumed(self.name, self.dataset, Mode(self.mode), self.path_on_compute or "")
        definition = replace(self.dataset.definition, id=self.dataset.id)
        return Consumed(self.name, definition, Mode(self.mode), self.path_on_compute or "")

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
    from .dataset import Dataset
    from .workspace import Workspace

    workspace, name, version, *more = (*named, "latest") if len(named) == 2 else (*named, "", "")[:4]
    if not isinstance(workspace, Workspace) or not isinstance(name, str) or any(more):
        raise UserErrorException("a dataset given as a tuple is (workspace, name) or (workspace, name, version)")
    return Dataset.get_by_name(workspace, name, version if isinstance(version, int) else str(version or "latest"))


def _definition(dataset: AbstractDataset | PipelineParameter) -> DatasetDefinition | None:
    """What is known of the data now; a parameter's value may be another one."""
    known = dataset.default_value if isinstance(dataset, PipelineParameter) else dataset
    return known.definition if isinstance(known, AbstractDataset) else None
