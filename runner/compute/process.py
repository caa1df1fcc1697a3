"""The embedded default: each step is a process of this machine, its data lie in the workspace's folder.

There is no bootstrap process: the controller stages, starts the script in its own session and
commits when it has ended. Inputs up to `COPY_LIMIT` are copied, larger ones are links to read-only
files that are compared with their manifest afterwards.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path

from ..data import manifest, transfer
from ..data.dataset import Datastores
from ..data.workplace import Launch, Staging, Workplace, collect, keep_artifacts, keep_files, prepare
from ..errors import Problem, RunnerError, StoreError
from ..model.data import Kind
from ..model.exits import exit_words
from ..model.observation import Observation, Phase
from ..model.record import AttemptRecord, Failure, Phases
from ..model.task import InputBinding, OutputBinding, Task, TaskId
from ..ports import FolderStore
from ..runs import records
from .process_files import WRAPPER, AttemptFiles

COPY_LIMIT = 256 << 20
"""Bytes of one input above which it is linked instead of copied."""
_POLL = 0.05
"""Seconds between two looks at a process that is not our child."""
_TAIL = 4000
"""Bytes of the log that a failure shows at most."""


@dataclass
class _Attempt:
    """What this controller knows of one attempt."""

    task: Task
    files: AttemptFiles
    observation: Observation
    launch: Launch | None = None
    begun: float = 0.0
    staged: float = 0.0


@dataclass
class ProcessTarget:
    """ports.ComputeTarget over local processes and a folder store."""

    name: str
    store: FolderStore
    datastores: Datastores
    work: Path
    """Where the attempts' folders are made."""
    tree: Callable[[], Path]
    """The folder with our own code as a step carries it."""
    workers: int = 0
    _attempts: dict[TaskId, _Attempt] = field(default_factory=dict)
    _changed: threading.Event = field(default_factory=threading.Event)
    _scanned: set[str] = field(default_factory=set)
    _sweeper: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    @property
    def capacity(self) -> int:
        """As configured, else one per core."""
        return self.workers or os.cpu_count() or 1

    def start(self, task: Task) -> str:
        """Stage and start the script, or adopt the attempt that an earlier controller made."""
        files = self._files(task.id)
        if task.id in self._attempts:
            return str(files.folder)
        try:
            files.folder.mkdir(parents=True)
        except FileExistsError:
            self._adopt(task, files)
            return str(files.folder)
        self._spawn(task, files)
        return str(files.folder)

    def observe(self, run: str) -> Mapping[TaskId, Observation]:
        """The attempts started or found on disk."""
        if run not in self._scanned:
            self._scanned.add(run)
            self._scan(run)
        return {task: attempt.observation for task, attempt in tuple(self._attempts.items()) if task.run == run}

    def wait(self, seconds: float) -> None:
        """Return as soon as a process has ended."""
        if self._changed.wait(seconds):
            self._changed.clear()

    def stop(self, task: TaskId, uid: str) -> None:
        """Kill the session of the attempt's process."""
        files = AttemptFiles(Path(uid))
        if not files.give_up():
            files.kill()
        while files.alive():
            time.sleep(0.01)
        self.remove(task, uid)

    def remove(self, task: TaskId, uid: str) -> None:
        """Delete the attempt's folder; a failed one's code and inputs stay for a look, without its claim."""
        self._attempts.pop(task, None)
        # Nobody waits for it: deleting must not delay the next step.
        self._sweeper.submit(shutil.rmtree, uid, ignore_errors=True)

    def finish(self, run: str) -> None:
        """Delete the run's work folder."""
        self._sweeper.shutdown()
        shutil.rmtree(self.work / run, ignore_errors=True)

    def problems(self) -> tuple[Problem, ...]:
        """A POSIX shell is all it takes."""
        if shutil.which("sh") is None:
            return (Problem("there is no POSIX shell 'sh' on this machine", remedy="use WSL, Linux or macOS"),)
        return ()

    def close(self) -> None:
        """Started processes go on by themselves."""

    def _files(self, task: TaskId) -> AttemptFiles:
        return AttemptFiles(self.work / task.run / f"{task.key}.{task.attempt}")

    def _spawn(self, task: Task, files: AttemptFiles) -> None:
        attempt = _Attempt(task, files, Observation(Phase.PENDING, str(files.folder)), begun=time.time())
        self._attempts[task.id] = attempt
        try:
            attempt.launch = prepare(task, Workplace(files.folder), self._staging(files), task.environment)
        except StoreError as error:
            self._end(attempt, _failed(attempt, Failure.STORE, str(error)))
            return
        attempt.staged = time.time()
        process = self._popen(task, files, attempt.launch)
        running = Observation(Phase.RUNNING, str(files.folder), started=_time(attempt.begun))
        attempt.observation = running
        self._watch(attempt, process)

    def _popen(self, task: Task, files: AttemptFiles, launch: Launch) -> subprocess.Popen[bytes]:
        log = self.store.path(f"{task.id.logs}00000001.txt")
        log.parent.mkdir(parents=True, exist_ok=True)
        path = os.pathsep.join(filter(None, (str(self.tree()), os.environ.get("PYTHONPATH"))))
        variables = {**os.environ, "PYTHONUNBUFFERED": "1", **launch.variables, "PYTHONPATH": path}
        with log.open("ab") as out:
            out.write("".join(f"runner: {note}\n" for note in launch.notes).encode())
            out.flush()
            return subprocess.Popen(  # noqa: S603 - the user's own command
                ["/bin/sh", "-c", WRAPPER, str(files.folder), *launch.argv],
                cwd=launch.cwd,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _staging(self, files: AttemptFiles) -> Staging:
        place = Workplace(files.folder)

        def input_place(binding: InputBinding, _kind: Kind) -> Path:
            return place.inputs / binding.name

        def output_place(binding: OutputBinding) -> Path:
            store = self.datastores(binding.datastore)
            return store.path(binding.key) if isinstance(store, FolderStore) else place.outputs / binding.name

        return Staging(self.store, self.datastores, input_place, output_place, self._bring)

    def _bring(self, key: str, path: Path) -> None:
        """Copy a small file of the store, link a large one."""
        source = self.store.path(key)
        if source.is_file() and source.stat().st_size > COPY_LIMIT:
            source.chmod(0o444)
            path.symlink_to(source)
        else:
            self.store.download(key, path)

    def _scan(self, run: str) -> None:
        """Find the attempts that earlier controllers started."""
        folder = self.work / run
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            key, _, number = path.name.rpartition(".")
            task = TaskId(run, key, int(number))
            if task not in self._attempts and self.store.stat(task.assignment) is not None:
                self._adopt(records.assignment(self.store, task.assignment), AttemptFiles(path))

    def _adopt(self, task: Task, files: AttemptFiles) -> None:
        attempt = _Attempt(task, files, Observation(Phase.RUNNING, str(files.folder)), begun=time.time())
        attempt.observation = replace(attempt.observation, started=_time(attempt.begun))
        self._attempts[task.id] = attempt
        if files.give_up():
            lost = Observation(
                Phase.FAILED, str(files.folder), "its controller ended before it started", Failure.LOST, retriable=True
            )
            attempt.observation = lost
        else:
            attempt.begun = files.claim.stat().st_mtime
            self._watch(attempt, None)

    def _watch(self, attempt: _Attempt, process: subprocess.Popen[bytes] | None) -> None:
        def watch() -> None:
            if process is not None:
                process.wait()
            while attempt.files.alive():
                time.sleep(_POLL)
            self._end(attempt, self._outcome(attempt))
            self._changed.set()

        threading.Thread(target=watch, name=f"watch {attempt.task.id.key}", daemon=True).start()

    def _outcome(self, attempt: _Attempt) -> AttemptRecord | None:
        """The attempt's record; None when its process vanished without an exit code."""
        code = attempt.files.exit_code
        if code is None:
            return None
        ended = time.time()
        if code != 0:
            return replace(_failed(attempt, Failure.USER, exit_words(code)), exit_code=code, tail=self._tail(attempt))
        try:
            return self._collect(attempt, ended)
        except (RunnerError, OSError) as error:
            return _failed(attempt, Failure.INPUT, f"its outputs cannot be taken: {error}")

    def _collect(self, attempt: _Attempt, ended: float) -> AttemptRecord:
        task, place = attempt.task, Workplace(attempt.files.folder)
        self._check_links(task, place)
        staging = self._staging(attempt.files)
        outputs = {binding.name: staging.output_place(binding) for binding in task.outputs}
        refs, warnings = collect(task, outputs, staging)
        begun, staged = attempt.begun, attempt.staged or attempt.begun
        return AttemptRecord(
            task.id.attempt,
            None,
            0,
            _time(begun),
            _time(time.time()),
            outputs=refs,
            artifacts=keep_artifacts(self.store, task, place),
            reports=keep_files(self.store, place.reports, task.id.reports),
            phases=Phases(round(staged - begun, 3), round(ended - staged, 3), round(time.time() - ended, 3)),
            warnings=warnings,
            host=socket.gethostname(),
        )

    def _check_links(self, task: Task, place: Workplace) -> None:
        """Raise StoreError when the script changed a large input, which it saw through a link."""
        for binding in task.inputs:
            described = manifest.load(self.store, binding.ref.digest)
            for entry in described.entries:
                path = place.inputs / binding.name / entry.path if entry.path else place.inputs / binding.name
                if entry.size > COPY_LIMIT and manifest.describe(path).entries[0].digest != entry.digest:
                    key = transfer.key_of(binding.ref.key, entry)
                    raise StoreError(f"the script altered its input '{binding.name}' ({key})")

    def _tail(self, attempt: _Attempt) -> str:
        log = self.store.path(f"{attempt.task.id.logs}00000001.txt")
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = file.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-20:])

    def _end(self, attempt: _Attempt, record: AttemptRecord | None) -> None:
        uid = str(attempt.files.folder)
        if record is None:
            attempt.observation = Observation(
                Phase.FAILED, uid, "its process vanished without an exit code", Failure.LOST, retriable=True
            )
            return
        try:
            commit = records.finish(self.store, attempt.task, record)
        except StoreError as error:
            attempt.observation = Observation(Phase.FAILED, uid, str(error), Failure.STORE, retriable=True)
            return
        seen = Observation(
            Phase.FAILED, uid, record.reason, record.failure, record.exit_code, record.tail, record.started, record.ended
        )
        if commit is not None:
            seen = replace(seen, phase=Phase.SUCCEEDED, outputs=commit.outputs, warnings=record.warnings)
        attempt.observation = replace(seen, retriable=record.failure is Failure.STORE)


def _failed(attempt: _Attempt, failure: Failure, reason: str) -> AttemptRecord:
    return AttemptRecord(
        attempt.task.id.attempt,
        failure,
        None,
        _time(attempt.begun),
        _time(time.time()),
        reason=reason,
        host=socket.gethostname(),
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
