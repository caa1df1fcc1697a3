"""azureml.data.output_dataset_config."""

from __future__ import annotations

from runner.sdk import shown_in

_NAMES = (
    "HDFSOutputDatasetConfig",
    "LinkFileOutputDatasetConfig",
    "LinkTabularOutputDatasetConfig",
    "OutputDatasetConfig",
    "OutputFileDatasetConfig",
    "OutputTabularDatasetConfig",
)
__all__ = list(_NAMES)
__getattr__ = shown_in(__name__, _NAMES)
