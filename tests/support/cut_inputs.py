"""Inputs of a step in a local folder, and all mini-batches of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.model.context import StagedInput, StepContext
from runner.model.data import DatasetDefinition, DatastorePath, Mode
from runner.model.transforms import Transform
from runner.sdk.datasets.dataset import dataset_of_input
from runner.sdk.parallel_run.mini_batch import MiniBatch
from runner.sdk.parallel_run.mini_batches import MiniBatches, prepare
from runner.sdk.parallel_run.settings import Settings, Source


def table(
    folder: Path,
    form: str = "delimited",
    options: Mapping[str, object] | None = None,
    transforms: Sequence[Transform] = (),
) -> StagedInput:
    """A tabular input whose files lie in a folder."""
    definition = DatasetDefinition(
        kind="tabular",
        paths=(DatastorePath("workspaceblobstore", "data"),),
        format=form,
        options=options or {},
        transforms=tuple(transforms),
    )
    return StagedInput(Mode.DOWNLOAD, str(folder), definition)


def files(folder: Path, options: Mapping[str, object] | None = None) -> StagedInput:
    """A file input in a folder."""
    definition = DatasetDefinition(
        kind="file", paths=(DatastorePath("workspaceblobstore", "data"),), options=options or {}
    )
    return StagedInput(Mode.MOUNT, str(folder), definition)


class CutInputs:
    """The mini-batches of some inputs, made as two workers would: one prepares, another one opens."""

    def __init__(self, inputs: Mapping[str, StagedInput], **settings: Any) -> None:
        kinds = {name: one.dataset.kind if one.dataset else "file" for name, one in inputs.items()}
        self.context = StepContext(run="r", key="k", name="n", step_run="r.k", attempt=1, inputs=inputs)
        self.settings = Settings(
            entry_script="score.py", inputs=tuple(Source(name, kind) for name, kind in kinds.items()), **settings
        )
        self.prepared = json.loads(json.dumps(prepare(self.settings, self.context)))
        self.batches = MiniBatches(self.settings, self.context, self.prepared)
        self.cut: Sequence[MiniBatch] = self.batches.cut()

    def opened(self) -> list[Any]:
        """The data of every batch; each is opened from what JSON keeps of it."""
        found = []
        for one in self.cut:
            data, items = self.batches.open(json.loads(json.dumps(one.spec)))
            assert one.items in (-1, items), (one, items)
            found.append(data)
        return found


def whole(given: StagedInput) -> Any:
    """All rows of a tabular input."""
    assert given.dataset is not None
    dataset: Any = dataset_of_input(given.dataset, given)
    return dataset.to_pandas_dataframe()
