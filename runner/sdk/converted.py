"""Rows written anew: as files of another form, or in folders by partition keys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..model.data import DEFAULT_DATASTORE, DatasetDefinition
from ..model.data import DataPath as Place
from .file_dataset import FileDataset
from .frame_upload import put, target_of, upload_partitions

if TYPE_CHECKING:
    from .tabular import TabularDataset


def as_files(dataset: TabularDataset, form: str, separator: str = ",") -> FileDataset:
    """The rows as files of that form: the dataset's own where nothing changes them, else written now."""
    definition = dataset.definition
    same = definition.format == form and str(definition.options.get("separator", ",")) == separator
    if same and not definition.transforms:
        return FileDataset(DatasetDefinition("file", definition.paths), staged=dataset.staged)
    from .frames.writing import as_parquet, as_text

    frame = dataset.to_pandas_dataframe()
    data = as_parquet(frame) if form == "parquet" else as_text(frame, separator)
    folder = f"dataset/converted/{dataset.id}-{form}"
    name = "part-00000.parquet" if form == "parquet" else "part-00000.csv"
    put(DEFAULT_DATASTORE, f"{folder}/{name}", data)
    print(f"wrote {len(frame)} rows to {DEFAULT_DATASTORE}/{folder}/{name}")
    return FileDataset(DatasetDefinition("file", (Place(DEFAULT_DATASTORE, folder),)))


def partitioned(
    dataset: TabularDataset, keys: Sequence[str], target: object, *, show: bool, as_files: bool
) -> TabularDataset | FileDataset:
    """Write the rows below a new folder of `target`, one folder per combination of the keys' values."""
    from .tabular import TabularDataset

    datastore, below = target_of(target)
    folder = "/".join(part for part in (below, str(uuid.uuid4())) if part)
    frame = dataset.to_pandas_dataframe()
    listed = [keys] if isinstance(keys, str) else list(keys)
    form = upload_partitions(frame, listed, Place(datastore, folder))
    if show:
        print(f"wrote {len(frame)} rows to {datastore}/{folder}, in folders by {', '.join(listed)}")
    options: dict[str, object] = {"partition_format": form}
    places = (Place(datastore, folder),)
    if as_files:
        return FileDataset(DatasetDefinition("file", places, options=options))
    return TabularDataset(DatasetDefinition("tabular", places, "parquet", options))
