"""azureml.data."""

from __future__ import annotations

from pkgutil import extend_path

from runner.sdk import VERSION, shown_in

_NAMES = (
    "DataPath",
    "DataPathComputeBinding",
    "DataReference",
    "DataType",
    "DatasetConsumptionConfig",
    "FileDataset",
    "LinkFileOutputDatasetConfig",
    "LinkTabularOutputDatasetConfig",
    "OutputFileDatasetConfig",
    "TabularDataset",
)
__all__ = list(_NAMES)
__version__ = VERSION
__getattr__ = shown_in(__name__, _NAMES)
__path__ = extend_path(__path__, __name__)
