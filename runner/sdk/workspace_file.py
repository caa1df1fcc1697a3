"""v1's ``config.json``: where a workspace's names are looked for, and how they are written."""

from __future__ import annotations

import json
from pathlib import Path

from ..documents.v1_workspace import NAME, PLACES
from .exceptions import UserErrorException
from .text_file import text_file

_KEYS = ("subscription_id", "resource_group", NAME)

Names = tuple[str, str, str]
"""Subscription, resource group, workspace."""


def find(start: Path, file_name: str | None, *, upwards: bool) -> Path | None:
    """The file that v1 would take: `start` itself, or one in it, or (`upwards`) in a folder around it."""
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
    """The names in a file. Raises UserErrorException."""
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
    """Write ``.azureml/config.json`` below a folder."""
    target = folder / ".azureml" / (file_name or "config.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(dict(zip(_KEYS, names, strict=True)), indent=4), encoding="utf-8")
