"""Starting a local attempt's script: under ``sh``, in a session of its own, its output in the attempt's log."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ...data.launch import ignored_paths, python_path, search_path
from ...data.work_dir import Launch
from ...dataclass import dataclass
from ...model.access import Access
from ...model.context import StoreAccess
from ...model.secret import SecretSource
from ...model.task import Task, cancel_marker
from ...ports import FolderStore
from . import mask as process_mask
from . import view
from .files import STATE, AttemptFiles, wrapper
from .outcome import log_key


@dataclass(frozen=True)
class Launcher:
    """Starts the scripts of this machine."""

    store: FolderStore
    tree: Callable[[], Path]
    """The folder with our own code as a step carries it."""
    folders: Callable[[], Mapping[str, str]]
    """Paths of the datastores that are folders, by name."""
    secrets: Mapping[str, SecretSource]

    def start(
        self, task: Task, files: AttemptFiles, launch: Launch, protected: Sequence[Path] = ()
    ) -> subprocess.Popen[bytes]:
        """Start the script. Raises OSError, ValueError when the system does not.

        Args:
            task: The attempt.
            files: Its folder.
            launch: What is to start.
            protected: Files and folders that it must see read-only. Default: none.

        """
        first = view.command(protected) if protected else ()
        log = self.store.path(log_key(task))
        log.parent.mkdir(parents=True, exist_ok=True)
        path = search_path(task.environment, os.environ.get("PATH"))
        variables = {**environ(self.secrets, task), "PATH": path, "PYTHONUNBUFFERED": "1", **launch.variables}
        variables["PYTHONPATH"] = python_path(str(launch.cwd), str(self.tree()), variables.get("PYTHONPATH"))
        with log.open("ab") as out:
            out.write("".join(f"runner: {note}\n" for note in (*launch.notes, *ignored_paths(task))).encode())
            out.flush()
            return subprocess.Popen(
                ["/bin/sh", "-c", self._wrapper(files), str(files.folder), *first, *launch.argv],
                cwd=launch.cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def access(self, task: Task) -> StoreAccess:
        """Return how the task's script reaches the workspace store, and what it may open by name.

        A datastore folder inside the workspace's own folder is part of the workspace store, as it is in a bucket.
        """
        folder = str(self.store.path(cancel_marker("r")).parents[2])
        named = task.access.datastores
        known = self.folders()
        datastores = {name: path for name, path in known.items() if name in named or Path(path).is_relative_to(folder)}
        secrets = {name: source for name, source in self.secrets.items() if name in task.access.secrets}
        withheld = Access(tuple(self.secrets), tuple(known)).without(Access(tuple(secrets), tuple(datastores)))
        return StoreAccess(folder=folder, datastores=datastores, secrets=secrets, withheld=withheld)

    def _wrapper(self, files: AttemptFiles) -> str:
        return wrapper(process_mask.command(self.secrets, files.folder / STATE) if self.secrets else (), files.mark)


def environ(secrets: Mapping[str, SecretSource], task: Task) -> dict[str, str]:
    """Return the controller's variables without those that hold secrets which the task does not declare."""
    others = {source.env for name, source in secrets.items() if name not in task.access.secrets}
    own = {secrets[name].env for name in task.access.secrets if name in secrets}
    return {name: value for name, value in os.environ.items() if name not in others - own}
