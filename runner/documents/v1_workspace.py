"""v1's ``config.json``, which names a workspace."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..errors import BadInput
from . import files

PLACES = (".azureml/config.json", "aml_config/config.json", "config.json")
"""The paths below a folder, in v1's order."""
NAME = "workspace_name"


def workspace_name(root: Path) -> tuple[str, str]:
    """Return the workspace name that ``Workspace.from_config()`` finds from the folder `root`, and the file with it.

    Returns:
        Name and file; both empty if no file names one. A plain ``config.json`` without `NAME` belongs to another
        program and is passed over.

    Raises:
        BadInput: The nearest ``.azureml/config.json`` cannot be read or names no workspace.
    """
    for place in PLACES:
        for folder in (root, *root.parents):
            if os.path.isfile(folder / place):  # noqa: PTH113 - Path.is_file raises where it may not look
                name = _name(folder / place, strict=place == PLACES[0])
                if name:
                    return name, str(folder / place)
    return "", ""


def _name(path: Path, *, strict: bool) -> str:
    try:
        document = json.loads(files.text(path) or "")
    except BadInput:
        if strict:
            raise
        return ""
    except (ValueError, RecursionError):
        document = None
    name = document.get(NAME) if isinstance(document, dict) else None
    if isinstance(name, str) and name.strip():
        return name
    if strict:
        raise BadInput(f"it is no JSON document with {NAME}", str(path), "correct it; or remove it")
    return ""
