"""Upload of data frames: as one file, or in a folder per combination of partition keys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...model.data import DatastorePath
from ..base.exceptions import UserErrorException
from ..base.session import current
from ..datastores.data_paths import DataPath, pair_of, plain_path
from ..datastores.datastore import check_free

if TYPE_CHECKING:
    import pandas as pd

Target = object
"""A Datastore, a DataPath, or (datastore, path)."""


def upload_frame(
    frame: pd.DataFrame, target: Target, *, unique: bool, row_group_size: int | None = None
) -> DatastorePath:
    """Write a frame to one Parquet file.

    Args:
        frame: The frame.
        target: A Datastore, a tuple of a Datastore and a path on it, or a DataPath.
        unique: True: write to a new folder below `target`.
        row_group_size: Rows per row group. None: pyarrow's default.

    Returns:
        The folder.

    Raises:
        UserErrorException: pyarrow is not installed, or the place is reserved.

    """
    from .frames.writing import as_parquet

    datastore, below = target_of(target)
    folder = "/".join(part for part in (below, str(uuid.uuid4()) if unique else "") if part)
    key = f"{folder}/part-00000.parquet".lstrip("/")
    check_free(datastore, [key])
    put(datastore, key, as_parquet(frame, row_group_size))
    return DatastorePath(datastore, folder)


def upload_partitions(frame: pd.DataFrame, keys: Sequence[str], place: DatastorePath) -> str:
    """Write one Parquet file per combination of the keys' values.

    Args:
        frame: The frame.
        keys: The columns.
        place: The folder.

    Returns:
        The partition format of the files.

    """
    from .frames.writing import as_parquet, folders, key_columns

    form = "/".join(key_columns(frame, keys))
    for folder in folders(frame, keys):
        put(place.datastore, f"{place.path}/{folder.path}/part-00000.parquet".lstrip("/"), as_parquet(folder.frame))
    return f"/{form}/part-*.parquet"


def put(datastore: str, key: str, data: bytes) -> None:
    """Write one file of the user's.

    Args:
        datastore: The datastore's name.
        key: The file's key.
        data: Its bytes.

    Raises:
        UserErrorException: runner keeps its own records at the key.

    """
    check_free(datastore, [key])
    current().datastore(datastore).put(key, data)


def target_of(target: Target) -> tuple[str, str]:
    """Return the datastore's name of a target, and the path there.

    Args:
        target: A Datastore, a tuple of a Datastore and a path on it, or a DataPath.

    Raises:
        UserErrorException: It is none of these.

    """
    if isinstance(target, DataPath):
        return target.datastore_name, plain_path(target.path_on_datastore)
    pair = pair_of(target)
    if pair and (pair[1] is None or isinstance(pair[1], str)):
        return str(getattr(pair[0], "name", pair[0])), plain_path(pair[1])
    if isinstance(getattr(target, "name", None), str):
        return str(getattr(target, "name", "")), ""
    raise UserErrorException(
        f"a target cannot be a {type(target).__name__}", remedy="give (datastore, path) or a DataPath"
    )
