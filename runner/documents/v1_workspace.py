"""v1's ``config.json``, which names a workspace: where it is looked for, and the name in it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ..errors import BadInput
from . import files

PLACES = (".azureml/config.json", "aml_config/config.json", "config.json")
"""Below a folder, in v1's order."""
NAME = "workspace_name"


def workspace_name(root: Path) -> tuple[str, str]:
    """The workspace that ``Workspace.from_config()`` finds from the folder `root`, and the file that names it.

    Returns:
        Name and file; both empty when no file names one. A plain ``config.json`` without `NAME` is another
        program's and is passed over.

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
