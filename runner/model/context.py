"""What a script's process may know of its step: written beside it before it starts."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from .access import Access
from .data import DatasetDefinition, Mode
from .secret import SecretSource

STEP_VARIABLE = "RUNNER_STEP"
"""Environment variable naming the step folder: ``context.json`` and ``reports/`` lie in it."""
OUTPUT_DATASETS = "AZUREML_DATASET_FILE_OUTPUTS"
"""v1's variable naming the outputs that are datasets, joined by ``;``; each has a variable of its own name."""


@dataclass(frozen=True)
class StagedInput:
    """An input as the script finds it."""

    mode: Mode
    path: str
    """Absolute local path of the file or folder."""
    dataset: DatasetDefinition | None = None
    """How to read it, when it is a dataset; its files lie at `path`."""


@dataclass(frozen=True)
class StoreAccess:
    """How a script's process reaches the workspace store and the datastores: nothing here is a secret."""

    folder: str = ""
    """Absolute path of the folder that is the workspace store; empty: it is a bucket."""
    stores: str = ""
    """Absolute path of the file that holds `model.vantage.StepStores`; empty: there is no bucket."""
    datastores: Mapping[str, str] = field(default_factory=dict)
    """Those that are folders of this machine: absolute paths by name."""
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    """On this machine: where a script reads values itself; in a pod they are in the file `stores`."""
    withheld: Access = field(default_factory=Access)
    """On this machine: names that are configured and that this step does not declare."""


@dataclass(frozen=True)
class StepContext:
    """Content of ``context.json``."""

    run: str
    """The pipeline run's id."""
    key: str
    name: str
    step_run: str
    attempt: int
    experiment: str = ""
    inputs: Mapping[str, StagedInput] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Each output's absolute local path."""
    access: StoreAccess = field(default_factory=StoreAccess)
