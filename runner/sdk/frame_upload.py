"""Frames into a datastore: as one file, or in a folder per combination of partition keys."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..model.data import DataPath as Place
from .data import DataPath, plain_path
from .datastore import check_free
from .exceptions import UserErrorException
from .session import current

if TYPE_CHECKING:
    import pandas as pd

    from .workspace import Workspace


Target = object
"""A Datastore, a DataPath, or (datastore, path)."""


def upload_frame(frame: pd.DataFrame, target: Target, *, unique: bool, row_group_size: int | None = None) -> Place:
    """Write the frame to one Parquet file below `target`; where it lies. Raises UserErrorException without pyarrow."""
    from .frames.writing import as_parquet

    datastore, below = target_of(target)
    folder = "/".join(part for part in (below, str(uuid.uuid4()) if unique else "") if part)
    key = f"{folder}/part-00000.parquet".lstrip("/")
    check_free(datastore, [key])
    put(datastore, key, as_parquet(frame, row_group_size))
    return Place(datastore, folder)


def upload_partitions(frame: pd.DataFrame, keys: Sequence[str], place: Place) -> str:
    """Write one Parquet file per combination of the keys' values; the partition format of what it made."""
    from .frames.writing import as_parquet, folders, key_columns

    form = "/".join(key_columns(frame, keys))
    for folder in folders(frame, keys):
        put(place.datastore, f"{place.path}/{folder.path}/part-00000.parquet".lstrip("/"), as_parquet(folder.frame))
    return f"/{form}/part-*.parquet"


def put(datastore: str, key: str, data: bytes) -> None:
    """Write one file of the user's. Raises UserErrorException for a key that runner keeps for itself."""
    check_free(datastore, [key])
    current().datastore(datastore).put(key, data)


def target_of(target: Target) -> tuple[str, str]:
    """The datastore's name and the path there. Raises UserErrorException for what is none of v1's forms."""
    match target:
        case DataPath():
            return target.datastore_name, plain_path(target.path_on_datastore)
        case (store, str() | None as below):
            return str(getattr(store, "name", store)), plain_path(below)
        case _ if isinstance(getattr(target, "name", None), str):
            return str(getattr(target, "name", "")), ""
        case _:
            raise UserErrorException(
                f"a target cannot be a {type(target).__name__}", remedy="give (datastore, path) or a DataPath"
            )


def workspace_of(target: Target) -> Workspace:
    """The workspace of the target's datastore, where what was written there is registered."""
    from .workspace import Workspace

    store = target.datastore if isinstance(target, DataPath) else target[0] if isinstance(target, tuple) else target
    known = getattr(store, "workspace", None)
    return known if isinstance(known, Workspace) else Workspace.from_config()
