"""Conversion of rows: to files of another form, or to folders by partition keys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...model.data import DEFAULT_DATASTORE, DatasetDefinition, DatastorePath
from .file_dataset import FileDataset
from .frame_upload import put, target_of, upload_partitions

if TYPE_CHECKING:
    from .tabular import TabularDataset


def as_files(dataset: TabularDataset, form: str, separator: str = ",") -> FileDataset:
    """Return the rows as files: the dataset's own if nothing changes them, else files that are written now.

    Args:
        dataset: The rows.
        form: ``"delimited"`` or ``"parquet"``.
        separator: The character between two fields. Default: ``","``.

    """
    definition = dataset.definition
    same = definition.format == form and str(definition.options.get("separator", ",")) == separator
    if same and not definition.transforms:
        return FileDataset(DatasetDefinition(kind="file", paths=definition.paths), staged=dataset.staged)
    from .frames.writing import as_parquet, as_text

    frame = dataset.to_pandas_dataframe()
    data = as_parquet(frame) if form == "parquet" else as_text(frame, separator)
    folder = f"dataset/converted/{dataset.id}-{form}"
    name = "part-00000.parquet" if form == "parquet" else "part-00000.csv"
    put(DEFAULT_DATASTORE, f"{folder}/{name}", data)
    print(f"wrote {len(frame)} rows to {DEFAULT_DATASTORE}/{folder}/{name}")
    return FileDataset(DatasetDefinition(kind="file", paths=(DatastorePath(DEFAULT_DATASTORE, folder),)))


def partitioned(
    dataset: TabularDataset, keys: Sequence[str], target: object, *, show: bool, as_files: bool
) -> TabularDataset | FileDataset:
    """Write the rows to a new folder, with a folder per combination of the keys' values.

    Args:
        dataset: The rows.
        keys: The columns.
        target: A Datastore, a tuple of a Datastore and a path on it, or a DataPath.
        show: True: print a line.
        as_files: True: return a FileDataset.

    Returns:
        The dataset of what was written.

    """
    from .tabular import TabularDataset

    datastore, below = target_of(target)
    folder = "/".join(part for part in (below, str(uuid.uuid4())) if part)
    frame = dataset.to_pandas_dataframe()
    listed = [keys] if isinstance(keys, str) else list(keys)
    form = upload_partitions(frame, listed, DatastorePath(datastore, folder))
    if show:
        print(f"wrote {len(frame)} rows to {datastore}/{folder}, in folders by {', '.join(listed)}")
    options: dict[str, object] = {"partition_format": form}
    places = (DatastorePath(datastore, folder),)
    if as_files:
        return FileDataset(DatasetDefinition(kind="file", paths=places, options=options))
    return TabularDataset(DatasetDefinition(kind="tabular", paths=places, format="parquet", options=options))
