"""The workspaces whose runs this machine has started: their environments share this machine's caches and engine.

One small file per workspace lies below the cache folder. `runner environment gc` reads the runs of all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..dataclass import dataclass
from ..errors import BadInput
from ..model.digest import digest_of

_FOLDER = "workspaces"


@dataclass(frozen=True)
class KnownWorkspace:
    """A workspace as a command opens it."""

    folder: str
    """The folder of its ``runner.yaml``, or the one in which a command was typed."""
    target: str
    """The value of ``--target``; it also selects the store."""


def remember(cache: Path, workspace: KnownWorkspace) -> None:
    """Write the file of a workspace unless it exists. A cache that cannot be written is no error."""
    path = _path(cache, workspace)
    if path.exists():
        return
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"folder": workspace.folder, "target": workspace.target})
        path.write_text(text, encoding="utf-8")


def known(cache: Path) -> Iterator[KnownWorkspace]:
    """Yield the workspaces whose folder still exists. The files of the others are deleted."""
    for path in sorted((cache / _FOLDER).glob("*.json")):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            workspace = KnownWorkspace(str(found["folder"]), str(found["target"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            what = f"the list of workspaces on this machine cannot be read ({error})"
            raise BadInput(what, str(path), "delete the file if no workspace here is needed") from error
        if Path(workspace.folder).is_dir():
            yield workspace
        else:
            path.unlink(missing_ok=True)


def place_of(cache: Path, workspace: KnownWorkspace) -> str:
    """Return the path of a workspace's file, for messages."""
    return str(_path(cache, workspace))


def _path(cache: Path, workspace: KnownWorkspace) -> Path:
    return cache / _FOLDER / f"{digest_of([workspace.folder, workspace.target])[:16]}.json"
