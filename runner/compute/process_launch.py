"""Starting a local attempt's script: under ``sh``, in a session of its own, its output in the attempt's log."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from ..data.launch import python_path, search_path
from ..data.workplace import Launch
from ..dataclass import dataclass
from ..model.context import StoreAccess
from ..model.secret import SecretSource
from ..model.task import Task, cancel_marker
from ..ports import FolderStore
from . import process_mask
from .process_files import AttemptFiles, wrapper
from .process_outcome import ignored_paths, log_key


@dataclass(frozen=True)
class Launcher:
    """What every script of this machine gets."""

    store: FolderStore
    tree: Callable[[], Path]
    """The folder with our own code as a step carries it."""
    folders: Callable[[], Mapping[str, str]]
    """Paths of the datastores that are folders, by name."""
    secrets: Mapping[str, SecretSource]

    def start(self, task: Task, files: AttemptFiles, launch: Launch) -> subprocess.Popen[bytes]:
        """Start the script. Raises OSError, ValueError when the system does not."""
        log = self.store.path(log_key(task))
        log.parent.mkdir(parents=True, exist_ok=True)
        path = search_path(task.environment, os.environ.get("PATH"))
        variables = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **launch.variables}
        variables["PYTHONPATH"] = python_path(str(launch.cwd), str(self.tree()), variables.get("PYTHONPATH"))
        with log.open("ab") as out:
            out.write("".join(f"runner: {note}\n" for note in (*launch.notes, *ignored_paths(task))).encode())
            out.flush()
            return subprocess.Popen(
                ["/bin/sh", "-c", self._wrapper(files), str(files.folder), *launch.argv],
                cwd=launch.cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def access(self) -> StoreAccess:
        """How a script reaches the stores itself."""
        folder = str(self.store.path(cancel_marker("r")).parents[2])
        return StoreAccess(folder, datastores=self.folders(), secrets=self.secrets)

    def _wrapper(self, files: AttemptFiles) -> str:
        return wrapper(process_mask.command(self.secrets, files.ended) if self.secrets else (), files.mark)
