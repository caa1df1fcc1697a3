"""A pandas frame into a datastore, as Parquet."""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING

from ..model.data import DataPath as Place
from .data import DataPath, plain_path
from .datastore import check_free
from .exceptions import UserErrorException
from .session import current

if TYPE_CHECKING:
    import pandas as pd

    from .datastore import Datastore


def upload_frame(frame: pd.DataFrame, target: Datastore | DataPath | tuple[Datastore, str], *, unique: bool) -> Place:
    """Write the frame to one file below `target`; where it lies. Raises UserErrorException without pyarrow."""
    datastore, below = _target(target)
    folder = "/".join(part for part in (plain_path(below), str(uuid.uuid4()) if unique else "") if part)
    key = f"{folder}/part-00000.parquet".lstrip("/")
    check_free(datastore, [key])
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer)
    except ImportError as error:
        raise UserErrorException("writing Parquet needs pyarrow", error, remedy="install pyarrow") from error
    current().datastore(datastore).put(key, buffer.getvalue())
    return Place(datastore, folder)


def _target(target: Datastore | DataPath | tuple[Datastore, str]) -> tuple[str, str]:
    if isinstance(target, tuple):
        return target[0].name, target[1]
    if isinstance(target, DataPath):
        return target.datastore_name, target.path_on_datastore or ""
    return target.name, ""
