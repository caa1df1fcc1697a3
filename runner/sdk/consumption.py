"""DatasetConsumptionConfig: a dataset as a named input of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..model.data import Mode
from ..override import override
from .caller import caller
from .dataset_base import AbstractDataset
from .exceptions import UserErrorException
from .flow import Consumed, Origin, Placeholder

if TYPE_CHECKING:
    from .parameter import PipelineParameter


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
        self.dataset = _resolved(dataset)
        self.mode = mode
        self.path_on_compute = path_on_compute
        if mode != "direct" and _is_tabular(self.dataset):
            raise UserErrorException(
                f"input {name!r}: a tabular dataset cannot be mounted or downloaded",
                where=self.where,
                remedy="pass it by as_named_input() alone and read it with to_pandas_dataframe()",
            )

    def as_mount(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Present as files at `path_on_compute`, or anywhere."""
        return DatasetConsumptionConfig(self.name, self.dataset, "mount", path_on_compute)

    def as_download(self, path_on_compute: str | None = None) -> DatasetConsumptionConfig:
        """Copied as files to `path_on_compute`, or anywhere."""
        return DatasetConsumptionConfig(self.name, self.dataset, "download", path_on_compute)

    @override
    def consumed(self) -> Consumed:
        """The dataset's definition under this name."""
        origin: Origin | PipelineParameter
        origin = self.dataset.definition if isinstance(self.dataset, AbstractDataset) else self.dataset
        return Consumed(self.name, origin, Mode(self.mode), self.path_on_compute or "")

    @override
    def __str__(self) -> str:
        return f"DatasetConsumptionConfig:{self.name}"


def _resolved(
    dataset: AbstractDataset | PipelineParameter | tuple[object, ...],
) -> AbstractDataset | PipelineParameter:
    if not isinstance(dataset, tuple):
        return dataset
    from .dataset import Dataset
    from .workspace import Workspace

    workspace, name, *version = dataset
    if not isinstance(workspace, Workspace) or not isinstance(name, str):
        raise UserErrorException("a dataset given as a tuple is (workspace, name) or (workspace, name, version)")
    wanted = version[0] if version else "latest"
    return Dataset.get_by_name(workspace, name, wanted if isinstance(wanted, int) else "latest")


def _is_tabular(dataset: AbstractDataset | PipelineParameter) -> bool:
    if isinstance(dataset, AbstractDataset):
        return dataset.definition.kind == "tabular"
    default = dataset.default_value
    return isinstance(default, AbstractDataset) and default.definition.kind == "tabular"
