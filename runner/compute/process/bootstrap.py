"""Steps of a workspace in a bucket: each brings its own bootstrap, which stages, runs the script and commits.

It is the one of a step in a pod (`runner.step.bootstrap`). The buckets' keys are in a file in the attempt's folder that
only its owner may read, neither in an argument nor in a variable. The file is deleted when the attempt has ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ...data import node_cache
from ...data.attempt_outputs import bare_record
from ...data.file_tail import tail_of
from ...data.launch import search_path
from ...data.masking import masked_text
from ...errors import BadInput, RunnerError
from ...model.context import FOLDERS_VARIABLE, MOUNTS_VARIABLE
from ...model.document import to_document
from ...model.observation import Observation, Phase
from ...model.record import AttemptRecord, Failure
from ...model.secret import SecretSource
from ...model.store_endpoint import StepStores
from ...model.task import Task
from ...override import override
from ...processes import table
from ...runs import records
from . import leftovers as process_leftovers
from .ending import Attempt, Conclusion
from .files import AttemptFiles, wrapper
from .launch import environ

STORES = "stores.json"
"""The file with the buckets that a step may open, their keys, and the secrets that it may read."""
OUTPUT = "output.txt"
"""The file with the output of the bootstrap: what the script wrote, and its own errors."""
RENEWAL = 60.0
"""Seconds after which the keys are read again while steps run, as they may have been renewed."""
STOP_SECONDS = 15.0
"""Seconds that a bootstrap has to end after it was told to stop; it kills a script that does not stop after ten."""
_TAIL = 2000
"""Bytes."""
_UNUSABLE = (126, 127)
"""Exit codes of a shell that cannot start a program (POSIX, Shell Command Language, 2.8.2)."""


@dataclass(frozen=True, kw_only=True)
class Bootstraps:
    """Starts the bootstraps of steps on this machine."""

    stores: Callable[[], StepStores]
    """Return the buckets with their keys, and the secrets. Raises BadInput."""
    tree: Callable[[], Path]
    """The folder with our own code as a step carries it."""
    folders: Callable[[], Mapping[str, str]]
    """Paths of the datastores that are folders, by name."""
    secrets: Mapping[str, SecretSource]
    cache: str = ""
    """The cache of inputs, as `node_cache.of_node` reads it. Empty: none."""

    def start(self, task: Task, files: AttemptFiles, mounts: Path | None = None) -> subprocess.Popen[bytes]:
        """Start the bootstrap of an attempt. Raises BadInput for unusable keys, OSError, ValueError.

        Args:
            task: The attempt.
            files: Its folder.
            mounts: The folder with its mounted inputs, each in a folder of its name. Default: none are mounted.

        """
        self.write_stores(task, files)
        variables = {
            **environ(self.secrets, task),
            "PATH": search_path(task.environment, os.environ.get("PATH")),
            "RUNNER_ASSIGNMENT": task.id.assignment,
            "RUNNER_TASK": task.digest,
            "RUNNER_STORES": str(files.folder / STORES),
            "RUNNER_WORK": str(files.folder),
            FOLDERS_VARIABLE: json.dumps(dict(self.folders())),
            MOUNTS_VARIABLE: str(mounts or ""),
            node_cache.VARIABLE: self.cache,
        }
        with (files.folder / OUTPUT).open("ab") as out:
            return subprocess.Popen(
                ["/bin/sh", "-c", wrapper(mark=files.mark), str(files.folder), task.environment, str(self.tree())],
                cwd=files.folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def write_stores(self, task: Task, files: AttemptFiles) -> None:
        """Write the keys of an attempt unless the file has them, atomically. Raises BadInput, OSError."""
        file = files.folder / STORES
        document = json.dumps(to_document(self.stores().only(task.access))).encode()
        if file.exists() and file.read_bytes() == document:
            return
        draft = file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor
            out.write(document)
        draft.replace(file)

    def begin_stop(self, files: AttemptFiles) -> None:
        """Tell the bootstrap of an attempt to stop: it stops the script, and ships the end of its log."""
        leader = files.pid if files.alive() else 0
        for one in table.every() if leader else ():
            if one.parent == leader and files.has_made(one.pid):
                with suppress(ProcessLookupError):
                    os.kill(one.pid, signal.SIGTERM)

    def stop(self, files: AttemptFiles) -> None:
        """Tell it to stop, and wait until it has ended, but not for long."""
        self.begin_stop(files)
        until = time.monotonic() + STOP_SECONDS
        while files.alive() and time.monotonic() < until:
            time.sleep(0.02)

    def renew(self, attempts: Iterable[Attempt]) -> None:
        """Write renewed keys for running steps. Unusable ones are left: the next start tells of them."""
        for attempt in attempts:
            if attempt.observation.phase is Phase.RUNNING:
                with suppress(BadInput, OSError):
                    self.write_stores(attempt.task, attempt.files)


@dataclass(frozen=True)
class BootstrapConclusion(Conclusion):
    """Ends attempts whose bootstraps have ended: they have written their records themselves."""

    @override
    def keep_reports(self, attempt: Attempt) -> None:
        """Do nothing: the bootstrap stores them every few seconds."""

    @override
    def _take_up(self, attempt: Attempt) -> None:
        code = attempt.files.exit_code
        process_leftovers.end(attempt.files, adopted=attempt.adopted and code is not None)
        delete_stores(attempt.files)
        task, uid = attempt.task.id, attempt.observation.uid
        record = records.record_of(self.store, task)
        if record is not None:
            self.end(attempt, record)
            return
        commit = records.committed(self.store, task)
        attempt.observation = (
            Observation(phase=Phase.SUCCEEDED, uid=uid, outputs=commit.outputs, attempt=commit.attempt)
            if commit is not None
            else self._unrecorded(attempt, code)
        )

    def _unrecorded(self, attempt: Attempt, code: int | None) -> Observation:
        """Return the end of an attempt whose bootstrap has left no record: it or the store broke down."""
        seen = replace(attempt.observation, phase=Phase.FAILED, failure=Failure.LOST, exit_code=code)
        if records.canceled(self.store, attempt.task.id.run):
            return replace(seen, failure=Failure.CANCELED, reason="the run was canceled")
        tail = masked_text(_last_lines(attempt.files.folder / OUTPUT), self.hidden())
        if code is None:
            return replace(seen, reason="its process vanished without an exit code", tail=tail)
        if code in _UNUSABLE:
            reason = f"its interpreter {attempt.task.environment} cannot be started"
            return replace(seen, failure=Failure.IMAGE, reason=reason, tail=tail)
        return replace(seen, reason=f"its process ended with exit code {code} and left no record", tail=tail)


def delete_stores(files: AttemptFiles) -> None:
    """Delete the file with the keys of an attempt that has ended."""
    with suppress(OSError):
        (files.folder / STORES).unlink(missing_ok=True)


def refused(attempt: Attempt, error: Exception) -> AttemptRecord:
    """Return the record of a bootstrap that cannot be started; `RunnerError`: its keys cannot be used."""
    failure = Failure.REFUSED if isinstance(error, (RunnerError, ValueError)) else Failure.LOST
    reason = f"its process cannot be started: {error}"
    return bare_record(attempt.task.id.attempt, failure, reason, begun=attempt.begun)


def _last_lines(output: Path) -> str:
    """Return the last lines of the bootstrap's output."""
    return "\n".join(tail_of(output, _TAIL).splitlines()[-20:])
