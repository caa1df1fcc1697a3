"""v1's ``config.json``: its search, its content, its writing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Tuple

from ...documents.v1_workspace import NAME, PLACES
from ..base.exceptions import UserErrorException
from ..base.text_file import text_file

_KEYS = ("subscription_id", "resource_group", NAME)

Names = Tuple[str, str, str]
"""Subscription, resource group, workspace."""


def find(start: Path, file_name: str | None, *, upwards: bool) -> Path | None:
    """Return the file that v1 would take, or None.

    Args:
        start: The file, or a folder.
        file_name: The file's name. None: v1's names.
        upwards: True: search the folders above `start` too.

    """
    if start.is_file():
        return start
    places = [str(Path(place).with_name(file_name)) for place in PLACES] if file_name else list(PLACES)
    folder = start.absolute()
    for place in places:
        for parent in (folder, *folder.parents) if upwards else (folder,):
            if (parent / place).is_file():
                return parent / place
    return None


def read(path: Path) -> Names:
    """Return the names in a file.

    Args:
        path: The file.

    Raises:
        UserErrorException: The file cannot be read.

    """
    try:
        document = json.loads(text_file(path, "the workspace configuration"))
        subscription, group, name = (str(document[key]) for key in _KEYS)
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise UserErrorException(
            f"the workspace configuration cannot be read: {error!r}",
            error,
            where=str(path),
            remedy="it is JSON with subscription_id, resource_group and workspace_name",
        ) from error
    return subscription, group, name


def write(names: Names, folder: Path, file_name: str | None) -> None:
    """Write ``.azureml/config.json``.

    Args:
        names: Subscription, resource group and workspace.
        folder: The folder above ``.azureml``.
        file_name: The file's name. None: ``config.json``.

    """
    target = folder / ".azureml" / (file_name or "config.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(dict(zip(_KEYS, names)), indent=4), encoding="utf-8")
