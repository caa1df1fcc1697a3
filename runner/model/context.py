"""The description of a step for its script's process, written to the step folder before the start."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataclass import dataclass, field
from .access import Access
from .data import DataRef, DatasetDefinition, Mode
from .secret import SecretSource

STEP_VARIABLE = "RUNNER_STEP"
"""Environment variable with the path of the step folder, which holds ``context.json`` and ``reports/``."""
FOLDERS_VARIABLE = "RUNNER_FOLDERS"
"""Variable of a bootstrap on the user's machine: a JSON object with the paths of datastores that are folders."""
MOUNTS_VARIABLE = "RUNNER_MOUNTS"
"""Variable of such a bootstrap: the folder with its mounted inputs, each in a folder of its name; empty: none."""
OUTPUT_DATASETS = "AZUREML_DATASET_FILE_OUTPUTS"
"""v1's variable with the names of the outputs that are datasets, joined by ``;``; each has its own variable."""


@dataclass(frozen=True)
class StagedInput:
    """An input as the script sees it."""

    mode: Mode
    path: str
    """Absolute local path of the file or folder; empty: the script reads `ref` by itself."""
    dataset: DatasetDefinition | None = None
    """The definition, if the input is a dataset; its files are at `path`."""
    ref: DataRef | None = None
    """The pinned or committed files, if the script reads them by itself."""


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """The way to the workspace store and the datastores for a script's process. It holds no secret."""

    folder: str = ""
    """Absolute path of the folder that is the workspace store; empty if the store is a bucket."""
    stores: str = ""
    """Absolute path of the file with `model.store_endpoint.StepStores`; empty if there is no bucket."""
    datastores: Mapping[str, str] = field(default_factory=dict)
    """Absolute paths of the datastores that are folders of this machine, by name."""
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    """On this machine, the sources of the secrets; in a pod their values are in the file `stores`."""
    withheld: Access = field(default_factory=Access)
    """On this machine, configured names that this step does not declare."""


@dataclass(frozen=True, kw_only=True)
class StepContext:
    """The content of ``context.json``."""

    run: str
    """The pipeline run's id."""
    key: str
    name: str
    step_run: str
    attempt: int
    experiment: str = ""
    inputs: Mapping[str, StagedInput] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Absolute local path of each output."""
    access: StoreAccess = field(default_factory=StoreAccess)
    execution: str = ""
    """8 random hex digits of this execution: an attempt that vanished before it was known may be executed again."""
